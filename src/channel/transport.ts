import { systemClock } from "../clock.ts";
import type { Taken } from "../protocol/inbound.ts";
import { isResponse } from "../protocol/json-rpc.ts";

/** The part of an SDK `Transport` the channel uses; both majors fit it. */
export interface Transport {
  start(): Promise<void>;
  close(): Promise<void>;
  send(message: never, options?: never): Promise<void>;
  onmessage?: ((message: never, extra?: never) => void) | undefined;
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  sessionId?: string | undefined;
  /** SDK v2: each request has a response stream, whose end cancels the request (2026-07-28). */
  readonly hasPerRequestStream?: boolean | undefined;
  /** `send` awaits the reply to a request that the channel holds as one to resume, and sends nothing. */
  readonly resumesStreams?: boolean | undefined;
  /** Opens the GET stream; an empty id asks for no replay. */
  resumeStream?:
    | ((lastEventId: string, options?: { onresumptiontoken?: (id: string) => void }) => Promise<void>)
    | undefined;
  setProtocolVersion?: ((version: string) => void) | undefined;
}

/** Options of a request. The v1 transport honours none of them by itself. */
export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Ends this request's response stream: how 2026-07-28 cancels over HTTP. */
  readonly requestSignal?: AbortSignal;
  /** Called when the response stream ended and brought no response. */
  readonly onRequestStreamEnd?: () => void;
  /**
   * Takes what arrives on this request's own response stream; what it declines goes to the transport's `onmessage`.
   * Only Streamable HTTP has such streams: other transports never call it.
   */
  readonly take?: (message: unknown) => Taken;
}

/**
 * How long the end of a response stream may take, in ms. A stream that the server ends itself after the reply leaves its
 * connection usable, and that end comes with the reply or right after it; a longer wait only holds the connection.
 */
export const STREAM_END_MS = 100;

/** Sends a frame on a transport of either major. */
export function sendOn(transport: Transport, message: object, options: SendOptions = {}): Promise<void> {
  const send = transport.send as (message: object, options?: SendOptions) => Promise<void>;
  // A transport that names no options reads none.
  return transport.resumesStreams || send.length < 2
    ? send.call(transport, message, options)
    : sendCopied(transport, send, message, options);
}

function sendCopied(
  transport: Transport,
  send: (message: object, options?: SendOptions) => Promise<void>,
  message: object,
  options: SendOptions,
): Promise<void> {
  const { take, headers, onRequestStreamEnd } = options;
  // A wrapper may copy its options, which a getter of a class does not survive.
  const copied: SendOptions = {
    ...(headers && { headers }),
    ...(onRequestStreamEnd && { onRequestStreamEnd }),
    ...(take && { take }),
    get requestSignal() {
      return options.requestSignal as AbortSignal;
    },
  };
  if (!take || !isStreamableHttp(transport)) return send.call(transport, message, copied);
  const replied = new AbortController();
  const signals = [replied.signal, ...(options.requestSignal ? [options.requestSignal] : [])];
  const requestSignal = AbortSignal.any(signals);
  const cut = (): void => void systemClock.after(STREAM_END_MS, () => replied.abort());
  return send.call(viewOf(transport, take, requestSignal, cut), message, { ...copied, requestSignal });
}

/**
 * Whether this is the Streamable HTTP transport of an SDK itself. A subclass or a wrapper may have private fields,
 * which a view cannot reach.
 */
function isStreamableHttp(transport: Transport): boolean {
  return (
    Object.hasOwn(transport, "_reconnectionOptions") &&
    Object.hasOwn(Object.getPrototypeOf(transport), "terminateSession")
  );
}

/**
 * The transport with an `onmessage` and an abort signal of its own. Both majors read a response stream, also one they
 * resume, with the object that `send` was called on, so that the messages of one request arrive at the view it was sent
 * on. v1 knows no signal of a request, only its own controller: a request given up would hold its connection.
 */
function viewOf(
  transport: Transport,
  take: (message: unknown) => Taken,
  signal: AbortSignal,
  cut: () => void,
): Transport {
  let streams = false;
  const onmessage = (message: never, extra?: never): void => {
    const taken = take(message);
    unlessTaken(taken, () => transport.onmessage?.(message, extra));
    // Some servers leave the stream open after the reply. A page has six connections to a host.
    if (taken && streams && isResponse(message)) cut();
  };
  return new Proxy(transport, {
    get: (target, property) => {
      if (property === "onmessage") return onmessage;
      // The end of a stream that we cut is not an error of the Client's, whose transport this may be.
      if (property === "onerror" && signal.aborted) return undefined;
      if (property === "_handleSseStream") streams = true;
      const value: unknown = Reflect.get(target, property);
      if (property !== "_abortController" || !(value instanceof AbortController)) return value;
      return { signal: AbortSignal.any([value.signal, signal]) };
    },
  });
}

/** Calls back for a message that was not taken, once that is known. */
export function unlessTaken(taken: Taken, declined: () => void): void {
  if (typeof taken === "boolean") {
    if (!taken) declined();
  } else void taken.then((known) => unlessTaken(known, declined));
}

/** Takes the messages that arrive on a transport; those `take` declines go where they went before. */
export function tapMessages(transport: Transport, take: (message: unknown) => Taken): () => void {
  const before = transport.onmessage as ((message: unknown, extra?: unknown) => void) | undefined;
  const tapped = (message: unknown, extra?: unknown): void => {
    unlessTaken(take(message), () => before?.call(transport, message, extra));
  };
  transport.onmessage = tapped as NonNullable<Transport["onmessage"]>;
  return () => {
    // Another tap may sit on ours by now; then ours just lets everything through.
    take = () => false;
    if (transport.onmessage === tapped) transport.onmessage = before as Transport["onmessage"];
  };
}

/** Calls back when the transport closes, after the listener that was there before. */
export function tapClose(transport: Transport, closed: () => void): void {
  const before = transport.onclose;
  transport.onclose = () => {
    try {
      before?.call(transport);
    } finally {
      closed();
    }
  };
}
