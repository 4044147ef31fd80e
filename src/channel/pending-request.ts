import { RequestFailedError } from "../engine/request-failed.ts";
import type { RequestFailure } from "../engine/request-failure.ts";
import { type RpcResponse, readRpcError } from "../protocol/json-rpc.ts";
import type { ResponseStream } from "../protocol/response-stream.ts";
import type { Frame } from "../protocol/task-protocol.ts";
import { requestFailureOf, rpcFailure } from "./request-failed.ts";
import type { AwaitedReply, RequestOptions, RpcChannel } from "./rpc-channel.ts";
import { type SendOptions, sendOn } from "./transport.ts";

/** Progress may extend a request, but not past this many times its timeout (lifecycle, "Timeouts"). */
const TIMEOUT_EXTENSIONS = 10;

/**
 * A request of a channel, what its transport reads of it, and what becomes of it: one object, since each poll makes one.
 * What few requests need is made when it is asked for.
 */
export class PendingRequest implements AwaitedReply, SendOptions {
  readonly id: number;
  lastEventId?: string;
  /** When its time is up, by {@link RpcChannel.elapsed}. Infinity for a stream that is to stay open. */
  deadline: number;
  /** Of a clock that may be set. */
  stopTimer: (() => void) | undefined;
  readonly #channel: RpcChannel;
  readonly #frame: Frame;
  readonly #options: RequestOptions;
  readonly #announces: boolean;
  readonly #resolve: (result: unknown) => void;
  readonly #reject: (error: RequestFailedError) => void;
  readonly #timeoutMs: number;
  readonly #startedAt: number;
  #stream: AbortController | undefined;
  #abandoning: (() => void) | undefined;
  #isSent = false;
  #renewingMs: number | undefined;

  constructor(
    channel: RpcChannel,
    id: number,
    frame: Frame,
    options: RequestOptions,
    announces: boolean,
    resolve: (result: unknown) => void,
    reject: (error: RequestFailedError) => void,
  ) {
    this.id = id;
    this.#channel = channel;
    this.#frame = frame;
    this.#options = options;
    this.#announces = options.announceGivingUp ?? announces;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timeoutMs = options.timeoutMs ?? channel.timeoutMs;
    this.#startedAt = channel.elapsed();
    this.deadline = this.#startedAt + this.#timeoutMs;
  }

  get about(): string {
    return this.#options.about ?? "";
  }

  get resume(): ResponseStream | undefined {
    return this.#options.resume;
  }

  get onStream(): RequestOptions["onStream"] {
    return this.#options.onStream;
  }

  get progressToken(): string | undefined {
    return this.#options.progressToken;
  }

  get headers(): SendOptions["headers"] {
    return this.#frame.headers;
  }

  /** Made when a transport asks for it: one whose requests have no stream of their own does not. */
  get signal(): AbortSignal {
    this.#stream ??= new AbortController();
    return this.#stream.signal;
  }

  get requestSignal(): AbortSignal {
    return this.signal;
  }

  get onRequestStreamEnd(): () => void {
    return () => this.fail({ kind: "network", message: "The response stream ended without a response" });
  }

  get take(): NonNullable<SendOptions["take"]> {
    return (message) => this.#channel.receive(message, this.about);
  }

  /** Sends the request, unless it is given up by now. */
  send(): void {
    if (this.#isAborted()) return this.abandon();
    const { giveUp, onSent } = this.#options;
    if (giveUp) giveUp.request = this;
    else {
      this.#abandoning = () => this.abandon();
      this.#options.signal?.addEventListener("abort", this.#abandoning, { once: true });
    }
    this.#isSent = true;
    onSent?.();
    const { id } = this;
    const { method, params } = this.#frame;
    // A device that is off line sends nothing, whatever its browser says of the failure.
    const { onLine } = (globalThis as { navigator?: { onLine?: boolean } }).navigator ?? {};
    sendOn(this.#channel.transport, { jsonrpc: "2.0", id, method, params }, this).catch((error: unknown) => {
      const failure = requestFailureOf(error, id);
      const unsent = onLine === false && failure.kind === "network";
      this.fail(unsent ? { ...failure, unsent } : failure, error);
    });
  }

  takeResponse(message: unknown, resumed?: boolean): AwaitedReply | "replay" | undefined {
    return this.#channel.takeResponse(this, message, resumed);
  }

  settle({ error, result }: RpcResponse): void {
    if (error !== undefined && error !== null) this.fail(rpcFailure(readRpcError(error)));
    else if (result === undefined)
      this.fail({
        kind: "malformed",
        message: "The reply is unreadable: it holds neither a result nor an error",
      });
    else if (this.#settles()) this.#resolve(result);
  }

  extend(): void {
    const limit = this.#startedAt + this.#timeoutMs * TIMEOUT_EXTENSIONS;
    this.deadline = Math.min(this.#channel.elapsed() + this.#timeoutMs, limit);
    this.#channel.expect(this);
  }

  renewing(forMs?: number): void {
    this.#renewingMs = forMs;
    this.deadline = this.#channel.elapsed() + (forMs ?? this.#timeoutMs);
    this.#channel.expect(this);
  }

  expire(): void {
    const ms = this.#renewingMs;
    const message = `No ${ms ? "sign-in" : "reply"} within ${ms ?? this.#timeoutMs} ms`;
    this.fail({ kind: "timeout", message, ...(ms && { unsent: true }) });
  }

  abort(): void {
    this.#stream ??= new AbortController();
    this.#stream.abort();
  }

  /** Gives the request up. */
  abandon(): void {
    this.fail({ kind: "network", message: "The request was given up" });
  }

  fail(failure: RequestFailure, cause?: unknown): void {
    if (!this.#settles()) return;
    // Nobody reads what may yet come, and the stream would hold one of the page's six connections to the host.
    if (failure.kind !== "rpc") this.abort();
    const error = new RequestFailedError(this.#frame.method, failure, cause);
    const { leavesRequest, rejectAfterAnnouncing } = this.#options;
    const aborted = this.#isAborted();
    // What was never sent cannot be cancelled (cancellation, "Behavior Requirements").
    if (!this.#isSent || !(aborted || failure.kind === "timeout")) return this.#reject(error);
    const announces = this.#announces && !(aborted && leavesRequest?.());
    const announced = this.#channel.gaveUp(this.id, announces ? failure.message : undefined);
    if (aborted && rejectAfterAnnouncing) void announced().then(() => this.#reject(error));
    else this.#reject(error);
  }

  /** Reads the signal only where nothing stands in its place: it is made when it is read. */
  #isAborted(): boolean {
    const { giveUp } = this.#options;
    return (giveUp ?? this.#options.signal)?.aborted === true;
  }

  #settles(): boolean {
    if (!this.#channel.settles(this.id)) return false;
    this.stopTimer?.();
    if (this.#abandoning) this.#options.signal?.removeEventListener("abort", this.#abandoning);
    return true;
  }
}
