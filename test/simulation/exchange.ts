import type { JsonObject } from "../../src/protocol/json.ts";
import type { RequestId } from "../../src/protocol/json-rpc.ts";
import type { EventLog } from "./event-log.ts";

/** A JSON-RPC message of any kind, as it travels. */
export interface Message {
  readonly jsonrpc: "2.0";
  readonly id?: RequestId;
  readonly method?: string;
  readonly params?: JsonObject;
  readonly result?: unknown;
  readonly error?: unknown;
  /** The session in which a response was sent: ids of requests hold within one. */
  readonly sessionId?: string | undefined;
}

/** A stream on which a server can send of its own accord. */
export interface Stream {
  readonly sessionId: string | undefined;
  readonly open: boolean;
  push(message: Message): void;
  onClosed(closed: () => void): void;
}

/** One HTTP POST as the server sees it. */
export interface Exchange extends Stream {
  readonly message: Message;
  reply(result: unknown): void;
  fail(code: number, message: string): void;
  /** Anything at all as the response's body. */
  blurt(body: unknown): void;
  refuse(status: number, retryAfterMs?: number): void;
  /** HTTP 202: for what needs no response. */
  accept(): void;
  /** Ends the stream without a response. */
  hangUp(): void;
  /** Names the session this exchange began. */
  begin(sessionId: string): void;
  /** Begins the response stream with an event id, if the server has an event store and the network is one of HTTP. */
  prime?(): void;
}

/** What a server must take from the network. */
export interface Host {
  /** Its event store, if it has one. */
  readonly events?: EventLog | undefined;
  receive(exchange: Exchange): void;
  /** A client listens (2025-11-25, HTTP GET). False when its session is not known. */
  listen(stream: Stream): boolean;
}
