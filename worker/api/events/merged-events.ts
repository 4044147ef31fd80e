import type { StreamedEvent } from "holdfast/remote";
import type { EventOutput } from "../../http/event-stream.ts";
import { follow, type Pause } from "../../http/follow.ts";
import { encodePositions, type Positions } from "./position.ts";

/** How long the first `ready` waits for groups that do not answer, in ms. */
const READY_WAIT_MS = 5_000;

/** A group's stream of changes. */
export interface GroupStream {
  /** `<endpoint>.<shard>`. */
  readonly key: string;
  /** @param after The position to go on from; from now on without one. */
  open(after: number | undefined, signal: AbortSignal): Promise<Response>;
}

export interface MergedEventsOptions {
  readonly output: EventOutput;
  /** Where the watcher was; nowhere without one. */
  readonly from: Positions | undefined;
  readonly pause: Pause;
}

/**
 * The streams of several groups as one. Each event's id is the watcher's position in all groups
 * after it, so that any of them can be gone on from: nothing is missed, and nothing comes twice.
 * A group's stream that breaks is opened again from its position, and the watcher does not notice.
 */
export class MergedEvents {
  readonly #options: MergedEventsOptions;
  readonly #positions: Map<string, number>;
  readonly #groups: Set<string> = new Set();
  /** Groups the first `ready` waits for. */
  readonly #awaited: Set<string> = new Set();
  readonly #ready: Promise<void>;
  #makeReady: () => void = () => undefined;
  #isReady = false;
  #begun = false;
  /** Whether everything since the watcher's position is still to be had. */
  #unbroken = true;

  constructor(options: MergedEventsOptions) {
    this.#options = options;
    this.#positions = new Map(options.from);
    this.#ready = new Promise((resolve) => {
      this.#makeReady = resolve;
    });
    // Nobody waits for what will not be said any more.
    options.output.ended.addEventListener("abort", this.#makeReady);
  }

  /**
   * Adds a group, once. Where the watcher has no position in it, it is new to them: from its beginning.
   * @param fresh It was there before the watcher, who has no position at all: from now on.
   */
  add(group: GroupStream, fresh = false): void {
    const { key } = group;
    if (this.#groups.has(key)) return;
    this.#groups.add(key);
    if (!fresh && !this.#positions.has(key)) this.#positions.set(key, 0);
    if (!this.#isReady) this.#awaited.add(key);
    const { output, pause } = this.#options;
    void follow({
      open: (signal) => group.open(this.#positions.get(key), signal),
      take: (event) => this.#take(key, event),
      absent: () => {
        // It holds nothing yet, so that all it will hold is news.
        if (!this.#positions.has(key)) this.#positions.set(key, 0);
        this.#found(key);
      },
      signal: output.ended,
      pause,
    });
  }

  /** All groups there are have been added. Resolves when `ready` has been sent. */
  async begin(): Promise<void> {
    const { output, pause } = this.#options;
    this.#begun = true;
    if (this.#awaited.size === 0) this.#announce();
    else void pause(READY_WAIT_MS, output.ended).then(() => this.#announce());
    await this.#ready;
  }

  async #take(key: string, event: StreamedEvent): Promise<void> {
    const { output } = this.#options;
    if (event.type === "ready") return this.#opened(key, sequence(event.id), saysGap(event.data));
    // Nothing comes before `ready`.
    await this.#ready;
    if (event.id === undefined) return output.write({ type: event.type, data: event.data });
    const position = sequence(event.id);
    if (position === undefined || position <= (this.#positions.get(key) ?? 0)) return;
    this.#positions.set(key, position);
    await output.write({ type: event.type, data: event.data, id: this.#id });
  }

  /**
   * @param position Where the group's stream begins, or goes on.
   * @param missed The watcher had missed more than the group replays.
   */
  async #opened(key: string, position: number | undefined, missed: boolean): Promise<void> {
    const before = this.#positions.get(key);
    // Behind where the watcher was: the group has begun anew, or was not there when all were made ready.
    const gap =
      position !== undefined && (missed || (before === undefined ? this.#isReady : position < before));
    if (position !== undefined && (before === undefined || gap)) this.#positions.set(key, position);
    if (gap && this.#isReady) await this.#sayReady(false);
    else if (gap) this.#unbroken = false;
    this.#found(key);
  }

  #found(key: string): void {
    this.#awaited.delete(key);
    if (this.#begun && this.#awaited.size === 0) this.#announce();
  }

  #announce(): void {
    if (this.#isReady || this.#options.output.ended.aborted) return;
    this.#isReady = true;
    const said = this.#sayReady(this.#options.from !== undefined && this.#unbroken);
    // Its place in the stream is taken: what comes now comes after it.
    this.#makeReady();
    void said.catch(() => undefined);
  }

  #sayReady(resumed: boolean): Promise<void> {
    return this.#options.output.write({
      type: "ready",
      data: JSON.stringify({ resumed }),
      id: this.#id,
    });
  }

  get #id(): string {
    return encodePositions(this.#positions);
  }
}

/** A group says so in the data of its `ready`. */
function saysGap(data: string): boolean {
  return data.includes('"gap":true');
}

function sequence(id: string | undefined): number | undefined {
  return id !== undefined && /^\d{1,15}$/.test(id) ? Number(id) : undefined;
}
