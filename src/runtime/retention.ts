import type { Clock } from "../clock.ts";
import type { StoredTasks } from "./stored-tasks.ts";

/** How long settled tasks stay in the store, unless `forget` deletes them. */
export interface Retention {
  /** From the outcome on, in ms. */
  readonly ms: number;
  /** And no more than this many, the latest. */
  readonly count: number;
}

export const DEFAULT_RETENTION: Retention = { ms: 7 * 24 * 3_600_000, count: 1_000 };

/** After how many outcomes the settled tasks are looked through. */
const COLLECT_EVERY = 100;

/** Names a task. A store that no tabs share need not say its endpoint. */
export interface TaskName {
  readonly id: string;
  readonly endpoint?: string;
}

/** Deletes the settled tasks that retention no longer covers, also those whose outcome only memory has. */
export class RetentionSweep {
  readonly #stored: StoredTasks;
  readonly #clock: Clock;
  readonly #retention: Retention;
  readonly #forget: (task: TaskName) => Promise<void>;
  #outcomes = 0;
  /** Tasks whose outcome the store did not take. */
  readonly #unstored: Set<string> = new Set();

  constructor(
    stored: StoredTasks,
    clock: Clock,
    retention: Retention,
    forget: (task: TaskName) => Promise<void>,
  ) {
    this.#stored = stored;
    this.#clock = clock;
    this.#retention = retention;
    this.#forget = forget;
  }

  /** Counts an outcome. */
  settled(): void {
    if (++this.#outcomes % COLLECT_EVERY === 0) void this.collect();
  }

  /** Collects with the next outcome. */
  collectLater(): void {
    this.#outcomes = COLLECT_EVERY - 1;
  }

  async collect(): Promise<void> {
    const { ms, count } = this.#retention;
    const oldest = this.#clock.now() - ms;
    const outdated = await this.#stored.attempt<readonly TaskName[]>(
      async (store) =>
        (await store.outdated?.(oldest, count))?.map((id) => ({ id })) ?? this.#outdated(oldest),
      [],
    );
    for (const task of outdated) await this.#stored.attempt(() => this.#forget(task), undefined);
  }

  async #outdated(oldest: number): Promise<readonly TaskName[]> {
    const latestFirst = [...(await this.#stored.settled())].sort(
      (a, b) => (b.settledAt ?? 0) - (a.settledAt ?? 0),
    );
    return latestFirst.filter(
      ({ settledAt = 0 }, index) => index >= this.#retention.count || settledAt < oldest,
    );
  }

  /** Keeps a task in memory whose outcome the store did not take. Returns the task that must make room for it. */
  addUnstored(id: string): string | undefined {
    this.#unstored.add(id);
    const [oldest] = this.#unstored;
    if (this.#unstored.size <= this.#retention.count || oldest === undefined || oldest === id)
      return undefined;
    this.#unstored.delete(oldest);
    return oldest;
  }

  isUnstored(id: string): boolean {
    return this.#unstored.has(id);
  }

  forgot(id: string): void {
    this.#unstored.delete(id);
  }
}
