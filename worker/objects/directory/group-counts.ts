import type { ActiveTasks, GroupName } from "../principal-directory-rpc.ts";

/** How long an admitted call may take to reach its group, in ms. After that it is taken to have been given up. */
const ON_ITS_WAY_MS = 5000;

interface Count {
  /** What the group said last, and what was admitted since. Never too low; too high once tasks have settled. */
  active: number;
  /** Calls admitted so far: to tell how many were while the group was asked. */
  admitted: number;
  /** Ids admitted lately, and when; the oldest first. */
  readonly lately: Map<string, number>;
}

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

  activeIn(group: GroupName): number {
    return this.#counts.get(nameOf(group))?.active ?? 0;
  }

  activeAt(endpoint: string): number {
    const counts = [...this.#counts].filter(([name]) => name.slice(0, name.lastIndexOf(".")) === endpoint);
    return counts.reduce((sum, [, { active }]) => sum + active, 0);
  }

  total(): number {
    return [...this.#counts.values()].reduce((sum, { active }) => sum + active, 0);
  }

  admit(group: GroupName, id: string, now: number): void {
    const count = this.#countOf(group);
    count.active += 1;
    count.admitted += 1;
    count.lately.set(id, now);
    dropArrived(count, now);
  }

  /** Its task was deleted: it is not on its way any more. */
  deleted(id: string): void {
    for (const { lately } of this.#counts.values()) lately.delete(id);
  }

  /** Asks all groups. Whoever wants to know meanwhile waits for the same answers. */
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
    try {
      const active = await this.#groupAt(group).active([...count.lately.keys()]);
      count.active = active + count.admitted - before;
    } catch {
      // A group that cannot answer keeps the count it had: it must not stop the calls of the others.
    }
  }

  #countOf(group: GroupName): Count {
    const name = nameOf(group);
    const known = this.#counts.get(name);
    if (known) return known;
    const count: Count = { active: 0, admitted: 0, lately: new Map() };
    this.#counts.set(name, count);
    return count;
  }
}

function dropArrived({ lately }: Count, now: number): void {
  for (const [id, at] of lately) {
    if (now - at < ON_ITS_WAY_MS) return;
    lately.delete(id);
  }
}

function nameOf({ endpoint, shard }: GroupName): string {
  return `${endpoint}.${shard}`;
}
