import type { DurableTasks, TaskChange } from "holdfast/durable-object";
import { changeEvent, eventText, RecentEvents } from "./recent-events.ts";

/** So often a silent stream shows that it lives, in ms. */
const HEARTBEAT_MS = 15_000;

export interface ChangeStreamOptions {
  /** The position the watcher has seen; from now on without one. */
  readonly after: number | undefined;
  /** Of one task only. */
  readonly id: string | undefined;
}

/**
 * The changes of a group as Server-Sent Events: first `ready`, then each stored change once, in order, as `task` with its
 * position as id; progress and deletions, which are not stored, as `progress` and `forgotten` without an id. Where a watcher
 * has missed more than is replayed, `ready` comes (again) with `{ gap: true }`.
 *
 * Nothing is queued for a watcher: each event is made when it is read.
 */
export class ChangeStreams {
  readonly #tasks: DurableTasks;
  /** As long as there is a stream. */
  #recent: RecentEvents | undefined;
  #count = 0;

  constructor(tasks: DurableTasks) {
    this.#tasks = tasks;
  }

  open({ after, id }: ChangeStreamOptions): Response {
    this.#recent ??= new RecentEvents(this.#tasks);
    this.#count += 1;
    const stream = new ChangeStream(this.#tasks, this.#recent, { after, id });
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const text = await stream.next();
          if (text !== undefined) controller.enqueue(encoder.encode(text));
        },
        cancel: () => {
          stream.end();
          this.#left();
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-cache, no-transform" },
    });
  }

  #left(): void {
    this.#count -= 1;
    if (this.#count > 0) return;
    this.#recent?.close();
    this.#recent = undefined;
  }
}

/** One watcher's place in the changes of a group. */
class ChangeStream {
  readonly #tasks: DurableTasks;
  readonly #recent: RecentEvents;
  readonly #id: string | undefined;
  /** What comes before the events from `#place` on. */
  #missed: Iterator<string>;
  #place: number;
  /** The position of the last stored change that was read, or passed over. */
  #seen: number;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(tasks: DurableTasks, recent: RecentEvents, { after, id }: ChangeStreamOptions) {
    this.#tasks = tasks;
    this.#recent = recent;
    this.#id = id;
    const position = tasks.position();
    this.#place = recent.end;
    this.#seen = after ?? position;
    // The object never returned a position as high as this one: `ready` says where the watcher stands instead.
    const begin = Math.min(this.#seen, position);
    this.#missed = this.#catchUp(eventText("ready", {}, begin));
  }

  /** The next event, or a sign of life. `undefined` once the stream has ended. */
  async next(): Promise<string | undefined> {
    while (!this.#ended) {
      const text = this.#read();
      if (text !== undefined) return text;
      if (!(await this.#news())) return ": alive\n\n";
    }
    return undefined;
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  #read(): string | undefined {
    for (;;) {
      const missed = this.#missed.next();
      if (!missed.done) return missed.value;
      if (this.#place < this.#recent.start) {
        this.#place = this.#recent.end;
        this.#missed = this.#catchUp();
        continue;
      }
      const event = this.#recent.at(this.#place);
      if (!event) return undefined;
      this.#place += 1;
      this.#seen = event.seq ?? this.#seen;
      if (this.#id === undefined || event.id === this.#id) return event.text;
    }
  }

  /** The stored changes since the last that was read; what was not stored is missed. */
  #catchUp(ready?: string): Iterator<string> {
    const position = this.#tasks.position();
    const changes = this.#seen < position ? this.#tasks.changes(this.#seen, this.#id) : [];
    this.#seen = position;
    return texts(changes ? ready : eventText("ready", { gap: true }, position), changes ?? []);
  }

  /** Resolves with true at the next event, or the end, and with false after a while. */
  #news(): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (news: boolean): void => {
        clearTimeout(timer);
        forget();
        resolve(news);
      };
      const timer = setTimeout(() => done(false), HEARTBEAT_MS);
      const forget = this.#recent.next(() => done(true));
      this.#wake = () => done(true);
    });
  }
}

function* texts(first: string | undefined, changes: Iterable<TaskChange>): Iterator<string> {
  if (first !== undefined) yield first;
  for (const change of changes) yield changeEvent(change);
}
