import type { DurableTasks, TaskChange } from "holdfast/durable-object";
import { eventStream } from "../http/event-stream.ts";
import { changeEvent, groupEvent, RecentEvents } from "./recent-events.ts";

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
    return eventStream(async ({ writeText, readerWaits, ended }) => {
      ended.addEventListener("abort", () => {
        stream.end();
        this.#left();
      });
      for (;;) {
        // What nobody asks for is not made: an event may be long, and there are many streams.
        await readerWaits();
        const text = await stream.next();
        if (text === undefined) return;
        await writeText(text);
      }
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
    this.#missed = this.#catchUp(groupEvent("ready", {}, begin));
  }

  /** The next event. `undefined` once the stream has ended. */
  async next(): Promise<string | undefined> {
    while (!this.#ended) {
      const text = this.#read();
      if (text !== undefined) return text;
      await this.#news();
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
    return texts(changes ? ready : groupEvent("ready", { gap: true }, position), changes ?? []);
  }

  /** Resolves at the next event, or the end. */
  #news(): Promise<void> {
    return new Promise((resolve) => {
      const forget = this.#recent.next(resolve);
      this.#wake = () => {
        forget();
        resolve();
      };
    });
  }
}

function* texts(first: string | undefined, changes: Iterable<TaskChange>): Iterator<string> {
  if (first !== undefined) yield first;
  for (const change of changes) yield changeEvent(change);
}
