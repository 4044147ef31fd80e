/** A random UUID (version 4). Browsers offer `crypto.randomUUID` only to secure contexts: a page on plain `http:` makes its own. */
export function randomId(): string {
  return (crypto as Partial<Crypto>).randomUUID?.() ?? uuidOf(crypto.getRandomValues(new Uint8Array(16)));
}

/** RFC 9562, section 5.4: 122 random bits between the version and the variant. */
function uuidOf(bytes: Uint8Array): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const variant = "89ab".charAt((bytes[8] ?? 0) & 3);
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, `$1-$2-4$3-${variant}$4-$5`);
}
