import { base64 } from "./base64.ts";
import { sha256 } from "./digest.ts";

/** The source of `style-src` or `script-src` that lets a page have this one element's text (CSP Level 3, section 2.3.1). */
export async function hashSource(text: string): Promise<string> {
  return `'sha256-${base64(await sha256(text))}'`;
}
