/**
 * A connector for a transport of your own: WebSocket, `postMessage`, a pipe.
 * @module
 */
import { type Clock, systemClock } from "../clock.ts";
import { RequestFailedError } from "../engine/request-failed.ts";
import type { JsonObject } from "../protocol/json.ts";
import { isRequest } from "../protocol/json-rpc.ts";
import type { ClientIdentity } from "../protocol/session.ts";
import { DEFAULT_CAPABILITIES, DEFAULT_IDENTITY, withTasks } from "./client-identity.ts";
import { type Connector, connectionOver } from "./connection.ts";
import { agree, type Era } from "./handshake.ts";
import { requestFailureOf } from "./request-failed.ts";
import { RpcChannel } from "./rpc-channel.ts";
import { type Transport, tapClose, unlessTaken } from "./transport.ts";
import { answerUntaken } from "./untaken-request.ts";

export type { InboundHandler, Origin, Taken } from "../protocol/inbound.ts";
export type { RequestId, RpcNotification, RpcRequest } from "../protocol/json-rpc.ts";
export type { ProtocolOf, Protocols, ServerGeneration } from "../protocol/registry.ts";
export type { ResponseStream } from "../protocol/response-stream.ts";
export type {
  CallRetry,
  Frame,
  TaskId,
  TaskProtocol,
  TaskTraits,
  ToolCall,
} from "../protocol/task-protocol.ts";
export type { Connection, ConnectionEvents, ConnectLimits, Connector, Overlay } from "./connection.ts";
export type { Era } from "./handshake.ts";
export type { GiveUp, RequestOptions } from "./rpc-channel.ts";
export type { Transport } from "./transport.ts";

export interface TransportOptions {
  /** Which protocol to speak; `auto` (the default) asks the server. */
  readonly era?: Era;
  /** Who the app is. */
  readonly clientInfo?: ClientIdentity;
  /** What the app can answer (`ClientCapabilities`); by default elicitation in form and URL mode. */
  readonly capabilities?: JsonObject;
  /** How long each request of the handshake may take, in ms; by default the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number;
  /** What errors call the server; by default they name the endpoint. */
  readonly label?: string;
  readonly clock?: Clock;
}

/**
 * Runs tasks over a transport of your own. Each connection begins with a handshake if the protocol has sessions: without
 * HTTP a session ends with its connection (lifecycle, "Initialization").
 * @param open Opens a transport that has not been started. Called for each connection: when the first request is made, and
 *   again after a transport has closed. If it throws, the request fails with a
 *   RequestFailedError.
 * @example
 * const papers = fromTransport(() => new WebSocketTransport("wss://papers.example/mcp"));
 */
export function fromTransport(
  open: () => Transport | Promise<Transport>,
  options: TransportOptions = {},
): Connector {
  const { era = "auto", label, clock = systemClock } = options;
  const identity = options.clientInfo ?? DEFAULT_IDENTITY;
  const capabilities = options.capabilities ?? DEFAULT_CAPABILITIES;
  return {
    ...(label !== undefined && { label }),
    renewable: true,
    async connect({ inbound, closed, closing, protocolOf }, remembered, { timeoutMs } = {}) {
      const transport = await reached(open);
      const channel = new RpcChannel(transport, inbound, clock, timeoutMs);
      const receive = (message: unknown): void => {
        const taken = channel.receive(message);
        if (isRequest(message)) unlessTaken(taken, () => answerUntaken(channel, message.id, message.method));
      };
      transport.onmessage = receive as NonNullable<Transport["onmessage"]>;
      tapClose(transport, () => {
        channel.close();
        closed();
      });
      closing.addEventListener("abort", () => channel.close(), { once: true });
      const close = (): Promise<void> => transport.close();
      try {
        // The owner may have closed while the transport was opened.
        closing.throwIfAborted();
        await reached(() => transport.start());
        const limit = { timeoutMs: options.timeoutMs };
        const session =
          remembered && !protocolOf(remembered.generation).traits.sessions
            ? remembered
            : await agree(era, { protocolOf, channel, identity, capabilities, limit });
        return connectionOver(protocolOf, channel, () => session, identity, withTasks(capabilities), close);
      } catch (error) {
        await close().catch(() => undefined);
        throw error;
      }
    },
  };
}

async function reached<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new RequestFailedError("connect", requestFailureOf(error), error);
  }
}
