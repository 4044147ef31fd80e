import { type Connector, RequestFailedError } from "holdfast";
import { fromUrl } from "holdfast/http";
import { type Access, accessTo } from "./access.ts";
import { type KnownServer, knownServers } from "./known-servers.ts";
import { credentialsOf } from "./renewal.ts";
import { headerOf } from "./secrets.ts";

/**
 * The ways to all servers. Whether one can be gone is looked at with every request: what it lacks may come meanwhile.
 * @param signInEnded Called when a server's sign-in has ended.
 */
export function connectors(
  servers: readonly KnownServer[],
  signInEnded: (server: KnownServer) => void,
): Readonly<Record<string, Connector>> {
  const clientInfo = { name: "holdfast-extension", version: chrome.runtime.getManifest().version };
  const ways = servers.map(({ url, authorization }): [string, Connector] => {
    const fetch = (to: string | URL, init?: RequestInit): Promise<Response> => fetchFrom(url, to, init);
    const credentials = authorization === "oauth" && { authorization: credentialsOf(url, signInEnded) };
    return [url, fromUrl(url, { clientInfo, fetch, ...credentials })];
  });
  return Object.fromEntries(ways);
}

async function fetchFrom(address: string, to: string | URL, init?: RequestInit): Promise<Response> {
  const server = (await knownServers()).find(({ url }) => url === address);
  if (!server) throw new Error(`The server at ${address} was removed`);
  const access = await accessTo(server);
  if (access !== "ready") throw noAccess(server, access);
  const headers = new Headers(init?.headers);
  const secret = await headerOf(server);
  if (secret) headers.set(secret.name, secret.value);
  // A tool must not use the cookies of the user's own pages.
  return fetch(to, { ...init, headers, credentials: "omit" });
}

const LACKS: Readonly<Record<Exclude<Access, "ready">, (server: KnownServer) => string>> = {
  "no permission": ({ url }) =>
    `the browser does not let the extension access ${new URL(url).host}. Allow it`,
  "no header": () => "its header was kept until the browser closed. Enter it again",
  "no sign-in": () => "nobody is signed in. Sign in",
};

/** Nothing was sent, and the failure's kind says so: the task waits and is tried again, and a call has not been made. */
function noAccess(server: KnownServer, access: Exclude<Access, "ready">): RequestFailedError {
  const message = `${server.name}: ${LACKS[access](server)}, under Servers`;
  return new RequestFailedError("authorization", { kind: "unauthorized", message });
}
