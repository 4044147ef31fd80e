import type { Pairs } from "holdfast/pairs";
import { createStore, get, update } from "idb-keyval";
import type { Authorization, Server } from "../../ui/servers/server.ts";
import type { Endpoint } from "../access/access-api.ts";
import { askWorker, isDemo } from "../access/worker-token.ts";

export type LocalServer = Server & {
  readonly url: string;
  /** Its tools that a person confirmed to be one task. */
  readonly pairs?: Pairs;
};

interface StoredServer {
  readonly url: string;
  /** What a person calls it. */
  readonly title?: string;
  readonly authorization: Authorization;
  /** As it was stored: another version of this page may have stored what this one does not take. */
  readonly pairs?: unknown;
}

const STORED = "addresses";
/** Beside the tasks, not in localStorage: that is written seconds late, and a crash then leaves tasks without their server. */
const pageStore = () => createStore("holdfast-page", "servers");

/** What the page itself calls: the servers added in earlier visits, and where there are any the two samples of this worker. */
export async function knownServers(location: Location): Promise<readonly LocalServer[]> {
  const [added] = await Promise.all([addedServers(), askWorker()]);
  if (!isDemo()) return added;
  const lab = new URLSearchParams(location.search).get("lab") ?? "demo";
  const sample = (generation: string): LocalServer => ({
    name: `sample ${lab} ${generation}`,
    title: `Sample server (${generation})`,
    mode: "local",
    url: new URL(`/samples/${encodeURIComponent(lab)}/${generation}/mcp`, location.origin).href,
    authorization: "none",
    added: false,
  });
  return [sample("2026-07-28"), sample("2025-11-25"), ...added];
}

/** Resolves when it is stored, with its name. Throws a TypeError if that is no address. */
export async function addServer(address: string, authorization: Authorization): Promise<string> {
  const { href } = new URL(address);
  await change((servers) => [...servers.filter(({ url }) => url !== href), { url: href, authorization }]);
  return href;
}

/**
 * Removes a server. Its tasks stay stored: they are there again when it is added again.
 * @returns What puts it back where it was.
 */
export async function removeServer(name: string): Promise<() => Promise<void>> {
  let removed: { readonly server: StoredServer; readonly at: number } | undefined;
  await change((servers) => {
    const at = servers.findIndex(({ url }) => url === name);
    const server = servers[at];
    removed = server && { server, at };
    return servers.filter(({ url }) => url !== name);
  });
  return async () => {
    const { server, at } = removed ?? {};
    if (server) await change((servers) => servers.toSpliced(at ?? servers.length, 0, server));
  };
}

/** Gives a server another name to read; an empty one gives it back its address. */
export function renameServer(name: string, title: string): Promise<void> {
  const renamed = ({ title: _before, ...server }: StoredServer): StoredServer =>
    title === "" ? server : { ...server, title };
  return change((servers) => servers.map((server) => (server.url === name ? renamed(server) : server)));
}

/** Moves a server up (-1) or down (1) in the list of those that were added. */
export function moveServer(name: string, by: -1 | 1): Promise<void> {
  return change((servers) => {
    const at = servers.findIndex(({ url }) => url === name);
    const server = servers[at];
    return server && at + by >= 0 ? servers.toSpliced(at, 1).toSpliced(at + by, 0, server) : servers;
  });
}

/** Reads the servers that were added anew. */
export async function addedServers(): Promise<readonly LocalServer[]> {
  try {
    const stored = readStored(await get<unknown>(STORED, pageStore()));
    return await Promise.all(stored.map(localServer));
  } catch {
    // Without storage only the samples are listed. The client reports that tasks are not stored either.
    return [];
  }
}

async function localServer({ url, title, authorization, pairs }: StoredServer): Promise<LocalServer> {
  return {
    ...(pairs !== undefined && (await readStoredPairs(pairs))),
    name: url,
    title: title ?? url,
    mode: "local",
    url,
    authorization,
    added: true,
  };
}

function change(next: (servers: readonly StoredServer[]) => readonly StoredServer[]): Promise<void> {
  return update<unknown>(STORED, (known) => next(readStored(known)), pageStore());
}

/** Adds pairs of tools to a server that was added. Resolves when they are stored: the next page uses them. */
export async function addPairs(name: string, pairs: Pairs): Promise<void> {
  const withThem = (server: StoredServer): StoredServer =>
    server.url === name ? { ...server, pairs: { ...Object(server.pairs), ...pairs } } : server;
  await change((servers) => servers.map(withThem));
}

/** The servers that the worker calls, as the page lists them: their tasks go on with no page open. */
export function edgeServers(endpoints: readonly Endpoint[]): readonly Server[] {
  return endpoints.map(({ name, title }) => ({
    name,
    title: title ?? name,
    mode: "edge",
    authorization: "none",
    added: false,
  }));
}

/** Earlier pages stored the address alone. */
function readStored(stored: unknown): readonly StoredServer[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((entry: unknown): StoredServer[] => {
    const { url, title, authorization, pairs } = (
      typeof entry === "string" ? { url: entry } : (entry ?? {})
    ) as {
      readonly url?: unknown;
      readonly title?: unknown;
      readonly authorization?: unknown;
      readonly pairs?: unknown;
    };
    if (typeof url !== "string" || !URL.canParse(url)) return [];
    return [
      {
        url,
        ...(typeof title === "string" && { title }),
        authorization: authorization === "header" || authorization === "oauth" ? authorization : "none",
        ...(pairs !== undefined && { pairs }),
      },
    ];
  });
}

async function readStoredPairs(stored: unknown): Promise<{ readonly pairs?: Pairs }> {
  // Few servers have any, and the page does not wait for their code.
  const { readPairs } = await import("holdfast/pairs");
  try {
    return { pairs: readPairs(stored) };
  } catch {
    return {};
  }
}
