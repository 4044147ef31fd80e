interface Entry {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** When the simulated world begins, in ms since 1970. */
export const EPOCH: number = Date.UTC(2026, 6, 28);

/** All that will happen, in the order it will. The only source of time in a world: nothing happens between two entries. */
export class Agenda {
  readonly #heap: Entry[] = [];
  #order = 0;
  /** In ms since the world began. It never goes back, and measures all waits. */
  now = 0;
  /** By how much a person has set the computers' clock forward or back, in ms. */
  wallOffset = 0;
  /** Whether pages have a clock beside it that nobody sets: without one, no page can notice that theirs was set forward. */
  hasElapsed = false;

  /** The computers' clock, in ms since 1970. */
  get wall(): number {
    return EPOCH + this.now + this.wallOffset;
  }

  /** The function returned calls it off. */
  after(ms: number, run: () => void): () => void {
    const entry: Entry = { at: this.now + Math.max(0, ms), order: this.#order++, run };
    this.#push(entry);
    return () => {
      entry.run = undefined;
    };
  }

  /** When the next entry is due, or Infinity. */
  get next(): number {
    for (let top = this.#heap[0]; top; top = this.#heap[0]) {
      if (top.run) return top.at;
      this.#pop();
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Does the next entry, at its time. */
  step(): void {
    if (this.next === Number.POSITIVE_INFINITY) return;
    const { at, run } = this.#pop();
    this.now = Math.max(this.now, at);
    run?.();
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (earlier(heap[parent] as Entry, entry)) break;
      heap[index] = heap[parent] as Entry;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const top = heap[0] as Entry;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return top;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && earlier(heap[child + 1] as Entry, heap[child] as Entry)) child++;
      if (earlier(last, heap[child] as Entry)) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
    return top;
  }
}

function earlier(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
