import type { HeaderSecret } from "../../ui/servers/header-secret.ts";
import { isRecord } from "../app/is-record.ts";
import type { KnownServer, Secrecy } from "./known-servers.ts";

/** Apart from the servers: what reads those, to show them or to write of them, never has a secret in its hands. */
const keyOf = (url: string): string => `secret ${url}`;

/** The header of a server; nothing when it wants none, and when the browser has been closed since it was given. */
export async function secretOf({ url, header }: KnownServer): Promise<HeaderSecret | undefined> {
  if (header === "none") return undefined;
  const { [keyOf(url)]: stored } = await areaOf(header).get(keyOf(url));
  if (!isRecord(stored)) return undefined;
  const { name, value } = stored;
  return typeof name === "string" && typeof value === "string" ? { name, value } : undefined;
}

export async function keepSecret(
  url: string,
  secret: HeaderSecret,
  secrecy: Exclude<Secrecy, "none">,
): Promise<void> {
  await dropSecret(url);
  await areaOf(secrecy).set({ [keyOf(url)]: secret });
}

export async function dropSecret(url: string): Promise<void> {
  await Promise.all([chrome.storage.session, chrome.storage.local].map((area) => area.remove(keyOf(url))));
}

/** Closes what is kept on the disk to what runs in pages, to which it is open by default. What is in memory never is. */
export async function closeToPages(): Promise<void> {
  try {
    await chrome.storage.local.setAccessLevel({ accessLevel: "TRUSTED_CONTEXTS" });
  } catch {
    // Firefox has no such lock.
  }
}

/** The one is memory, and never on a disk. */
function areaOf(secrecy: Exclude<Secrecy, "none">): chrome.storage.StorageArea {
  return secrecy === "on this computer" ? chrome.storage.local : chrome.storage.session;
}
