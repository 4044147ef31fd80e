import { type BrowserPermissions, type ExtensionBrowser, globalBrowser } from "./browser.ts";

/**
 * Asks the user to let the extension reach one server. Call it in a user's gesture, before anything is awaited; the
 * manifest's `optional_host_permissions` must cover the server. False when the user declines. Rejects with a
 * TypeError for an address that is not of `http:` or `https:`.
 * @example
 * button.addEventListener("click", async () => {
 *   if (await requestHost("https://papers.example/mcp")) await tasks.callTool("papers", "acquire_paper", { doi });
 * });
 */
export async function requestHost(url: string | URL, browser?: ExtensionBrowser): Promise<boolean> {
  return permissionsOf(browser).request(hostOf(url));
}

/**
 * Whether the extension may reach the server now. In Firefox every host is the user's to grant, and to take back.
 * @example
 * if (!(await hasHost("https://papers.example/mcp"))) showGrantButton();
 */
export async function hasHost(url: string | URL, browser?: ExtensionBrowser): Promise<boolean> {
  return permissionsOf(browser).contains(hostOf(url));
}

/**
 * Gives the permission back. False when it was not the user's to give, but the manifest's.
 * @example
 * await dropHost("https://papers.example/mcp"); // the person removed the server
 */
export async function dropHost(url: string | URL, browser?: ExtensionBrowser): Promise<boolean> {
  return permissionsOf(browser).remove(hostOf(url));
}

function permissionsOf(browser: ExtensionBrowser = globalBrowser()): BrowserPermissions {
  if (!browser.permissions) throw new Error("Only pages of an extension have `permissions`");
  return browser.permissions;
}

/** The match pattern of the server, whose ports patterns do not distinguish. */
function hostOf(url: string | URL): { origins: string[] } {
  const { protocol, hostname } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") {
    throw new TypeError(`Only servers at http: and https: are reached by permission, not ${protocol}`);
  }
  return { origins: [`${protocol}//${hostname}/*`] };
}
