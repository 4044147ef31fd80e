/** The base64url of bytes, or of a text of characters up to U+00FF, without padding (RFC 4648, section 5). */
export function base64url(data: string | Uint8Array): string {
  return base64(data).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The text of a base64url: a character for each byte. Throws a DOMException for what is not base64url. */
export function fromBase64url(encoded: string): string {
  return atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
}

/** The bytes of a base64url. Throws as {@link fromBase64url} does. */
export function bytesOfBase64url(encoded: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(fromBase64url(encoded), (character) => character.charCodeAt(0));
}

/** The base64 of bytes, or of a text of characters up to U+00FF. */
export function base64(data: string | Uint8Array): string {
  return btoa(typeof data === "string" ? data : String.fromCharCode(...data));
}
