import { withMeta } from "../protocol/frame-meta.ts";
import type { InboundHandler } from "../protocol/inbound.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { RequestId } from "../protocol/json-rpc.ts";
import { CLIENT_CAPABILITIES, CLIENT_INFO, PROTOCOL_VERSION } from "../protocol/meta-keys.ts";
import type { Generation, ProtocolOf } from "../protocol/registry.ts";
import type { ClientIdentity, Session } from "../protocol/session.ts";
import type { Frame } from "../protocol/task-protocol.ts";
import type { RequestOptions, RpcChannel } from "./rpc-channel.ts";

/** A live way to one server, with what was agreed on it. */
export interface Connection {
  readonly session: Session;
  /** Gives the reply's `result`. Throws a RequestFailedError. */
  request(frame: Frame, options?: RequestOptions): Promise<unknown>;
  /** Answers a request of the server (2025-11-25). Throws a RequestFailedError. */
  respond(id: RequestId, result: JsonObject): Promise<void>;
  refuse(id: RequestId, code: number, message: string): Promise<void>;
  /** Opens the stream on which the server sends of its own accord (2025-11-25), unless it is open already. */
  listen?(): Promise<void>;
  /** Closes that stream. */
  stopListening?(): void;
  close(): Promise<void>;
}

/** What a connection reports to its owner. */
export interface ConnectionEvents {
  /** Requests and notifications of the server. True when taken; an untaken one goes where it went before. */
  readonly inbound: InboundHandler;
  readonly closed: () => void;
  /** The server has no stream to send of its own accord on (2025-11-25). */
  readonly pushRefused: () => void;
  /** What a person has started and still waits for: a number that rises with each, or 0. Only that may ask for a sign-in. */
  readonly person: () => number;
  /** Aborts when the owner closes: a handshake under way ends with it. */
  readonly closing: AbortSignal;
  /** What the owner knows of protocols. */
  readonly protocolOf: ProtocolOf;
}

/** What a connection's requests keep to. */
export interface ConnectLimits {
  /** How long a request may take that has no timeout of its own, in ms. */
  readonly timeoutMs?: number;
}

/** A protocol of tasks that a connector speaks over calls of tools, whatever the server's own. */
export interface Overlay {
  readonly generation: Generation;
  /** The session as calls of this tool see it: that of the overlay if they become tasks of it, else as it is. */
  sessionOf(tool: string, session: Session): Session;
}

/** Makes connections to one server under one authorization. */
export interface Connector {
  /** The protocol that it speaks beside the server's own: its connections take requests of both. */
  readonly overlay?: Overlay;
  /**
   * Where it connects to, if it knows: a remembered session is only used for the same address. It is stored with the session, so
   * nothing secret may be in it.
   */
  readonly address?: string;
  /** What errors call the server; its address without what may be secret in it. Without it they name the endpoint. */
  readonly label?: string;
  /** The key of `_meta` under which its server takes idempotency keys, if it takes them: see `withIdempotencyKeys`. */
  readonly idempotencyKey?: string;
  /** Whether a session the server forgot can be made anew, by connecting without a remembered one. */
  readonly renewable: boolean;
  /**
   * A remembered session skips the handshake. Throws a RequestFailedError when the server cannot be reached or refuses: any
   * other error counts as a network failure.
   */
  connect(events: ConnectionEvents, remembered?: Session, limits?: ConnectLimits): Promise<Connection>;
  /** Ends the session at the server, without a connection (2025-11-25 transports, "Session Management"). Resolves within 5 s, whatever the server says. */
  endSession?(session: Session): Promise<void>;
}

/** The fields every 2026-07-28 request carries in `_meta` (index, "General fields"). */
export function envelope(
  protocolVersion: string,
  identity: ClientIdentity,
  capabilities: JsonObject,
): JsonObject {
  return {
    [PROTOCOL_VERSION]: protocolVersion,
    [CLIENT_INFO]: identity,
    [CLIENT_CAPABILITIES]: capabilities,
  };
}

/** A connection over a channel: frames get the envelope of the session's generation. */
export function connectionOver(
  protocolOf: ProtocolOf,
  channel: RpcChannel,
  session: () => Session,
  identity: ClientIdentity,
  capabilities: JsonObject,
  close: () => Promise<void>,
): Connection {
  let [version, meta]: [string?, JsonObject?] = [];
  return {
    get session() {
      return session();
    },
    request(frame, options) {
      const { generation, protocolVersion } = session();
      // A task is cancelled by tasks/cancel, never by giving its call up (cancellation, rule 3).
      if (protocolOf(generation).traits.sessions)
        return channel.request(frame, options, frame.params.task === undefined);
      // The same for all requests of a session.
      if (!meta || version !== protocolVersion) {
        version = protocolVersion;
        meta = envelope(protocolVersion, identity, capabilities);
      }
      // Where requests have streams, the end of its stream cancels one (cancellation, "Transport-Specific Cancellation").
      return channel.request(withMeta(frame, meta), options, !channel.transport.hasPerRequestStream);
    },
    respond: (id, result) => channel.respond(id, result),
    refuse: (id, code, message) => channel.refuse(id, code, message),
    async close() {
      channel.close();
      await close();
    },
  };
}
