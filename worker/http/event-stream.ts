/** How often a silent stream is written to, in ms: the client learns that it lives, and the worker that the client does. */
const HEARTBEAT_MS = 15_000;
/** The longest a client's stream lives, in ms: a withdrawn token must not be served for ever. The client comes back by itself. */
export const STREAM_LIFE_MS = 1_800_000;

export interface OutgoingEvent {
  readonly type: string;
  readonly data: string;
  readonly id?: string;
}

/** Where a stream's events go. */
export interface EventOutput {
  /**
   * Queues an event. Resolves when the client's side has taken it: a caller that waits for that queues one at a time.
   * Rejects when the stream has ended.
   */
  write(event: OutgoingEvent): Promise<void>;
  /** Aborted when the client is gone or does not read, and when the stream's time is over. */
  readonly ended: AbortSignal;
}

/** The same, and events that are text already. */
export interface EventWriter extends EventOutput {
  writeText(text: string): Promise<void>;
  /** Resolves when all is read and the reader waits for more, and when the stream has ended. */
  readerWaits(): Promise<void>;
}

export interface EventStreamOptions {
  readonly heartbeatMs?: number;
  /** How long the stream lives, in ms; without it, as long as it is filled. */
  readonly lifeMs?: number;
  /** The client's request: aborted when the client goes away. */
  readonly signal?: AbortSignal;
  /**
   * How much may wait to be read, in characters, when more is written; beyond it the stream fails. One event of any length
   * may wait. Without it there is no bound: for those who wait for each `write`.
   */
  readonly mostUnread?: number;
}

interface Unread {
  readonly text: string;
  readonly taken: () => void;
  readonly lost: (reason: unknown) => void;
}

/**
 * A `text/event-stream` response (WHATWG HTML, "Server-sent events"). `fill` writes to it for as long as it likes; the stream
 * ends when `fill` has. Nothing is encoded or sent before somebody reads.
 */
export function eventStream(
  fill: (output: EventWriter) => Promise<void>,
  options: EventStreamOptions = {},
): Response {
  const { heartbeatMs = HEARTBEAT_MS, lifeMs, signal, mostUnread = Number.POSITIVE_INFINITY } = options;
  const encoder = new TextEncoder();
  const ended = new AbortController();
  const queue: Unread[] = [];
  /** Who waits for the reader to ask for more. */
  const waiting: (() => void)[] = [];
  let unread = 0;
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** The reader waits: resolves its wait. */
  let wanted: (() => void) | undefined;
  /** `filled`: what is queued is still sent. `over`: nothing is. */
  let state: "open" | "filled" | "over" = "open";

  const send = (text: string): void => {
    const served = wanted;
    // Before the enqueuing: the reader may ask for more within it.
    wanted = undefined;
    controller?.enqueue(encoder.encode(text));
    served?.();
  };
  const close = (): void => {
    state = "over";
    controller?.close();
    wanted?.();
  };
  const stop = (reason: unknown): void => {
    clearInterval(heartbeat);
    clearTimeout(life);
    signal?.removeEventListener("abort", hungUp);
    ended.abort(reason);
  };
  /** Nobody reads any more. */
  const lose = (reason: Error): void => {
    if (state === "over") return;
    state = "over";
    stop(reason);
    for (const { lost } of queue.splice(0)) lost(reason);
    for (const proceed of waiting.splice(0)) proceed();
    controller?.error(reason);
  };
  const hungUp = (): void => lose(new Error("The client has hung up"));
  const filled = (): void => {
    if (state === "over") return;
    stop(new Error("The stream is complete"));
    state = "filled";
    if (queue.length === 0) close();
  };
  const writeText = (text: string): Promise<void> => {
    if (state !== "open") return Promise.reject(ended.signal.reason);
    if (unread > mostUnread) {
      const reason = new Error(`The client does not read: ${unread} characters wait for it`);
      lose(reason);
      return Promise.reject(reason);
    }
    if (wanted && queue.length === 0) {
      send(text);
      return Promise.resolve();
    }
    unread += text.length;
    return new Promise((taken, lost) => queue.push({ text, taken, lost }));
  };

  const readerWaits = (): Promise<void> =>
    wanted || state === "over" ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));

  const body = new ReadableStream<Uint8Array>(
    {
      start(opened) {
        controller = opened;
      },
      pull() {
        const next = queue.shift();
        if (!next) {
          return new Promise((resolve) => {
            wanted = resolve;
            for (const proceed of waiting.splice(0)) proceed();
          });
        }
        unread -= next.text.length;
        send(next.text);
        next.taken();
        if (state === "filled" && queue.length === 0) close();
      },
      cancel: hungUp,
    },
    { highWaterMark: 0 },
  );
  // Only for a reader who has taken all that came before: heartbeats must not queue up.
  const beat = (): void => {
    if (queue.length === 0) void writeText(": alive\n\n").catch(() => undefined);
  };
  const heartbeat = setInterval(beat, heartbeatMs);
  const life =
    lifeMs === undefined
      ? null
      : setTimeout(() => ended.abort(new Error("The stream has lived long enough")), lifeMs);
  signal?.addEventListener("abort", hungUp);
  if (signal?.aborted) hungUp();
  const write = (event: OutgoingEvent): Promise<void> => writeText(eventText(event));
  void fill({ write, writeText, readerWaits, ended: ended.signal }).then(filled, filled);
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      // A proxy that gathers a response before it passes it on makes no stream of it.
      "x-accel-buffering": "no",
    },
  });
}

/** An event as the format has it. Line ends in the data stay line ends. */
export function eventText({ type, data, id }: OutgoingEvent): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${type}\n${lines.join("")}\n`;
}
