/** So often a silent stream is written to, in ms: by it the client knows that it lives, and we that the client does. */
export const HEARTBEAT_MS = 15_000;
/** The longest a stream lives, in ms: a token that was withdrawn must not be served for ever. The client comes back by itself. */
export const STREAM_LIFE_MS = 1_800_000;

export interface OutgoingEvent {
  readonly type: string;
  readonly data: string;
  readonly id?: string;
}

/** Where a stream's events go. */
export interface EventOutput {
  /** Takes its place in the stream at once; resolves when there is room for more. Rejects when the client is gone. */
  write(event: OutgoingEvent): Promise<void>;
  /** Aborted when nobody reads any more, or the stream's time is over. */
  readonly ended: AbortSignal;
}

export interface EventResponseOptions {
  readonly heartbeatMs?: number;
  readonly lifeMs?: number;
  /** The client's request: aborted when it goes away. */
  readonly signal?: AbortSignal;
}

/** A `text/event-stream` response, and what fills it as long as somebody reads. */
export function eventResponse(
  fill: (output: EventOutput) => Promise<void>,
  { heartbeatMs = HEARTBEAT_MS, lifeMs = STREAM_LIFE_MS, signal }: EventResponseOptions = {},
): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const ended = new AbortController();
  const end = (): void => {
    if (ended.signal.aborted) return;
    clearInterval(heartbeat);
    clearTimeout(life);
    signal?.removeEventListener("abort", end);
    ended.abort();
    // Already closed from the other side, perhaps.
    writer.close().catch(() => undefined);
  };
  const send = (text: string): Promise<void> => writer.write(encoder.encode(text));
  // Nothing is queued for a client that has not read what came before.
  const beat = (): void => {
    if ((writer.desiredSize ?? 1) > 0) void send(": alive\n\n").catch(end);
  };
  const heartbeat = setInterval(beat, heartbeatMs);
  const life = setTimeout(end, lifeMs);
  signal?.addEventListener("abort", end);
  writer.closed.then(end, end);
  const output: EventOutput = { write: (event) => send(eventText(event)), ended: ended.signal };
  void fill(output).then(end, end);
  return new Response(readable, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      // A proxy that gathers a response before it passes it on makes a stream of it none.
      "x-accel-buffering": "no",
    },
  });
}

function eventText({ type, data, id }: OutgoingEvent): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${type}\n${lines.join("")}\n`;
}
