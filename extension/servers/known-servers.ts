import type { Authorization } from "../../ui/servers/server.ts";
import { followStored } from "../app/follow-stored.ts";
import { isRecord } from "../app/is-record.ts";

/** How long a header or a sign-in is kept. The first is memory, and never on a disk. */
export const KEEPINGS = ["until the browser closes", "on this computer"] as const;
export type Keeping = (typeof KEEPINGS)[number];

/** A server that was added. Its address is what its tasks know it by; what authorizes its calls is kept apart, see `secrets.ts`. */
export interface KnownServer {
  readonly url: string;
  readonly name: string;
  readonly authorization: Authorization;
  /** How long the header or the sign-in is kept, where there is one. */
  readonly keeping: Keeping;
}

const KEY = "servers";

export async function knownServers(): Promise<readonly KnownServer[]> {
  const { [KEY]: stored } = await chrome.storage.local.get(KEY);
  return Array.isArray(stored) ? stored.flatMap(readServer) : [];
}

/** Adds it, or puts it in the place of the one with its address. */
export async function putServer(server: KnownServer): Promise<void> {
  const others = (await knownServers()).filter(({ url }) => url !== server.url);
  await chrome.storage.local.set({ [KEY]: [...others, server] });
}

/** Its tasks stay stored: they go on when it is added again. */
export async function removeServer(url: string): Promise<void> {
  await chrome.storage.local.set({ [KEY]: (await knownServers()).filter((server) => server.url !== url) });
}

/** Calls back with the servers whenever they change. The function returned ends it. */
export function followServers(listener: (servers: readonly KnownServer[]) => void): () => void {
  return followStored(KEY, () => void knownServers().then(listener));
}

function readServer(stored: unknown): KnownServer[] {
  if (!isRecord(stored) || typeof stored.url !== "string" || !URL.canParse(stored.url)) return [];
  const { url, name, authorization, keeping } = stored;
  return [
    {
      url,
      name: typeof name === "string" && name !== "" ? name : url,
      authorization: authorization === "header" || authorization === "oauth" ? authorization : "none",
      keeping: KEEPINGS.find((known) => known === keeping) ?? "until the browser closes",
    },
  ];
}
