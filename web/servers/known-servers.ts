import type { TaskClientApi } from "holdfast";
import type { Pairs } from "holdfast/pairs";
import { createStore, get, update } from "idb-keyval";
import type { Authorization, Server } from "../../ui/servers/server.ts";

export type LocalServer = Server & {
  readonly url: string;
  /** Its tools that a person confirmed to be one task. */
  readonly pairs?: Pairs;
};

interface StoredServer {
  readonly url: string;
  readonly authorization: Authorization;
  /** As it was stored: another version of this page may have stored what this one does not take. */
  readonly pairs?: unknown;
}

const STORED = "addresses";
/** Beside the tasks, not in localStorage: that is written seconds late, and a crash then leaves tasks without their server. */
const pageStore = () => createStore("holdfast-page", "servers");

/** What the page itself calls: the two samples of this worker, and the servers added in earlier visits. */
export async function knownServers(location: Location): Promise<readonly LocalServer[]> {
  const lab = new URLSearchParams(location.search).get("lab") ?? "demo";
  const sample = (generation: string): LocalServer => ({
    name: `sample ${lab} ${generation}`,
    title: `Sample server (${generation})`,
    mode: "local",
    url: new URL(`/samples/${encodeURIComponent(lab)}/${generation}/mcp`, location.origin).href,
    authorization: "none",
    added: false,
  });
  return [sample("2026-07-28"), sample("2025-11-25"), ...(await addedServers())];
}

/** Resolves when it is stored, with its name. Throws a TypeError if that is no address. */
export async function addServer(address: string, authorization: Authorization): Promise<string> {
  const { href } = new URL(address);
  await update<unknown>(
    STORED,
    (known) => [...readStored(known).filter(({ url }) => url !== href), { url: href, authorization }],
    pageStore(),
  );
  return href;
}

/** Its tasks stay stored: they are there again when it is added again. */
export async function removeServer(name: string): Promise<void> {
  await update<unknown>(STORED, (known) => readStored(known).filter(({ url }) => url !== name), pageStore());
}

/** Adds pairs of tools to a server that was added. Resolves when they are stored: the next page uses them. */
export async function addPairs(name: string, pairs: Pairs): Promise<void> {
  const withThem = (server: StoredServer): StoredServer =>
    server.url === name ? { ...server, pairs: { ...Object(server.pairs), ...pairs } } : server;
  await update<unknown>(STORED, (known) => readStored(known).map(withThem), pageStore());
}

/** The servers the worker at this address calls for us, if it lets us: their tasks go on with no page open. */
export async function edgeServers(edge: TaskClientApi): Promise<readonly Server[]> {
  try {
    return (await edge.endpoints()).map((name) => ({
      name,
      title: `Edge: ${name}`,
      mode: "edge",
      authorization: "none",
      added: false,
    }));
  } catch {
    return [];
  }
}

async function addedServers(): Promise<readonly LocalServer[]> {
  try {
    const stored = readStored(await get<unknown>(STORED, pageStore()));
    return await Promise.all(
      stored.map(
        async ({ url, authorization, pairs }): Promise<LocalServer> => ({
          ...(pairs !== undefined && (await readStoredPairs(pairs))),
          name: url,
          title: url,
          mode: "local",
          url,
          authorization,
          added: true,
        }),
      ),
    );
  } catch {
    // Without storage only the samples are listed. The client reports that tasks are not stored either.
    return [];
  }
}

/** Earlier pages stored the address alone. */
function readStored(stored: unknown): readonly StoredServer[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((entry: unknown): StoredServer[] => {
    const { url, authorization, pairs } = (typeof entry === "string" ? { url: entry } : (entry ?? {})) as {
      readonly url?: unknown;
      readonly authorization?: unknown;
      readonly pairs?: unknown;
    };
    if (typeof url !== "string" || !URL.canParse(url)) return [];
    return [
      {
        url,
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
