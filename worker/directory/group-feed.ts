import type { GroupName } from "./principal-directory-rpc.ts";

/** How often a stream is written to, in ms: only then is it noticed that nobody reads it any more. */
const HEARTBEAT_MS = 15_000;

/** Streams that tell of each group (SSE): `group` for those there are, `ready`, and `group` again for each new one. */
export class GroupFeed {
  readonly #readers = new Set<ReadableStreamDefaultController<Uint8Array>>();
  readonly #encoder = new TextEncoder();
  #heartbeat: ReturnType<typeof setInterval> | null = null;

  /** @param limit How many may be open at the same time: beyond it the status is 429. */
  open(groups: readonly GroupName[], limit: number): Response {
    if (this.#readers.size >= limit) return new Response(null, { status: 429 });
    let reader: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        reader = controller;
        this.#readers.add(controller);
        for (const group of groups) this.#write(controller, groupEvent(group));
        this.#write(controller, "event: ready\ndata: {}\n\n");
        this.#heartbeat ??= setInterval(() => this.#beat(), HEARTBEAT_MS);
      },
      cancel: () => {
        if (reader) this.#drop(reader);
      },
    });
    return new Response(body, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  }

  announce(group: GroupName): void {
    this.#tell(groupEvent(group));
  }

  /** Nothing is queued for a reader who has not read what came before. */
  #beat(): void {
    for (const reader of [...this.#readers]) {
      if ((reader.desiredSize ?? 1) > 0) this.#write(reader, ": here\n\n");
    }
  }

  #tell(text: string): void {
    for (const reader of [...this.#readers]) this.#write(reader, text);
  }

  #write(reader: ReadableStreamDefaultController<Uint8Array>, text: string): void {
    try {
      reader.enqueue(this.#encoder.encode(text));
    } catch {
      this.#drop(reader);
    }
  }

  /** A timer keeps the object in memory: there is none without a reader. */
  #drop(reader: ReadableStreamDefaultController<Uint8Array>): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = null;
  }
}

function groupEvent({ endpoint, shard }: GroupName): string {
  return `event: group\ndata: ${JSON.stringify({ endpoint, shard })}\n\n`;
}
