interface Entry {
  readonly id: string;
  readonly at: number;
}

/** So many outdated entries cost less than to look for them. */
const SPARE = 64;

/**
 * Which task is due next, as a binary heap. An entry whose time has since changed stays in it until it comes up, and is
 * then passed over: setting a time costs the logarithm of the tasks, not their number. Outdated entries that outnumber the
 * others go at once: a server may move a task's time on with every notification.
 */
export class DueQueue {
  readonly #heap: Entry[] = [];
  readonly #times: Map<string, number> = new Map();

  /** Infinity takes the task off. */
  set(id: string, at: number): void {
    if (this.#times.get(id) === at) return;
    if (at === Number.POSITIVE_INFINITY) {
      this.#times.delete(id);
      return;
    }
    this.#times.set(id, at);
    this.#push(id, at);
    if (this.#heap.length <= SPARE + 2 * this.#times.size) return;
    this.#heap.length = 0;
    for (const [task, time] of this.#times) this.#push(task, time);
  }

  /** How many entries the heap has, outdated ones among them. */
  get length(): number {
    return this.#heap.length;
  }

  /** The earliest time, or Infinity. */
  next(): number {
    for (let top = this.#heap[0]; top; top = this.#heap[0]) {
      if (this.#times.get(top.id) === top.at) return top.at;
      this.#removeTop();
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Takes off the tasks due by now. */
  takeDue(now: number): string[] {
    const due: string[] = [];
    while (this.next() <= now && this.#heap.length > 0) {
      const { id } = this.#heap[0] as Entry;
      this.#times.delete(id);
      this.#removeTop();
      due.push(id);
    }
    return due;
  }

  #push(id: string, at: number): void {
    this.#heap.push({ id, at });
    this.#rise(this.#heap.length - 1);
  }

  #removeTop(): void {
    const last = this.#heap.pop();
    if (!last || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(index: number): void {
    let child = index;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (this.#at(parent) <= this.#at(child)) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  #sink(index: number): void {
    let parent = index;
    for (;;) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < this.#heap.length && this.#at(child) < this.#at(least)) least = child;
      }
      if (least === parent) return;
      this.#swap(parent, least);
      parent = least;
    }
  }

  #at(index: number): number {
    return (this.#heap[index] as Entry).at;
  }

  #swap(a: number, b: number): void {
    const held = this.#heap[a] as Entry;
    this.#heap[a] = this.#heap[b] as Entry;
    this.#heap[b] = held;
  }
}
