import { type Clock, systemClock } from "../clock.ts";
import type { Fault } from "../engine/fault.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";
import {
  isNotification,
  isRequest,
  isResponse,
  type RequestId,
  type RpcNotification,
  type RpcRequest,
  type RpcResponse,
  readRpcError,
} from "../protocol/json-rpc.ts";
import type { Frame } from "../protocol/task-protocol.ts";
import { faultOf, RequestFaultError, rpcFault } from "./request-fault.ts";
import { type SendOptions, sendOn, type Transport } from "./transport.ts";

/** The limit that kills MCP calls elsewhere: here it bounds one request, never a task. In ms. */
export const DEFAULT_REQUEST_TIMEOUT_MS = 60_000;
/** How the ids of our requests begin, in every process. */
export const ID_PREFIX = "hf-";
/** Progress may extend a request, but not past this many times its timeout (lifecycle, "Timeouts"). */
const TIMEOUT_EXTENSIONS = 10;

export interface RequestOptions {
  /** In ms; {@link DEFAULT_REQUEST_TIMEOUT_MS} if absent. Infinity for a stream that is to stay open. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** `notifications/progress` with this token restarts the timeout. */
  readonly progressToken?: string;
  /** Tell the server when the reply is given up (2025-11-25 `notifications/cancelled`). */
  readonly announceGivingUp?: boolean;
  /** The id of the record the request is about: what the server asks on its response stream is asked of that one. */
  readonly about?: string;
}

interface Pending {
  readonly method: string;
  readonly progressToken: string | undefined;
  succeed(result: unknown): void;
  fail(fault: Fault, cause?: unknown): void;
  extend(): void;
}

/** Where a message of the server came in. */
export interface Origin {
  /**
   * The record of the request on whose response stream it came; empty for a request about no record. Absent when it
   * came on another stream, or when the transport does not tell.
   */
  readonly about?: string;
  /** The MCP session it came in: the ids of the server's requests hold within it. */
  readonly sessionId?: string;
}

/** Takes what arrives and is no reply to a request of this channel. Returns whether it was taken. */
export type InboundHandler = (message: RpcRequest | RpcNotification, origin?: Origin) => boolean;

/**
 * JSON-RPC correlation over a transport that others may be using too. Its ids carry a random
 * prefix, so that they meet neither those of a Client on the same transport nor those of the
 * page that held the same session before a reload.
 */
export class RpcChannel {
  readonly #transport: Transport;
  readonly #inbound: InboundHandler;
  readonly #clock: Clock;
  readonly #pending: Map<RequestId, Pending> = new Map();
  /** Requests given up, whose replies may still come. */
  readonly #givenUp: Set<RequestId> = new Set();
  /** Of one length, so that a count after it makes no other page's id. Every byte of it travels with each poll, twice. */
  readonly #prefix: string = ID_PREFIX + crypto.randomUUID().slice(0, 6);
  #count = 0;
  #closed = false;
  #quiet: (() => void) | undefined;

  constructor(transport: Transport, inbound: InboundHandler, clock: Clock = systemClock) {
    this.#transport = transport;
    this.#inbound = inbound;
    this.#clock = clock;
  }

  get transport(): Transport {
    return this.#transport;
  }

  /** Sends a request and gives its `result`. Throws a RequestFaultError. */
  request(frame: Frame, options: RequestOptions = {}): Promise<unknown> {
    const id = this.#prefix + (++this.#count).toString(36);
    const timeoutMs = options.timeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    let resolve!: (result: unknown) => void;
    let reject!: (error: RequestFaultError) => void;
    const promise = new Promise<unknown>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    const stream = new AbortController();
    const giveUp = (): void => pending.fail({ kind: "network", message: "The request was given up" });
    const expire = (): void => pending.fail({ kind: "timeout", message: `No reply within ${timeoutMs} ms` });
    const limit = this.#clock.now() + timeoutMs * TIMEOUT_EXTENSIONS;
    const unlimited = timeoutMs === Number.POSITIVE_INFINITY;
    let stopTimer = unlimited ? () => undefined : this.#clock.after(timeoutMs, expire);

    const settle = (): boolean => {
      if (!this.#pending.delete(id)) return false;
      stopTimer();
      options.signal?.removeEventListener("abort", giveUp);
      return true;
    };
    const pending: Pending = {
      method: frame.method,
      progressToken: options.progressToken,
      succeed: (result) => {
        if (settle()) resolve(result);
      },
      fail: (fault, cause) => {
        if (!settle()) return;
        const unanswered = fault.kind === "timeout" || options.signal?.aborted === true;
        if (unanswered) {
          this.#givenUp.add(id);
          stream.abort();
          if (options.announceGivingUp) this.#announceGivingUp(id, fault.message);
        }
        reject(new RequestFaultError(frame.method, fault, cause));
      },
      extend: () => {
        if (unlimited) return;
        stopTimer();
        const left = Math.max(0, limit - this.#clock.now());
        stopTimer = this.#clock.after(Math.min(timeoutMs, left), expire);
      },
    };

    this.#pending.set(id, pending);
    if (this.#closed) pending.fail({ kind: "network", message: "The connection is closed" });
    if (options.signal?.aborted) giveUp();
    options.signal?.addEventListener("abort", giveUp, { once: true });
    if (!this.#pending.has(id)) return promise;

    const send: SendOptions = {
      requestSignal: stream.signal,
      onRequestStreamEnd: () =>
        pending.fail({ kind: "network", message: "The response stream ended without a response" }),
      take: (message) => this.receive(message, options.about ?? ""),
      ...(frame.headers && { headers: frame.headers }),
    };
    sendOn(this.#transport, { jsonrpc: "2.0", id, method: frame.method, params: frame.params }, send).catch(
      (error: unknown) => pending.fail(faultOf(error, id), error),
    );
    return promise;
  }

  /** Sends a notification. Throws a RequestFaultError. */
  async notify(method: string, params?: JsonObject): Promise<void> {
    await this.#send(method, { jsonrpc: "2.0", method, ...(params && { params }) });
  }

  /** Answers a request of the server. Throws a RequestFaultError. */
  async respond(id: RequestId, result: JsonObject): Promise<void> {
    await this.#send("response", { jsonrpc: "2.0", id, result });
  }

  async refuse(id: RequestId, code: number, message: string): Promise<void> {
    await this.#send("response", { jsonrpc: "2.0", id, error: { code, message } });
  }

  /** Calls back once no reply to a request given up can still come: until then such a reply is this channel's. */
  whenQuiet(quiet: () => void): void {
    this.#quiet = quiet;
    if (this.#givenUp.size === 0) quiet();
  }

  /**
   * Takes a message off the transport. Returns false when it is somebody else's. A closed channel takes only replies.
   * @param about The record of the request on whose response stream it came, if the transport tells.
   */
  receive(message: unknown, about?: string): boolean {
    if (isResponse(message)) return this.#receiveResponse(message);
    if (this.#closed || !(isRequest(message) || isNotification(message))) return false;
    if (message.method === "notifications/progress") this.#extend(message.params);
    return this.#inbound(message, about === undefined ? {} : { about });
  }

  /** Fails everything that waits: the transport is gone. */
  close(): void {
    this.#closed = true;
    for (const [id, pending] of [...this.#pending]) {
      this.#givenUp.add(id);
      pending.fail({ kind: "network", message: "The connection was closed" });
    }
  }

  #receiveResponse(message: RpcResponse): boolean {
    const { id } = message;
    if (typeof id !== "string" || !id.startsWith(this.#prefix)) return false;
    // A reply to a request given up is still ours, and nobody else must see it.
    this.#givenUp.delete(id);
    const pending = this.#pending.get(id);
    if ("error" in message) pending?.fail(rpcFault(readRpcError(message.error)));
    else pending?.succeed(message.result);
    if (this.#givenUp.size === 0) this.#quiet?.();
    return true;
  }

  #extend(params: JsonObject | undefined): void {
    const token = isObject(params) ? params.progressToken : undefined;
    for (const pending of this.#pending.values()) {
      if (token !== undefined && pending.progressToken === token) pending.extend();
    }
  }

  #announceGivingUp(requestId: string, reason: string): void {
    // Nothing depends on it: a server that does not hear it only works on in vain.
    this.notify("notifications/cancelled", { requestId, reason }).catch(() => undefined);
  }

  /** A POST without a reply may hang as well: then a handshake or an answer would hang with it. */
  #send(method: string, message: object): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (fault: Fault, cause?: unknown): void => {
        stopTimer();
        reject(new RequestFaultError(method, fault, cause));
      };
      const late = `Not taken within ${DEFAULT_REQUEST_TIMEOUT_MS} ms`;
      const expire = (): void => fail({ kind: "timeout", message: late });
      const stopTimer = this.#clock.after(DEFAULT_REQUEST_TIMEOUT_MS, expire);
      sendOn(this.#transport, message).then(
        () => {
          stopTimer();
          resolve();
        },
        (error: unknown) => fail(faultOf(error), error),
      );
    });
  }
}
