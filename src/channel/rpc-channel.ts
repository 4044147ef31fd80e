import { type Clock, systemClock } from "../clock.ts";
import { RequestFailedError } from "../engine/request-failed.ts";
import type { RequestFailure } from "../engine/request-failure.ts";
import type { InboundHandler, Taken } from "../protocol/inbound.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";
import {
  integerId,
  isNotification,
  isRequest,
  isResponse,
  type RequestId,
  type RpcResponse,
  readRpcError,
} from "../protocol/json-rpc.ts";
import type { ResponseStream } from "../protocol/response-stream.ts";
import type { Frame } from "../protocol/task-protocol.ts";
import { RecentSet } from "../recent-set.ts";
import { requestFailureOf, rpcFailure } from "./request-failed.ts";
import { type SendOptions, STREAM_END_MS, sendOn, type Transport } from "./transport.ts";

/** The limit that kills MCP calls elsewhere: here it bounds one request, never a task. In ms. */
export const DEFAULT_REQUEST_TIMEOUT_MS = 60_000;
/** Progress may extend a request, but not past this many times its timeout (lifecycle, "Timeouts"). */
const TIMEOUT_EXTENSIONS = 10;
/** How many requests given up a channel remembers. The reply to an older one may reach the transport's owner, who knows no such id. */
const MAX_GIVEN_UP = 1_000;
/** How long a cancelled call waits for the server to take `notifications/cancelled`, in ms. */
const ANNOUNCED_WITHIN_MS = 1_000;
/** Ids of ours begin here. A Client on the same transport counts from 0; many servers take integers of 32 bits only. */
const FIRST_ID = 2 ** 30;

export interface RequestOptions {
  /** In ms; the channel's own if absent. Infinity for a stream that is to stay open. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal;
  /** `notifications/progress` with this token restarts the timeout. */
  readonly progressToken?: string | undefined;
  /** Send `notifications/cancelled` when the reply is given up. Without it the end of the response stream says so. */
  readonly announceGivingUp?: boolean;
  /**
   * After an abort, reject only once the server can know of it: it took `notifications/cancelled`, that failed or took 1 s,
   * or the response stream was closed 100 ms ago.
   */
  readonly rejectAfterAnnouncing?: boolean;
  /** Called when the request leaves: one that is given up before then did nothing. */
  readonly onSent?: () => void;
  /** Whether the request may be sent again in a renewed session: not while the server wants to be left alone. */
  readonly mayRepeat?: () => boolean;
  /** The id of the record the request is about: what the server asks on its response stream is asked of that one. */
  readonly about?: string;
  /** Awaits the reply on the response stream of an earlier request. Nothing is sent. */
  readonly resume?: ResponseStream | undefined;
  /** Called when an event with a new id came. Who gives it resumes the stream after a failure. */
  readonly onStream?: ((stream: ResponseStream) => void) | undefined;
  /** Whether an abort leaves the request to a later process, so that the server is not notified. */
  readonly leavesRequest?: (() => boolean) | undefined;
}

/** A request that waits for its reply. */
export interface AwaitedReply extends Pick<RequestOptions, "resume" | "onStream"> {
  readonly id: number;
  /** The record that the request is about; "" if it is about none. */
  readonly about: string;
  /** Aborted once no reply is wanted any more: the time is up, or the caller gave up. */
  readonly signal: AbortSignal;
  /** Of its response stream: where a transport may resume it. */
  lastEventId?: string;
  /**
   * Takes a response in that came to this request. Returns whose it is: another's only if its id says so; `undefined` for no response.
   * @param resumed The stream was resumed: a server may replay the replies to earlier requests on it. Returns "replay" for those.
   */
  take(message: unknown, resumed?: boolean): AwaitedReply | "replay" | undefined;
  fail(failure: RequestFailure, cause?: unknown): void;
}

interface Pending extends AwaitedReply {
  readonly progressToken: string | undefined;
  settle(message: RpcResponse): void;
  extend(): void;
}

/** Whether an id is one that a channel of ours, in whatever process, gives its requests. */
export function isChannelId(id: unknown): boolean {
  return integerId(id) > FIRST_ID;
}

/**
 * JSON-RPC correlation over a transport that others may be using too. Its ids are integers, since some servers
 * take nothing else, and begin at a random one, so that they meet neither those of a Client on the same transport nor
 * those of the page that held the same session before a reload.
 */
export class RpcChannel {
  readonly #transport: Transport;
  readonly #inbound: InboundHandler;
  readonly #clock: Clock;
  /** How long a request may take that has no timeout of its own, in ms. */
  readonly timeoutMs: number;
  readonly #pending: Map<number, Pending> = new Map();
  /** Requests given up, whose replies may still come; of most of a server that never replies they never do. */
  readonly #givenUp: Set<number> = new RecentSet(MAX_GIVEN_UP);
  readonly #firstId: number = FIRST_ID + Math.floor(Math.random() * 2 ** 29);
  #lastId: number = this.#firstId;
  #closed = false;
  #quiet: (() => void) | undefined;

  constructor(
    transport: Transport,
    inbound: InboundHandler,
    clock: Clock = systemClock,
    timeoutMs: number = DEFAULT_REQUEST_TIMEOUT_MS,
  ) {
    this.#transport = transport;
    this.#inbound = inbound;
    this.#clock = clock;
    this.timeoutMs = timeoutMs;
  }

  get transport(): Transport {
    return this.#transport;
  }

  /** Sends a request and returns its `result`. Throws a RequestFailedError. */
  request(frame: Frame, options: RequestOptions = {}): Promise<unknown> {
    const { resume, onStream } = options;
    const id = resume?.requestId ?? ++this.#lastId;
    const timeoutMs = options.timeoutMs ?? this.timeoutMs;
    let resolve!: (result: unknown) => void;
    let reject!: (error: RequestFailedError) => void;
    const promise = new Promise<unknown>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    // Made when a transport asks for it: one whose requests have no stream of their own does not.
    let stream: AbortController | undefined;
    const streamOf = (): AbortController => {
      stream ??= new AbortController();
      return stream;
    };
    let sent = false;
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
      id,
      about: options.about ?? "",
      resume,
      onStream,
      get signal() {
        return streamOf().signal;
      },
      progressToken: options.progressToken,
      take: (message, resumed) => {
        if (!isResponse(message)) return undefined;
        const own = integerId(message.id);
        const taker = this.#pending.get(own);
        if (!taker && resumed && isChannelId(own)) return "replay";
        (taker ?? pending).settle(message);
        return taker ?? pending;
      },
      settle: (message) => {
        const { error, result } = message;
        if (error !== undefined && error !== null) pending.fail(rpcFailure(readRpcError(error)));
        else if (settle()) resolve(result);
      },
      fail: (failure, cause) => {
        if (!settle()) return;
        // Nobody reads what may yet come, and the stream would hold one of the page's six connections to the host.
        if (failure.kind !== "rpc") streamOf().abort();
        const error = new RequestFailedError(frame.method, failure, cause);
        const aborted = options.signal?.aborted === true;
        // What was never sent cannot be cancelled (cancellation, "Behavior Requirements").
        if (!sent || !(aborted || failure.kind === "timeout")) return reject(error);
        this.#givenUp.add(id);
        const notifies = options.announceGivingUp && !(aborted && options.leavesRequest?.());
        const announced = notifies && this.#announceGivingUp(id, failure.message);
        if (!aborted || !options.rejectAfterAnnouncing) return reject(error);
        // No platform reports when the end of a stream has left the machine.
        const limitMs = announced ? ANNOUNCED_WITHIN_MS : STREAM_END_MS;
        const stopWaiting = this.#clock.after(limitMs, () => reject(error));
        if (announced)
          void announced.then(() => {
            stopWaiting();
            reject(error);
          });
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
    if (resume && !this.#transport.resumesStreams) {
      const message = "This connector resumes no response stream; fromUrl of holdfast/http does";
      pending.fail({ kind: "network", message, forgotten: true });
    }
    if (options.signal?.aborted) giveUp();
    options.signal?.addEventListener("abort", giveUp, { once: true });
    if (!this.#pending.has(id)) return promise;

    sent = true;
    options.onSent?.();
    const send: SendOptions = {
      get requestSignal() {
        return streamOf().signal;
      },
      onRequestStreamEnd: () =>
        pending.fail({ kind: "network", message: "The response stream ended without a response" }),
      take: (message) => this.receive(message, options.about ?? ""),
      ...(frame.headers && { headers: frame.headers }),
    };
    // A device that is off line sends nothing, whatever its browser says of the failure.
    const { onLine } = (globalThis as { navigator?: { onLine?: boolean } }).navigator ?? {};
    sendOn(this.#transport, { jsonrpc: "2.0", id, method: frame.method, params: frame.params }, send).catch(
      (error: unknown) => {
        const failure = requestFailureOf(error, id);
        const unsent = onLine === false && failure.kind === "network";
        pending.fail(unsent ? { ...failure, unsent } : failure, error);
      },
    );
    return promise;
  }

  /** The request under an id, while it waits for its reply. */
  awaited(id: number): AwaitedReply | undefined {
    return this.#pending.get(id);
  }

  /** The request whose response stream broke after this event. */
  brokenAt(lastEventId: string): AwaitedReply | undefined {
    return [...this.#pending.values()].find((pending) => pending.lastEventId === lastEventId);
  }

  /** Sends a notification. Throws a RequestFailedError. */
  async notify(method: string, params?: JsonObject, timeoutMs?: number): Promise<void> {
    await this.#send(method, { jsonrpc: "2.0", method, ...(params && { params }) }, timeoutMs);
  }

  /** Answers a request of the server. Throws a RequestFailedError. */
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
   * Takes a message off the transport, unless it belongs to somebody else. A closed channel takes only replies.
   * @param about The record of the request on whose response stream it came, if the transport reports it.
   */
  receive(message: unknown, about?: string): Taken {
    if (isResponse(message)) return this.#receiveResponse(message);
    if (this.#closed || !(isRequest(message) || isNotification(message))) return false;
    if (message.method === "notifications/progress") this.#extend(message.params);
    // A server may ask before the handshake has come to its end: nobody else knows the session then.
    const { sessionId } = this.#transport;
    return this.#inbound(message, {
      ...(about !== undefined && { about }),
      ...(sessionId !== undefined && { sessionId }),
    });
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
    // Some servers send an integer id back as a string.
    const id = integerId(message.id);
    if (!(id > this.#firstId && id <= this.#lastId) && !this.#pending.has(id)) return false;
    // A reply to a request given up is still ours, and nobody else must see it.
    this.#givenUp.delete(id);
    this.#pending.get(id)?.settle(message);
    if (this.#givenUp.size === 0) this.#quiet?.();
    return true;
  }

  #extend(params: JsonObject | undefined): void {
    const token = isObject(params) ? params.progressToken : undefined;
    for (const pending of this.#pending.values()) {
      if (token !== undefined && pending.progressToken === token) pending.extend();
    }
  }

  /** Resolves when the server has taken it, or sending failed: a server without it only works on in vain. */
  #announceGivingUp(requestId: number, reason: string): Promise<void> {
    return this.notify("notifications/cancelled", { requestId, reason }).catch(() => undefined);
  }

  /** A POST without a reply may hang as well: then a handshake or an answer would hang with it. */
  #send(method: string, message: object, timeoutMs: number = this.timeoutMs): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (failure: RequestFailure, cause?: unknown): void => {
        stopTimer();
        reject(new RequestFailedError(method, failure, cause));
      };
      const post = new AbortController();
      const late = `Not taken within ${timeoutMs} ms`;
      const stopTimer = this.#clock.after(timeoutMs, () => {
        fail({ kind: "timeout", message: late });
        post.abort();
      });
      sendOn(this.#transport, message, { requestSignal: post.signal, take: () => false }).then(
        () => {
          stopTimer();
          resolve();
        },
        (error: unknown) => fail(requestFailureOf(error), error),
      );
    });
  }
}
