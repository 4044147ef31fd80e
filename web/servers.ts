import type { Connector } from "holdfast";
import { fromUrl } from "holdfast/sdk-v2";

/** A server the page can call: its name is what the stored tasks know it by. */
export interface Server {
  readonly name: string;
  readonly title: string;
  readonly url: string;
}

const STORED = "holdfast-servers";

/** The two samples of this worker, and the addresses added in earlier visits. */
export function knownServers(location: Location): Server[] {
  const lab = new URLSearchParams(location.search).get("lab") ?? "demo";
  const sample = (generation: string, title: string): Server => ({
    name: `sample ${lab} ${generation}`,
    title,
    url: new URL(`/samples/${encodeURIComponent(lab)}/${generation}/mcp`, location.origin).href,
  });
  return [
    sample("2026-07-28", "Sample server (2026-07-28)"),
    sample("2025-11-25", "Sample server (2025-11-25)"),
    ...addedServers(),
  ];
}

export function addServer(address: string): Server {
  const url = new URL(address).href;
  const server = { name: url, title: url, url };
  const others = addedServers().filter(({ name }) => name !== url);
  localStorage.setItem(STORED, JSON.stringify([...others, server].map((added) => added.url)));
  return server;
}

export function connectorTo(server: Server): Connector {
  return fromUrl(server.url, { clientInfo: { name: "holdfast-page", version: "0.1.0" } });
}

function addedServers(): Server[] {
  try {
    const urls: unknown = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    if (!Array.isArray(urls)) return [];
    return urls.filter((url) => URL.canParse(url)).map((url: string) => ({ name: url, title: url, url }));
  } catch {
    return [];
  }
}
