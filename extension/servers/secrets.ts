import type { HeaderSecret } from "../../ui/servers/header-secret.ts";
import { isRecord } from "../app/is-record.ts";
import type { Keeping, KnownServer } from "./known-servers.ts";
import { readSignIn, type SignIn } from "./sign-in.ts";

/** Apart from the servers: what reads those, to show them or to write of them, never has a secret in its hands. */
const PREFIX = "secret ";

/** The header of a server; nothing when it needs none, and when the browser has been closed since it was given. */
export async function headerOf(server: KnownServer): Promise<HeaderSecret | undefined> {
  const stored = server.authorization === "header" ? await read(server) : undefined;
  if (!isRecord(stored)) return undefined;
  const { name, value } = stored;
  return typeof name === "string" && typeof value === "string" ? { name, value } : undefined;
}

/** The sign-in at a server, with or without tokens; nothing where none is kept. */
export async function signInOf(server: KnownServer): Promise<SignIn | undefined> {
  return server.authorization === "oauth" ? readSignIn(await read(server)) : undefined;
}

/** Keeps the one thing that authorizes calls of a server, in place of what was kept before. */
export async function keepSecret(
  url: string,
  secret: HeaderSecret | SignIn,
  keeping: Keeping,
): Promise<void> {
  await areaOf(keeping === "on this computer" ? "until the browser closes" : "on this computer").remove(
    PREFIX + url,
  );
  await areaOf(keeping).set({ [PREFIX + url]: secret });
}

export async function dropSecret(url: string): Promise<void> {
  await Promise.all([chrome.storage.session, chrome.storage.local].map((area) => area.remove(PREFIX + url)));
}

/** Whether a key of the browser's storage is a secret's. */
export function isSecretKey(key: string): boolean {
  return key.startsWith(PREFIX);
}

/** Closes what is kept on the disk to what runs in pages, to which it is open by default. What is in memory never is. */
export async function closeToPages(): Promise<void> {
  try {
    await chrome.storage.local.setAccessLevel({ accessLevel: "TRUSTED_CONTEXTS" });
  } catch {
    // Firefox has no such lock.
  }
}

async function read({ url, keeping }: KnownServer): Promise<unknown> {
  return (await areaOf(keeping).get(PREFIX + url))[PREFIX + url];
}

function areaOf(keeping: Keeping): chrome.storage.StorageArea {
  return keeping === "on this computer" ? chrome.storage.local : chrome.storage.session;
}
