import type { ExtensionBrowser, MessageSender } from "./browser.ts";

/**
 * Whether it is a page of this very extension. A content script has the extension's id as well, but
 * speaks from a page of the web; a sandboxed page has the extension's address, but an origin of its own.
 */
export function isOwnPage({ id, url, origin }: MessageSender, runtime: ExtensionBrowser["runtime"]): boolean {
  const root = runtime.getURL?.("");
  if (root === undefined || id === undefined || id !== runtime.id) return false;
  const base = root.replace(/\/+$/, "");
  return url?.startsWith(`${base}/`) === true && (origin === undefined || origin === base);
}
