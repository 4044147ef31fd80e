import { LONGEST_WAIT_MS, MAX_REPLY, tooLong } from "../protocol/bounds.ts";

/** One event of a `text/event-stream` (WHATWG HTML, "Server-sent events"). */
export interface StreamedEvent {
  /** `message` where the server gave no name. */
  readonly type: string;
  readonly data: string;
  /** The id that came with this event. Absent when it had none of its own. */
  readonly id?: string;
  /** The last id of the stream so far, as `Last-Event-ID` wants it; "" before there was any. */
  readonly lastEventId: string;
}

/** Reads the bytes of an event stream, in whatever chunks they come. */
export class EventStreamParser {
  /** Takes a leading byte order mark away, as the format wants it. */
  readonly #decoder: TextDecoder = new TextDecoder();
  /** The beginning of a line whose end has not come. */
  #line = "";
  /** The last chunk ended with CR: a LF that follows belongs to it. */
  #afterReturn = false;
  #type = "";
  #data: string[] = [];
  /** Of the event that has not ended, in UTF-16 code units. */
  #length = 0;
  #id: string | undefined;
  #lastEventId = "";
  #retryMs: number | undefined;

  /** The last id of the stream so far, also one that came without data; "" before there was any. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** How long the server wants a client to wait before it connects again, in ms, if it said so: an hour at most. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /** The events that are whole with this chunk. Throws a RangeError for an event that is longer than a reply may be. */
  push(chunk: Uint8Array): readonly StreamedEvent[] {
    let text = this.#decoder.decode(chunk, { stream: true });
    if (text === "") return [];
    this.#length += text.length;
    if (this.#length > MAX_REPLY) throw tooLong();
    if (this.#afterReturn && text.startsWith("\n")) text = text.slice(1);
    this.#afterReturn = text.endsWith("\r");
    // The chunk alone is searched: a line that comes in many chunks would be searched as often.
    const lines = text.split(/\r\n|\r|\n/);
    lines[0] = this.#line + lines[0];
    this.#line = lines.pop() as string;
    return lines.flatMap((line) => this.#take(line) ?? []);
  }

  #take(line: string): StreamedEvent | undefined {
    if (line === "") return this.#dispatch();
    // A line that begins with a colon is a comment: a field without a name.
    const [, field, value = ""] = /^([^:]*):? ?(.*)/s.exec(line) ?? [];
    if (field === "data") this.#data.push(value);
    // No field of an event begins with a brace. It is a JSON-RPC message in a response that only calls itself an event stream.
    else if (line.startsWith("{")) this.#data.push(line);
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value))
      this.#retryMs = Math.min(Number(value), LONGEST_WAIT_MS);
    return undefined;
  }

  #dispatch(): StreamedEvent | undefined {
    const [type, data, id] = [this.#type, this.#data, this.#id];
    this.#type = "";
    this.#data = [];
    this.#length = 0;
    this.#id = undefined;
    // Also without data, which makes it no event.
    if (id !== undefined) this.#lastEventId = id;
    if (data.length === 0) return undefined;
    return {
      type: type || "message",
      data: data.join("\n"),
      ...(id !== undefined && { id }),
      lastEventId: this.#lastEventId,
    };
  }
}

export interface ReadOptions {
  /** Ends the reading, and the stream with it. */
  readonly signal?: AbortSignal;
  /** Called for every chunk, be there an event in it or only a heartbeat. */
  readonly received?: () => void;
}

/**
 * The events of a stream until it ends. Throws what the stream fails with; an abort ends it without.
 * @example
 * const { body } = await fetch("https://tasks.example/v1/events");
 * if (body) for await (const { type, data } of readEventStream(body)) console.log(type, data);
 */
export async function* readEventStream(
  body: ReadableStream<Uint8Array>,
  { signal, received }: ReadOptions = {},
): AsyncGenerator<StreamedEvent, void, void> {
  const reader = body.getReader();
  const parser = new EventStreamParser();
  const cancel = (): void => void reader.cancel(signal?.reason).catch(() => undefined);
  if (signal?.aborted) cancel();
  signal?.addEventListener("abort", cancel);
  try {
    while (!signal?.aborted) {
      const { done, value } = await reader.read();
      if (done) return;
      received?.();
      for (const event of parser.push(value)) {
        if (signal?.aborted) return;
        yield event;
      }
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    signal?.removeEventListener("abort", cancel);
    cancel();
  }
}

/**
 * What a GET for an event stream is sent with. Without it, Firefox holds a second GET to the address back for as long as the first is
 * open, since the first may come to fill its cache. Runtimes without a cache reject the option.
 */
export function uncached(): RequestInit {
  return "cache" in Request.prototype ? { cache: "no-store" } : {};
}
