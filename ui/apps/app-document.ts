import { sizeText } from "../result/media.ts";
import { APP_TYPE } from "./app-of-tool.ts";

/** A larger app is not shown: in bytes of its HTML. */
const LARGEST = 2_000_000;

/**
 * Returns the HTML of an app from the reply to `resources/read` (SEP-1865, "UI Resource Format").
 * Throws an Error that says why the reply is not an app.
 */
export function appDocument(reply: unknown, uri: string): string {
  const { contents } = Object(reply) as { readonly contents?: unknown };
  const parts: readonly unknown[] = Array.isArray(contents) ? contents.slice(0, 50) : [];
  const found = parts.find((part) => Object(part).uri === uri) ?? parts[0];
  const { mimeType, text, blob } = Object(found) as { readonly [field: string]: unknown };
  if (String(mimeType).replaceAll(" ", "").toLowerCase() !== APP_TYPE)
    throw new Error(
      `${uri} is not an app: the server calls it ${String(mimeType).slice(0, 100)}, not ${APP_TYPE}.`,
    );
  // Before anything is decoded or encoded: its length is a lower bound.
  checkSize(typeof text === "string" ? text.length : sizeOf(blob));
  const html = typeof text === "string" ? text : fromBase64(String(blob));
  checkSize(new TextEncoder().encode(html).length);
  if (html.trim() === "") throw new Error(`${uri} is empty.`);
  return html;
}

function checkSize(bytes: number): void {
  if (bytes > LARGEST)
    throw new Error(`The app is too large to show here: ${sizeText(bytes)} of at most ${sizeText(LARGEST)}.`);
}

function sizeOf(blob: unknown): number {
  if (typeof blob !== "string") throw new Error("The server returned an app without contents.");
  return Math.floor(blob.length * 0.75);
}

function fromBase64(blob: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(blob), (character) => character.charCodeAt(0)));
  } catch {
    throw new Error("The server returned an app that is not base64.");
  }
}
