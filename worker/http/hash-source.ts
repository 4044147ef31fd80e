import { base64 } from "./base64.ts";

/** The source of `style-src` or `script-src` that lets a page have this one element's text (CSP Level 3, section 2.3.1). */
export async function hashSource(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${base64(new Uint8Array(digest))}'`;
}
