import type { Connector } from "holdfast";
import { fromUrl } from "holdfast/sdk-v2";
import { accessTo } from "./access.ts";
import { knownServers } from "./known-servers.ts";
import { secretOf } from "./secrets.ts";

/** The ways to all servers that can be called now. Tasks of the others wait until theirs can be. */
export async function connectors(): Promise<Readonly<Record<string, Connector>>> {
  const clientInfo = { name: "holdfast-extension", version: chrome.runtime.getManifest().version };
  const ways: Record<string, Connector> = {};
  for (const server of await knownServers()) {
    if ((await accessTo(server)) !== "ready") continue;
    const secret = await secretOf(server);
    const headers = secret ? { [secret.name]: secret.value } : {};
    // What the person's own pages are signed in with is none of a tool's business.
    const requestInit: RequestInit = { credentials: "omit", headers };
    ways[server.url] = fromUrl(server.url, { clientInfo, requestInit });
  }
  return ways;
}
