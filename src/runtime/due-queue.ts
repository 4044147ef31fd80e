interface Entry {
  readonly id: string;
  readonly at: number;
}

/** So many outdated entries cost less than to look for them. */
const SPARE = 64;

export interface DueQueue {
  /** Infinity takes the task off. */
  set(id: string, at: number): void;
  /** How many entries the heap has, outdated ones among them. */
  length(): number;
  /** The earliest time, or Infinity. */
  next(): number;
  /** Takes off the tasks due by now. */
  takeDue(now: number): string[];
}

/**
 * Which task is due next, as a binary heap. An entry whose time has since changed stays in it until it comes up, and is
 * then passed over: setting a time costs the logarithm of the tasks, not their number. Outdated entries that outnumber the
 * others go at once: a server may move a task's time on with every notification.
 */
export function createDueQueue(): DueQueue {
  const heap: Entry[] = [];
  const times = new Map<string, number>();

  function push(id: string, at: number): void {
    let child = heap.length;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (entry(parent).at <= at) break;
      heap[child] = entry(parent);
      child = parent;
    }
    heap[child] = { id, at };
  }

  function removeTop(): void {
    const last = heap.pop() as Entry;
    const { length } = heap;
    if (length === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child + 1 < length && entry(child + 1).at < entry(child).at) child++;
      if (child >= length || last.at <= entry(child).at) break;
      heap[parent] = entry(child);
      parent = child;
    }
    heap[parent] = last;
  }

  const entry = (index: number): Entry => heap[index] as Entry;

  function next(): number {
    for (let top = heap[0]; top; top = heap[0]) {
      if (times.get(top.id) === top.at) return top.at;
      removeTop();
    }
    return Number.POSITIVE_INFINITY;
  }

  return {
    set(id, at) {
      if (times.get(id) === at) return;
      times.delete(id);
      if (at === Number.POSITIVE_INFINITY) return;
      times.set(id, at);
      push(id, at);
      if (heap.length <= SPARE + 2 * times.size) return;
      heap.length = 0;
      for (const [task, time] of times) push(task, time);
    },
    length: () => heap.length,
    next,
    takeDue(now) {
      const due: string[] = [];
      while (next() <= now && heap.length > 0) {
        const { id } = entry(0);
        times.delete(id);
        removeTop();
        due.push(id);
      }
      return due;
    },
  };
}
