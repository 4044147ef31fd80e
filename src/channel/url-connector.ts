import { type Clock, systemClock } from "../clock.ts";
import { spread } from "../engine/schedule.ts";
import type { JsonObject } from "../protocol/json.ts";
import { isRequest } from "../protocol/json-rpc.ts";
import type { ProtocolOf } from "../protocol/registry.ts";
import type { ClientIdentity, Session } from "../protocol/session.ts";
import { authorizedFetch, type Credentials } from "./authorization.ts";
import { DEFAULT_CAPABILITIES, DEFAULT_IDENTITY, withTasks } from "./client-identity.ts";
import {
  type Connection,
  type ConnectionEvents,
  type ConnectLimits,
  type Connector,
  connectionOver,
} from "./connection.ts";
import type { ExchangeOptions, Fetch } from "./exchange.ts";
import { agree, type Era } from "./handshake.ts";
import { RpcChannel } from "./rpc-channel.ts";
import { SESSION_HEADER } from "./session-header.ts";
import { type Transport, tapClose, unlessTaken } from "./transport.ts";
import { answerUntaken } from "./untaken-request.ts";

/** How long the server may take to end a session, in ms. */
const SESSION_END_MS = 5_000;

export interface UrlOptions {
  /** Which generation to speak; `auto` asks the server. */
  readonly era?: Era;
  /** Who the app is. */
  readonly clientInfo?: ClientIdentity;
  /** What the app can answer (`ClientCapabilities`); by default elicitation in form and URL mode. */
  readonly capabilities?: JsonObject;
  /** How long each request of the handshake may take, in ms; by default the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number;
  /** What the requests' timeouts run on: the same as the client's, if that was given one. */
  readonly clock?: Clock;
  readonly fetch?: Fetch;
  /** Fixed parts of every request, such as headers. They are never stored. */
  readonly requestInit?: RequestInit;
}

/** What a link is made with: the remembered session, and where replies go. */
export interface LinkSeed extends ExchangeOptions {
  readonly sessionId?: string;
  readonly requestInit?: RequestInit;
}

/** What carries the messages of one connection. */
export interface Link {
  readonly transport: Transport;
  /** The session id that the server gave last. */
  readonly sessionId: string | undefined;
  /** Opens the stream on which a 2025-11-25 server sends of its own accord, unless it is open. */
  listen(): Promise<void>;
  stopListening(): void;
}

/** What an SDK knows of signing in. The transport knows nothing of it: its own renewals would race each other. */
export interface Authorization {
  readonly credentials: Credentials;
  /** For requests to the authorization server: with the fixed parts of every request. */
  readonly fetch: Fetch;
}

/**
 * Connects to an address over a bare transport: no SDK Client, and no handshake where a session is remembered.
 * Throws a TypeError for what is not an http(s) address. A relative one is resolved against the page.
 */
export function urlConnector(
  url: string | URL,
  options: UrlOptions,
  makeLink: (url: URL, seed: LinkSeed) => Link,
  authorization?: Authorization,
): Connector {
  const address = addressOf(url);
  const identity = options.clientInfo ?? DEFAULT_IDENTITY;
  const capabilities = options.capabilities ?? DEFAULT_CAPABILITIES;
  const clock = options.clock ?? systemClock;

  const send = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const fetchAs = (person: () => number, awaited?: RpcChannel["awaited"]): Fetch =>
    authorization
      ? authorizedFetch(send, address, authorization.credentials, authorization.fetch, person, awaited)
      : send;

  const label = address.origin + address.pathname;
  // It is stored with the session, and a query may hold a key.
  const place = address.search ? `${label}?${spread(address.search)}` : label;
  return {
    address: place,
    label,
    renewable: true,
    async connect(
      events: ConnectionEvents,
      remembered?: Session,
      { timeoutMs }: ConnectLimits = {},
    ): Promise<Connection> {
      const receive = (message: unknown, about?: string): void => {
        const taken = channel.receive(message, about);
        if (isRequest(message)) unlessTaken(taken, () => answerUntaken(channel, message.id, message.method));
      };
      const link = makeLink(address, {
        fetch: fetchAs(events.person, (id) => channel.awaited(id)),
        clock,
        channel: () => channel,
        receive,
        pushRefused: events.pushRefused,
        ...(remembered?.sessionId !== undefined && { sessionId: remembered.sessionId }),
        ...(options.requestInit && { requestInit: options.requestInit }),
      });
      const { transport } = link;
      const channel = new RpcChannel(transport, events.inbound, clock, timeoutMs);
      transport.onmessage = ((message: unknown) => receive(message)) as NonNullable<Transport["onmessage"]>;
      tapClose(transport, () => {
        channel.close();
        events.closed();
      });
      events.closing.addEventListener("abort", () => channel.close(), { once: true });
      await transport.start();
      const hasSessions = ({ generation }: Session): boolean => events.protocolOf(generation).traits.sessions;
      if (remembered && hasSessions(remembered)) transport.setProtocolVersion?.(remembered.protocolVersion);
      let session =
        remembered ?? (await agreed(events.protocolOf, channel, options, identity, capabilities, place));
      const current = (): Session => {
        const { sessionId = session.sessionId } = link;
        if (hasSessions(session) && sessionId !== undefined && sessionId !== session.sessionId)
          session = { ...session, sessionId };
        return session;
      };
      const close = (): Promise<void> => transport.close();
      const connection = connectionOver(
        events.protocolOf,
        channel,
        current,
        identity,
        withTasks(capabilities),
        close,
      );
      if (!hasSessions(session)) return connection;
      return Object.assign(connection, {
        listen: () => link.listen(),
        stopListening: () => link.stopListening(),
      });
    },
    async endSession({ sessionId = "", protocolVersion }) {
      const { requestInit } = options;
      const headers = new Headers(requestInit?.headers);
      headers.set(SESSION_HEADER, sessionId);
      headers.set("mcp-protocol-version", protocolVersion);
      const signal = AbortSignal.timeout(SESSION_END_MS);
      try {
        const init: RequestInit = { ...requestInit, method: "DELETE", headers, redirect: "manual", signal };
        await (await fetchAs(() => 0)(address, init)).body?.cancel();
      } catch {
        // The server ends it in its own time, as it does after 405.
      }
    },
  };
}

/** Throws a TypeError where there is no page to resolve a relative address against. */
function addressOf(url: string | URL): URL {
  const page = (globalThis as { readonly location?: { readonly href: string } }).location?.href;
  let address: URL | undefined;
  try {
    address = new URL(url, page);
  } catch {
    // The error is thrown below.
  }
  if (address && /^https?:$/.test(address.protocol)) return address;
  const advice = "give the full address of an MCP server, such as https://example.com/mcp";
  throw new TypeError(
    address
      ? `fromUrl: ${address.protocol} is not a protocol of MCP: ${advice}`
      : `fromUrl: ${JSON.stringify(String(url))} cannot be resolved here, where there is no page: ${advice}`,
  );
}

async function agreed(
  protocolOf: ProtocolOf,
  channel: RpcChannel,
  options: UrlOptions,
  identity: ClientIdentity,
  capabilities: JsonObject,
  address: string,
): Promise<Session> {
  const { era = "auto", timeoutMs } = options;
  try {
    const session = await agree(era, { protocolOf, channel, identity, capabilities, limit: { timeoutMs } });
    return { ...session, address };
  } catch (error) {
    await channel.transport.close().catch(() => undefined);
    throw error;
  }
}
