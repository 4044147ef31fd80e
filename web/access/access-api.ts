import { workerToken } from "./worker-token.ts";

/** A server that is used in the person's name, as `GET /v1/connections` lists it. Times are in ms since 1970. */
export interface Connection {
  readonly endpoint: string;
  readonly title?: string;
  readonly state: "connected" | "ended" | "none";
  readonly since?: number;
  /** The path of the page on which it is connected. */
  readonly connect: string;
}

/** An agent that the person signed in, as `GET /v1/grants` lists it. Times are in ms since 1970. */
export interface Grant {
  readonly id: string;
  readonly client: string;
  readonly redirectHost: string;
  readonly resource: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
}

/** What a person has let others do. */
export interface Access {
  readonly connections: readonly Connection[];
  readonly grants: readonly Grant[];
}

/** What the server did with the tokens of a connection. */
export type DroppedTokens = "revoked" | "no-revocation" | "failed" | "none";

/** Resolves with undefined if the worker does not know the token. Throws an Error that says what the worker said. */
export async function readAccess(token: string = workerToken()): Promise<Access | undefined> {
  const [connections, grants] = await Promise.all(
    ["/v1/connections", "/v1/grants"].map((path) => send(path, "GET", token)),
  );
  if (connections?.status === 401 || grants?.status === 401) return undefined;
  return { ...(await bodyOf<Access>(connections)), ...(await bodyOf<Access>(grants)) };
}

/** Throws an Error that says what the worker said. */
export async function disconnect({ endpoint }: Connection): Promise<DroppedTokens> {
  const reply = await send(`/v1/connections/${encodeURIComponent(endpoint)}`, "DELETE");
  return (await bodyOf<{ tokens: DroppedTokens }>(reply)).tokens;
}

/** Throws an Error that says what the worker said. */
export async function revokeGrant({ id }: Grant): Promise<void> {
  const reply = await send(`/v1/grants/${encodeURIComponent(id)}`, "DELETE");
  if (!reply.ok) await bodyOf(reply);
}

async function send(path: string, method: string, token: string = workerToken()): Promise<Response> {
  try {
    return await fetch(path, { method, headers: { authorization: `Bearer ${token}` } });
  } catch (error) {
    throw new Error(`The worker could not be reached: ${error instanceof Error ? error.message : error}`);
  }
}

async function bodyOf<T>(reply: Response | undefined): Promise<T> {
  const body = (await reply?.json().catch(() => undefined)) as (T & { detail?: string }) | undefined;
  if (reply?.ok && body) return body;
  throw new Error(body?.detail ?? `The worker answered HTTP ${reply?.status}`);
}
