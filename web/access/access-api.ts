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

/** A server that the worker calls, as `GET /v1/endpoints` lists it. */
export interface Endpoint {
  readonly name: string;
  readonly title?: string;
}

/** What a person may use at most, and what of it is used, as `GET /v1/usage` says. */
export interface Usage {
  readonly limits: Readonly<Record<LimitName, number>>;
  readonly inFlight: number;
  readonly inFlightPerEndpoint: Readonly<Record<string, number>>;
  readonly callsThisMinute: number;
  readonly readsThisMinute: number;
  readonly streams: number;
}

export type LimitName =
  | "callsInFlight"
  | "callsInFlightPerEndpoint"
  | "callsPerMinute"
  | "readsPerMinute"
  | "streams"
  | "argumentBytes"
  | "resultBytes";

/** What a person has let others do, and what the worker does for the person. */
export interface Access {
  readonly usage: Usage;
  readonly connections: readonly Connection[];
  readonly grants: readonly Grant[];
}

/** What the server did with the tokens of a connection. */
export type DroppedTokens = "revoked" | "no-revocation" | "failed" | "none";

/**
 * Resolves with undefined if nobody has signed in, or the worker does not know the token. Throws an Error that says what the worker
 * said.
 */
export async function readAccess(token: string | undefined = workerToken()): Promise<Access | undefined> {
  if (token === undefined) return undefined;
  const replies = await Promise.all(
    ["/v1/connections", "/v1/grants", "/v1/usage"].map((path) => send(path, "GET", token)),
  );
  if (replies.some(({ status }) => status === 401)) return undefined;
  const [connections, grants, usage] = replies;
  return {
    ...(await bodyOf<Pick<Access, "connections">>(connections)),
    ...(await bodyOf<Pick<Access, "grants">>(grants)),
    usage: await bodyOf<Usage>(usage),
  };
}

/** Resolves with undefined if the worker does not know the token. Throws an Error that says what the worker said. */
export async function readEndpoints(): Promise<readonly Endpoint[] | undefined> {
  const reply = await send("/v1/endpoints", "GET");
  if (reply.status === 401) return undefined;
  return (await bodyOf<{ readonly endpoints: readonly Endpoint[] }>(reply)).endpoints;
}

/** Reads a resource of a server that the worker calls: a result of `resources/read`. Throws an Error that says what the worker said. */
export async function readWorkerResource(endpoint: string, uri: string): Promise<unknown> {
  const query = new URLSearchParams({ uri });
  return bodyOf(await send(`/v1/endpoints/${encodeURIComponent(endpoint)}/resource?${query}`, "GET"));
}

/** Throws an Error that says what the worker said. */
export async function disconnect({ endpoint }: Connection): Promise<DroppedTokens> {
  const reply = await send(`/v1/connections/${encodeURIComponent(endpoint)}`, "DELETE");
  return (await bodyOf<{ tokens: DroppedTokens }>(reply)).tokens;
}

/** Throws an Error that says what the worker said. */
export async function revokeGrant({ id }: Pick<Grant, "id">): Promise<void> {
  const reply = await send(`/v1/grants/${encodeURIComponent(id)}`, "DELETE");
  if (!reply.ok) await bodyOf(reply);
}

/** A webhook that a client subscribed to events, as `GET /v1/event-subscriptions` lists it. Times are in ms since 1970. */
export interface EventSubscription {
  readonly id: string;
  readonly name: string;
  readonly filter: Readonly<Record<string, string>>;
  readonly url: string;
  readonly until: number;
}

/** A message to a webhook, as `GET /v1/webhook-deliveries` lists it. Times are in ms since 1970. */
export interface WebhookDelivery {
  readonly id: string;
  readonly kind: "task" | "event";
  readonly event?: string;
  readonly taskId?: string;
  readonly url: string;
  readonly attempts: number;
  readonly at?: number;
  readonly result?: "delivered" | "failed" | "given_up" | "unwanted";
  readonly status?: number;
  readonly dueAt?: number;
}

export interface Webhooks {
  readonly subscriptions: readonly EventSubscription[];
  readonly deliveries: readonly WebhookDelivery[];
}

/** Throws an Error that says what the worker said. */
export async function readWebhooks(): Promise<Webhooks> {
  const [subscriptions, deliveries] = await Promise.all(
    ["/v1/event-subscriptions", "/v1/webhook-deliveries"].map((path) => send(path, "GET")),
  );
  return {
    ...(await bodyOf<Pick<Webhooks, "subscriptions">>(subscriptions)),
    ...(await bodyOf<Pick<Webhooks, "deliveries">>(deliveries)),
  };
}

/** Throws an Error that says what the worker said. */
export async function sendAgain({ id }: WebhookDelivery): Promise<void> {
  const reply = await send("/v1/webhook-deliveries/attempts", "POST", workerToken(), JSON.stringify({ id }));
  if (!reply.ok) await bodyOf(reply);
}

/** Throws an Error that says what the worker said. */
export async function endSubscription(id: string): Promise<void> {
  const reply = await send(`/v1/event-subscriptions/${encodeURIComponent(id)}`, "DELETE");
  if (!reply.ok) await bodyOf(reply);
}

async function send(path: string, method: string, token = workerToken(), body?: string): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      headers: {
        authorization: `Bearer ${token ?? ""}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body }),
    });
  } catch (error) {
    throw new Error(`The worker could not be reached: ${error instanceof Error ? error.message : error}`);
  }
}

async function bodyOf<T>(reply: Response | undefined): Promise<T> {
  const body = (await reply?.json().catch(() => undefined)) as (T & { detail?: string }) | undefined;
  if (reply?.ok && body) return body;
  throw new Error(body?.detail ?? `The worker answered HTTP ${reply?.status}`);
}
