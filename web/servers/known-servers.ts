import type { Connector, TaskClientApi } from "holdfast";
import { fromUrl } from "holdfast/sdk-v2";
import { createStore, get, update } from "idb-keyval";

/** A server the page can call: its name is what the stored tasks know it by. */
export interface Server {
  readonly name: string;
  readonly title: string;
  /** Its address; none where the worker calls it, and holds its tasks. */
  readonly url?: string;
}

const STORED = "addresses";
/** Beside the tasks, not in localStorage: that is written seconds late, and a crash then leaves tasks without their server. */
const pageStore = () => createStore("holdfast-page", "servers");

/** What the page itself calls: the two samples of this worker, and the addresses added in earlier visits. */
export async function knownServers(location: Location): Promise<(Server & { url: string })[]> {
  const lab = new URLSearchParams(location.search).get("lab") ?? "demo";
  const sample = (generation: string, title: string): Server & { url: string } => ({
    name: `sample ${lab} ${generation}`,
    title,
    url: new URL(`/samples/${encodeURIComponent(lab)}/${generation}/mcp`, location.origin).href,
  });
  return [
    sample("2026-07-28", "Sample server (2026-07-28)"),
    sample("2025-11-25", "Sample server (2025-11-25)"),
    ...(await addedServers()),
  ];
}

/** Resolves when it is stored. Throws a TypeError if that is no address. */
export async function addServer(address: string): Promise<void> {
  const { href } = new URL(address);
  await update<unknown>(STORED, (known) => [...new Set([...addresses(known), href])], pageStore());
}

/** The servers the worker at this address calls for us, if it lets us: their tasks go on with no page open. */
export async function edgeServers(edge: TaskClientApi): Promise<Server[]> {
  try {
    return (await edge.endpoints()).map((name) => ({ name, title: `Edge: ${name}` }));
  } catch {
    return [];
  }
}

export function connectorTo(url: string): Connector {
  return fromUrl(url, { clientInfo: { name: "holdfast-page", version: "0.1.0" } });
}

async function addedServers(): Promise<(Server & { url: string })[]> {
  try {
    const known = addresses(await get<unknown>(STORED, pageStore()));
    return known.map((url) => ({ name: url, title: url, url }));
  } catch {
    // Without storage there are the samples; that tasks are not stored either, the client tells.
    return [];
  }
}

function addresses(stored: unknown): string[] {
  return Array.isArray(stored) ? stored.filter((url) => typeof url === "string" && URL.canParse(url)) : [];
}
