/**
 * What a passkey remembers its person by: it must not say who that is, and has at most 64 bytes (WebAuthn Level 3, section
 * 14.6.1). Principals may be longer.
 */
export async function userHandleOf(principal: string): Promise<Uint8Array<ArrayBuffer>> {
  const text = new TextEncoder().encode(`holdfast passkey ${principal}`);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", text));
}
