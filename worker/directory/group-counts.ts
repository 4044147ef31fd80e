import type { ActiveTasks, GroupName } from "./principal-directory-rpc.ts";

/** How long an admitted call may take to reach its group, in ms. After that it is taken to have been given up. */
const ON_ITS_WAY_MS = 5000;

/** How many tasks, about what they take in memory, in bytes, and how many calls isolates may make: those take no memory of the group. */
export interface Load {
  readonly tasks: number;
  readonly bytes: number;
  readonly lent: number;
}

interface Admission {
  readonly at: number;
  readonly weight: number;
}

interface Count {
  /** What the group said last, and what was admitted since. Too high once tasks have settled. */
  load: Load;
  /** All calls admitted so far: the difference is what was admitted while the group was asked. */
  admitted: Load;
  /** Calls admitted lately by their ids, the oldest first. */
  readonly lately: Map<string, Admission>;
}

const NOTHING: Load = { tasks: 0, bytes: 0, lent: 0 };

/**
 * What is reserved for each active task, in bytes: its questions come after it was admitted, and are as long as this
 * together (MAX_QUESTIONS of the library).
 */
export const RESERVED_BYTES = 262_144;

/**
 * How many tasks are active in each group. Only the groups know, so nothing of this is stored: the groups are asked, and asked
 * again before anyone is refused for it.
 */
export class GroupCounts {
  readonly #groupAt: (group: GroupName) => ActiveTasks;
  readonly #counts = new Map<string, Count>();
  #asking: Promise<void> | undefined;
  #asked = false;

  constructor(groupAt: (group: GroupName) => ActiveTasks) {
    this.#groupAt = groupAt;
  }

  /** False until the groups have been asked for the first time. */
  get known(): boolean {
    return this.#asked;
  }

  loadOf(group: GroupName): Load {
    return this.#counts.get(nameOf(group))?.load ?? NOTHING;
  }

  activeAt(endpoint: string): number {
    const counts = [...this.#counts].filter(([name]) => name.slice(0, name.lastIndexOf(".")) === endpoint);
    return counts.reduce((sum, [, { load }]) => sum + load.tasks + load.lent, 0);
  }

  total(): number {
    return [...this.#counts.values()].reduce((sum, { load }) => sum + load.tasks + load.lent, 0);
  }

  /** @param weight About what the call takes in the memory of its group, in bytes. */
  admit(group: GroupName, id: string, weight: number, now: number): void {
    const count = this.#countOf(group);
    count.load = plus(count.load, [weight]);
    count.admitted = plus(count.admitted, [weight]);
    count.lately.set(id, { at: now, weight });
    dropArrived(count, now);
  }

  /** Counts calls that the group may start by itself, until it is asked: then it gives back those that it has not started. */
  lease(group: GroupName, calls: number): void {
    const count = this.#countOf(group);
    const weights = new Array<number>(calls).fill(0);
    count.load = plus(count.load, weights);
    count.admitted = plus(count.admitted, weights);
  }

  /** The group says how many lent calls it counts. */
  lentAt(group: GroupName, lent: number): void {
    const count = this.#countOf(group);
    count.load = { ...count.load, lent };
  }

  /** Counts calls that isolates may make. */
  lend(group: GroupName, calls: number): void {
    const count = this.#countOf(group);
    count.load = { ...count.load, lent: count.load.lent + calls };
    count.admitted = { ...count.admitted, lent: count.admitted.lent + calls };
  }

  /** Its task was deleted: it is not on its way any more. */
  deleted(id: string): void {
    for (const { lately } of this.#counts.values()) lately.delete(id);
  }

  /** Asks all groups. Callers that ask meanwhile wait for the same answers. */
  ask(groups: readonly GroupName[], now: number): Promise<void> {
    this.#asking ??= Promise.all(groups.map((group) => this.#askOne(group, now))).then(() => {
      this.#asked = true;
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #askOne(group: GroupName, now: number): Promise<void> {
    const count = this.#countOf(group);
    dropArrived(count, now);
    const before = count.admitted;
    const asked = new Map(count.lately);
    try {
      const { tasks, bytes, lent, absent } = await this.#groupAt(group).active([...asked.keys()]);
      const known: Load = { tasks, bytes: bytes + tasks * RESERVED_BYTES, lent };
      // The group has the others. It looks each up that it is asked for, and need not do so again.
      const missing = new Set(absent);
      for (const id of asked.keys()) if (!missing.has(id)) count.lately.delete(id);
      const { tasks: more, bytes: heavier } = plus(
        known,
        absent.map((id) => asked.get(id)?.weight ?? 0),
      );
      count.load = {
        tasks: more + count.admitted.tasks - before.tasks,
        bytes: heavier + count.admitted.bytes - before.bytes,
        lent: lent + count.admitted.lent - before.lent,
      };
    } catch {
      // A group that cannot answer keeps the count it had: it must not stop the calls of the others.
    }
  }

  #countOf(group: GroupName): Count {
    const name = nameOf(group);
    const known = this.#counts.get(name);
    if (known) return known;
    const count: Count = { load: NOTHING, admitted: NOTHING, lately: new Map() };
    this.#counts.set(name, count);
    return count;
  }
}

function dropArrived({ lately }: Count, now: number): void {
  for (const [id, { at }] of lately) {
    if (now - at < ON_ITS_WAY_MS) return;
    lately.delete(id);
  }
}

function plus({ tasks, bytes, lent }: Load, weights: readonly number[]): Load {
  const sum = weights.reduce((total, weight) => total + weight + RESERVED_BYTES, bytes);
  return { tasks: tasks + weights.length, bytes: sum, lent };
}

function nameOf({ endpoint, shard }: GroupName): string {
  return `${endpoint}.${shard}`;
}
