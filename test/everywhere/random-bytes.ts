/** The part of `node:crypto` that the SDK's task store uses, for places that are not Node. */
export function randomBytes(length: number): { toString(encoding: "hex"): string } {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return { toString: () => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
}
