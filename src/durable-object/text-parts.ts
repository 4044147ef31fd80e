import { pairStart } from "../protocol/bounds.ts";
import { type ObjectStorage, rowsOf } from "./storage.ts";

/** A row takes 2 MB; a character takes up to 3 bytes. */
const PART_LENGTH = 512 * 1024;

/** Stores a text that may be longer than a row, in rows of table `result`. */
export function writeParts(storage: ObjectStorage, id: string, text: string): void {
  for (const [part, piece] of parts(text).entries())
    rowsOf(storage, "INSERT OR REPLACE INTO result (id, part, text) VALUES (?, ?, ?)", id, part, piece);
}

/** The whole text again; an empty one if nothing is stored. */
export function readParts(storage: ObjectStorage, id: string): string {
  const pieces = rowsOf(storage, "SELECT text FROM result WHERE id = ? ORDER BY part", id);
  return pieces.map(({ text }) => String(text)).join("");
}

function parts(text: string): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; ) {
    const end = start + PART_LENGTH;
    const cut = end < text.length ? pairStart(text, end) : text.length;
    pieces.push(text.slice(start, cut));
    start = cut;
  }
  return pieces;
}
