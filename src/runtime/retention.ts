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
export const COLLECT_EVERY = 100;

/** Names a task. A store that no tabs share need not say its endpoint. */
export interface TaskName {
  readonly id: string;
  readonly endpoint?: string;
}

/** Deletes the settled tasks that retention no longer covers, also those whose outcome only memory has. */
export interface RetentionSweep {
  /** Counts an outcome. */
  settled(): void;
  /** Collects with the next outcome. */
  collectLater(): void;
  collect(): Promise<void>;
  /** Keeps a task in memory whose outcome the store did not take. Returns the task that must make room for it. */
  addUnstored(id: string): string | undefined;
  isUnstored(id: string): boolean;
  forgot(id: string): void;
}

export function createRetentionSweep(
  stored: StoredTasks,
  clock: Clock,
  { ms, count }: Retention,
  forget: (task: TaskName) => Promise<void>,
): RetentionSweep {
  let outcomes = 0;
  /** Tasks whose outcome the store did not take. */
  const unstored = new Set<string>();

  async function collect(): Promise<void> {
    const oldest = clock.now() - ms;
    const outdated = await stored.attempt<readonly TaskName[]>(
      async (store) => (await store.outdated?.(oldest, count))?.map((id) => ({ id })) ?? outdatedBy(oldest),
      [],
    );
    for (const task of outdated) await stored.attempt(() => forget(task), undefined);
  }

  async function outdatedBy(oldest: number): Promise<readonly TaskName[]> {
    const latestFirst = [...(await stored.settled())].sort((a, b) => (b.settledAt ?? 0) - (a.settledAt ?? 0));
    return latestFirst.filter(({ settledAt = 0 }, index) => index >= count || settledAt < oldest);
  }

  return {
    settled() {
      if (++outcomes % COLLECT_EVERY === 0) void collect();
    },
    collectLater() {
      outcomes = COLLECT_EVERY - 1;
    },
    collect,
    addUnstored(id) {
      const [oldest] = unstored.add(id);
      if (unstored.size <= count || oldest === undefined || oldest === id) return undefined;
      unstored.delete(oldest);
      return oldest;
    },
    isUnstored: (id) => unstored.has(id),
    forgot: (id) => void unstored.delete(id),
  };
}
