import type { Connector } from "holdfast";
import { fromUrl } from "holdfast/http";
import { type Access, accessTo } from "./access.ts";
import { type KnownServer, knownServers } from "./known-servers.ts";
import { secretOf } from "./secrets.ts";

/** The ways to all servers. Whether one can be gone is looked at with every request: what it lacks may come meanwhile. */
export async function connectors(): Promise<Readonly<Record<string, Connector>>> {
  const clientInfo = { name: "holdfast-extension", version: chrome.runtime.getManifest().version };
  const ways = (await knownServers()).map(({ url }): [string, Connector] => {
    const fetch = (to: string | URL, init?: RequestInit): Promise<Response> => fetchFrom(url, to, init);
    return [url, fromUrl(url, { clientInfo, fetch })];
  });
  return Object.fromEntries(ways);
}

async function fetchFrom(address: string, to: string | URL, init?: RequestInit): Promise<Response> {
  const server = (await knownServers()).find(({ url }) => url === address);
  if (!server) throw new Error(`The server at ${address} was removed`);
  const access = await accessTo(server);
  if (access !== "ready") throw new NoAccessError(server, access);
  const headers = new Headers(init?.headers);
  const secret = await secretOf(server);
  if (secret) headers.set(secret.name, secret.value);
  // A tool must not use the cookies of the user's own pages.
  return fetch(to, { ...init, headers, credentials: "omit" });
}

/** Nothing was sent. The library knows it by its name: the task waits and is tried again, and a call has not been made. */
class NoAccessError extends Error {
  override readonly name = "UnauthorizedError";

  constructor({ name, url }: KnownServer, access: Exclude<Access, "ready">) {
    const lack = {
      "no permission": `the browser does not let the extension go to ${new URL(url).host}`,
      "no header": "its header was kept until the browser closed, and is wanted again",
    };
    super(`${name}: ${lack[access]}`);
  }
}
