import { type Clock, elapsedBy, systemClock } from "../clock.ts";
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
} from "../protocol/json-rpc.ts";
import type { ResponseStream } from "../protocol/response-stream.ts";
import type { Frame } from "../protocol/task-protocol.ts";
import { RecentSet } from "../recent-set.ts";
import { PendingRequest } from "./pending-request.ts";
import { requestFailureOf } from "./request-failed.ts";
import { STREAM_END_MS, sendOn, type Transport } from "./transport.ts";

/** The limit that kills MCP calls elsewhere: here it bounds one request, never a task. In ms. */
export const DEFAULT_REQUEST_TIMEOUT_MS = 60_000;
/** How many requests given up a channel remembers. The reply to an older one may reach the transport's owner, who knows no such id. */
const MAX_GIVEN_UP = 1_000;
/** How long a cancelled call waits for the server to take `notifications/cancelled`, in ms. */
const ANNOUNCED_WITHIN_MS = 1_000;
/** Ids of ours begin here. A Client on the same transport counts from 0; many servers take integers of 32 bits only. */
const FIRST_ID = 2 ** 30;

const NO_OPTIONS: RequestOptions = {};

/** What a signal says, to one listener: a signal costs more than the rest of a poll. */
export interface GiveUp {
  readonly aborted: boolean;
  /** The request in flight. The caller abandons it when it sets `aborted`. */
  request: { abandon(): void } | undefined;
}

export interface RequestOptions {
  /** In ms; the channel's own if absent. Infinity for a stream that is to stay open. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal;
  /** Gives the request up, in place of the signal. */
  readonly giveUp?: GiveUp | undefined;
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
  /** Rejects as unsent rather than to connect first. */
  readonly onlyConnected?: boolean;
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
  takeResponse(message: unknown, resumed?: boolean): AwaitedReply | "replay" | undefined;
  fail(failure: RequestFailure, cause?: unknown): void;
  /** The server refused its token: it has done nothing yet, and its time stands still until the renewal ends, for at most so many ms. */
  renewing(forMs?: number): void;
  /** Aborts `signal`: nobody reads the rest of the response stream. */
  abort(): void;
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
  readonly #pending: Map<number, PendingRequest> = new Map();
  /** Requests given up, whose replies may still come; of most of a server that never replies they never do. */
  readonly #givenUp: Set<number> = new RecentSet(MAX_GIVEN_UP);
  readonly #firstId: number = FIRST_ID + Math.floor(Math.random() * 2 ** 29);
  #lastId: number = this.#firstId;
  #closed = false;
  /** When the earliest timeout is looked for, by {@link elapsed}. */
  #sweepAt: number = Number.POSITIVE_INFINITY;
  #stopSweep: (() => void) | undefined;
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

  /**
   * Sends a request and returns its `result`. Throws a RequestFailedError.
   * @param announces Whether giving it up is notified to the server, unless the options say.
   */
  request(frame: Frame, options: RequestOptions = NO_OPTIONS, announces = false): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = options.resume?.requestId ?? ++this.#lastId;
      const pending = new PendingRequest(this, id, frame, options, announces, resolve, reject);
      this.#pending.set(id, pending);
      if (this.#closed) pending.fail({ kind: "network", message: "The connection is closed" });
      else if (options.resume && !this.#transport.resumesStreams) {
        const message = "This connector resumes no response stream; fromUrl of holdfast/http does";
        pending.fail({ kind: "network", message, forgotten: true });
      } else {
        this.expect(pending);
        pending.send();
      }
    });
  }

  /** Ends the request at its deadline. One timer serves all requests: one for each costs more than the rest of a poll. */
  expect(pending: PendingRequest): void {
    // A request that is to stay open from here on sets no other.
    pending.stopTimer?.();
    if (pending.deadline < this.#sweepAt) this.#setTimer(pending);
  }

  #setTimer(pending: PendingRequest): void {
    const { deadline } = pending;
    const left = Math.max(0, deadline - this.elapsed());
    if (!this.#clock.elapsed) {
      // The clock may be set while the request waits: only a timer of its own is sure.
      pending.stopTimer = this.#clock.after(left, () => pending.expire());
      return;
    }
    this.#stopSweep?.();
    this.#sweepAt = deadline;
    this.#stopSweep = this.#clock.after(left, () => {
      // A timer may be early by a fraction of a millisecond.
      const now = Math.max(deadline, this.elapsed());
      this.#sweepAt = Number.POSITIVE_INFINITY;
      for (const other of [...this.#pending.values()]) {
        if (other.deadline <= now) other.expire();
        else this.expect(other);
      }
    });
  }

  elapsed(): number {
    return elapsedBy(this.#clock);
  }

  /** Takes a request off. Returns false where its reply or failure came before. */
  settles(id: number): boolean {
    if (!this.#pending.delete(id)) return false;
    // With nothing in flight, no timer keeps a process awake.
    if (this.#pending.size === 0) {
      this.#stopSweep?.();
      this.#sweepAt = Number.POSITIVE_INFINITY;
    }
    return true;
  }

  /**
   * The reply is wanted no longer: should it come, nobody else must see it. Returns what resolves once the server can know.
   * @param reason Notified to the server, if given.
   */
  gaveUp(requestId: number, reason?: string): () => Promise<void> {
    this.#givenUp.add(requestId);
    const announced =
      reason !== undefined &&
      // A server that does not get it only works on in vain.
      this.notify("notifications/cancelled", { requestId, reason }).catch(() => undefined);
    return () =>
      new Promise((resolve) => {
        // No platform reports when the end of a stream has left the machine.
        const stop = this.#clock.after(announced ? ANNOUNCED_WITHIN_MS : STREAM_END_MS, resolve);
        if (announced)
          void announced.then(() => {
            stop();
            resolve();
          });
      });
  }

  /** What {@link AwaitedReply.takeResponse} does. */
  takeResponse(
    to: PendingRequest,
    message: unknown,
    resumed?: boolean,
  ): PendingRequest | "replay" | undefined {
    if (!isResponse(message)) return undefined;
    const own = integerId(message.id);
    const named = this.#pending.get(own);
    if (!named && resumed && isChannelId(own)) return "replay";
    const taker = named ?? to;
    taker.settle(message);
    return taker;
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
