import type { JsonObject } from "holdfast";
import * as z from "zod";
import { invalidParams } from "../../front/rpc-error.ts";
import type { ListMethod } from "../../front/whole-list.ts";
import { base64url, fromBase64url } from "../http/base64.ts";

/**
 * How long a page gets, as JSON in characters; one entry is always on it. Many clients read the first page and no other, so it
 * has room for what people have: about a thousand tools of a thousand characters.
 */
export const PAGE_LENGTH = 1_000_000;
/** How much of an entry's key is in a cursor, in characters. */
const ANCHOR_LENGTH = 100;

/** How many entries came before, and how the last of them begins: the list may have changed since. */
const position = z.tuple([z.int().min(1), z.string()]);

/**
 * One page of a list, which is asked for anew for each page.
 * @param cursor Of the request; undefined for the first page.
 * @throws RpcError -32602 for a cursor that was not issued here (2026-07-28 and 2025-11-25, "Pagination", "Error Handling").
 */
export function pageOf(
  { field, key }: Pick<ListMethod, "field" | "key">,
  entries: readonly JsonObject[],
  cursor: unknown,
): JsonObject {
  const anchorOf = (entry: JsonObject): string => String(entry[key]).slice(0, ANCHOR_LENGTH);
  const start = cursor === undefined ? 0 : startAfter(cursor, entries.map(anchorOf));
  let end = start;
  for (let length = 0; end < entries.length; end++) {
    length += JSON.stringify(entries[end]).length;
    if (length > PAGE_LENGTH && end > start) break;
  }
  const last = entries[end - 1];
  return {
    [field]: entries.slice(start, end),
    ...(end < entries.length && last && { nextCursor: encoded([end, anchorOf(last)]) }),
  };
}

/** After the entry that was the last, wherever it is now; in its place if it is gone. */
function startAfter(cursor: unknown, anchors: readonly string[]): number {
  const [count, anchor] = decoded(cursor);
  if (anchors[count - 1] === anchor) return count;
  const found = anchors.indexOf(anchor);
  return found < 0 ? count - 1 : found + 1;
}

function encoded(value: z.output<typeof position>): string {
  return base64url(encodeURIComponent(JSON.stringify(value)));
}

function decoded(cursor: unknown): z.output<typeof position> {
  try {
    return position.parse(JSON.parse(decodeURIComponent(fromBase64url(String(cursor)))));
  } catch {
    throw invalidParams("The cursor is not one of this server. List again without a cursor.");
  }
}
