import type { ClientLimits } from "../../config/gateway.ts";

/** How much a client takes at once. */
export interface SizeLimit {
  /** As JSON, in characters. */
  readonly length: number;
  /** In bytes of UTF-8. */
  readonly bytes: number;
}

/** No text has more tokens than one for so many bytes: JSON and code have about one for three, English one for four. */
const TOKEN_BYTES = 2;

/** Undefined for a client that takes all. */
export function sizeLimitOf({ resultLength, resultTokens }: ClientLimits): SizeLimit | undefined {
  if (resultLength === undefined && resultTokens === undefined) return undefined;
  const length = resultLength ?? Number.POSITIVE_INFINITY;
  return { length, bytes: (resultTokens ?? Number.POSITIVE_INFINITY) * TOKEN_BYTES };
}

/** Whether a JSON text is within the limit. */
export function fits(json: string, { length, bytes }: SizeLimit): boolean {
  if (json.length > length || json.length > bytes) return false;
  return bytes === Number.POSITIVE_INFINITY || new TextEncoder().encode(json).byteLength <= bytes;
}

/** Returns the limit less so many characters of ASCII. */
export function less({ length, bytes }: SizeLimit, taken: number): SizeLimit {
  return { length: length - taken, bytes: bytes - taken };
}

/** Returns where the longest part ends that begins at an offset, as a JSON string. No character is cut in two. */
export function endOfPart(text: string, from: number, { length, bytes }: SizeLimit): number {
  let [ofLength, ofBytes] = [0, 0];
  let end = from;
  while (end < text.length) {
    const code = text.codePointAt(end) ?? 0;
    const escaped = JSON.stringify(String.fromCodePoint(code)).length - 2;
    ofLength += escaped;
    const units = code < 0x10000 ? 1 : 2;
    // An escape sequence is ASCII.
    ofBytes += escaped > units || code < 0x80 ? escaped : code < 0x800 ? 2 : units + 2;
    if (ofLength > length || ofBytes > bytes) break;
    end += units;
  }
  // Whatever the limit, the next part begins further on.
  return Math.max(end, Math.min(from + 2, text.length));
}
