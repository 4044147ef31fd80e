import type { Clock } from "../clock.ts";
import { isInputMethod } from "../protocol/input-request.ts";
import type { JsonObject } from "../protocol/json.ts";
import { INVALID_PARAMS, isRequest, METHOD_NOT_FOUND } from "../protocol/json-rpc.ts";
import { type ClientIdentity, RELATED_TASK, type Session } from "../protocol/session.ts";
import { authorizedFetch, type Credentials } from "./authorization.ts";
import { DEFAULT_CAPABILITIES, DEFAULT_IDENTITY, withTasks } from "./client-identity.ts";
import { type Connection, type ConnectionEvents, type Connector, connectionOver } from "./connection.ts";
import { agree, type Era } from "./handshake.ts";
import { type Fetch, fetchHeedingRetryAfter } from "./retry-after.ts";
import { RpcChannel } from "./rpc-channel.ts";
import { ServerStream } from "./server-stream.ts";
import { type Transport, tapClose } from "./transport.ts";

export interface UrlOptions {
  /** Which generation to speak; `auto` asks the server. */
  readonly era?: Era;
  /** Who the app is. */
  readonly clientInfo?: ClientIdentity;
  /** What the app can answer (`ClientCapabilities`); by default elicitation in form and URL mode. */
  readonly capabilities?: JsonObject;
  /** How long the handshake may take, in ms. */
  readonly timeoutMs?: number;
  /** What the requests' timeouts run on: the same as the client's, if that was given one. */
  readonly clock?: Clock;
  readonly fetch?: (url: string | URL, init?: RequestInit) => Promise<Response>;
  /** Fixed parts of every request, such as headers. They are never stored. */
  readonly requestInit?: RequestInit;
}

/** What a transport is made with: the remembered session, and a `fetch` that heeds `Retry-After`. */
export interface TransportSeed {
  readonly sessionId?: string;
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  readonly requestInit?: RequestInit;
}

/** What an SDK knows of signing in. The transport knows nothing of it: its own renewals would race each other. */
export interface Authorization {
  readonly credentials: Credentials;
  /** For requests to the authorization server: with the fixed parts of every request. */
  readonly fetch: Fetch;
}

/** Connects to an address over a bare transport: no SDK Client, and no handshake where a session is remembered. */
export function urlConnector(
  url: string | URL,
  options: UrlOptions,
  makeTransport: (url: URL, seed: TransportSeed) => Transport,
  authorization?: Authorization,
): Connector {
  const address = new URL(url);
  const identity = options.clientInfo ?? DEFAULT_IDENTITY;
  const capabilities = options.capabilities ?? DEFAULT_CAPABILITIES;
  const heeding = fetchHeedingRetryAfter(options.fetch ?? ((input, init) => globalThis.fetch(input, init)));

  return {
    address: address.href,
    renewable: true,
    async connect(events: ConnectionEvents, remembered?: Session): Promise<Connection> {
      // The SDK takes a 405 to its GET for what it is, and says nothing of it.
      const send = authorization
        ? authorizedFetch(heeding, address, authorization.credentials, authorization.fetch, events.person)
        : heeding;
      const serverStream = new ServerStream(async (input, init) => {
        const response = await send(input, init);
        if (response.status === 405 && init?.method === "GET") events.pushRefused();
        return response;
      }, options.clock);
      const transport = makeTransport(address, {
        fetch: serverStream.fetch,
        ...(remembered?.sessionId !== undefined && { sessionId: remembered.sessionId }),
        ...(options.requestInit && { requestInit: options.requestInit }),
      });
      const channel = new RpcChannel(transport, events.inbound, options.clock);
      const receive = (message: unknown): void => {
        if (!channel.receive(message) && isRequest(message))
          answerUntaken(channel, message.id, message.method);
      };
      transport.onmessage = receive as NonNullable<Transport["onmessage"]>;
      tapClose(transport, () => {
        channel.close();
        events.closed();
      });
      events.closing.addEventListener("abort", () => channel.close(), { once: true });
      await transport.start();
      if (remembered?.generation === "2025-11-25") transport.setProtocolVersion?.(remembered.protocolVersion);
      const session = remembered ?? (await agreed(channel, options, identity, capabilities, address.href));
      const close = (): Promise<void> => transport.close();
      const connection = connectionOver(channel, () => session, identity, withTasks(capabilities), close);
      if (session.generation !== "2025-11-25") return connection;
      return Object.assign(connection, {
        listen: () => serverStream.open(transport),
        stopListening: () => serverStream.close(),
      });
    },
  };
}

async function agreed(
  channel: RpcChannel,
  options: UrlOptions,
  identity: ClientIdentity,
  capabilities: JsonObject,
  address: string,
): Promise<Session> {
  try {
    const era = options.era ?? "auto";
    const session = await agree(channel, era, identity, capabilities, options.timeoutMs);
    return { ...session, address };
  } catch (error) {
    await channel.transport.close().catch(() => undefined);
    throw error;
  }
}

const TAG_IT = `name the task in _meta["${RELATED_TASK}"], or ask on the response stream of its call`;

/** Nobody else listens on a bare transport, and a server's request must not hang. */
function answerUntaken(channel: RpcChannel, id: string | number, method: string): void {
  const answer =
    method === "ping"
      ? channel.respond(id, {})
      : isInputMethod(method)
        ? channel.refuse(id, INVALID_PARAMS, `${method} belongs to no call or task of this client: ${TAG_IT}`)
        : channel.refuse(id, METHOD_NOT_FOUND, `${method} is not supported by this client`);
  // If the answer does not arrive, the server's own timeout ends its request.
  answer.catch(() => undefined);
}
