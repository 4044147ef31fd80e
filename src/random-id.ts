/**
 * A random UUID (RFC 9562, version 4). Browsers offer `crypto.randomUUID` only to secure contexts: a page on plain `http:` makes
 * its own, with 120 random bits.
 */
export function randomId(): string {
  return (
    (crypto as Partial<Crypto>).randomUUID?.() ?? "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, digit)
  );
}

function digit(): string {
  return ((crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) % 16).toString(16);
}
