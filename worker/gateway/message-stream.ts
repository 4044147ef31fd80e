/** So often a silent stream shows that it lives, in ms. */
const KEEP_ALIVE_MS = 15_000;

/** The same where it matters that a client has hung up: it is noticed no sooner than when the second write fails. */
export const ATTENTIVE_MS = 300;

/** Writes JSON-RPC messages down a response. */
export interface MessageStream {
  /** Aborted when the client has hung up, or the stream's time is over. */
  readonly signal: AbortSignal;
  send(message: object): void;
}

export interface MessageStreamOptions {
  readonly keepAliveMs?: number;
  /** The longest it lives, in ms, where it is not for one reply: a token that was withdrawn must not be served for ever. */
  readonly lifeMs?: number;
}

/**
 * A response on which messages are sent while `work` goes on. It ends with the work; should the client hang up first, or the
 * stream's time be over, the work hears of it and still comes to its own end.
 */
export function messageStream(
  waitUntil: (work: Promise<unknown>) => void,
  work: (stream: MessageStream) => Promise<void>,
  { keepAliveMs = KEEP_ALIVE_MS, lifeMs }: MessageStreamOptions = {},
): Response {
  const encoder = new TextEncoder();
  const hungUp = new AbortController();
  const over = new AbortController();
  const life =
    lifeMs === undefined
      ? null
      : setTimeout(() => over.abort(new Error("The stream has lived long enough")), lifeMs);
  let keepAlive: ReturnType<typeof setInterval> | null = null;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string): void => {
        if (hungUp.signal.aborted) return;
        controller.enqueue(encoder.encode(text));
      };
      // The headers go out with it: whoever waits sees that somebody is there.
      write(": open\n\n");
      keepAlive = setInterval(() => write(": alive\n\n"), keepAliveMs);
      const send = (message: object): void => write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
      const signal = AbortSignal.any([hungUp.signal, over.signal]);
      const done = work({ signal, send }).finally(() => {
        clearInterval(keepAlive);
        clearTimeout(life);
        if (!hungUp.signal.aborted) controller.close();
      });
      waitUntil(done.catch(() => undefined));
    },
    cancel() {
      clearInterval(keepAlive);
      clearTimeout(life);
      hungUp.abort(new Error("The client has hung up"));
    },
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    },
  });
}
