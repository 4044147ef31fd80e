import type { Clock } from "../clock.ts";

/**
 * A list that many ask for, and that is read once for all who asked before it began: one at a time, and the next no sooner
 * than `gapMs` after the last.
 */
export class SharedList<T> {
  readonly #clock: Clock;
  readonly #gapMs: number;
  /** Resolves when a list may begin again. */
  #free: Promise<void> = Promise.resolve();
  /** Not begun yet. */
  #next: Promise<T> | undefined;

  constructor(clock: Clock, gapMs: number) {
    this.#clock = clock;
    this.#gapMs = gapMs;
  }

  /** @param read Reads the list, if nobody has asked for it yet. */
  get(read: () => Promise<T>): Promise<T> {
    this.#next ??= this.#free.then(() => {
      this.#next = undefined;
      const list = read();
      const pause = (): Promise<void> =>
        new Promise((resolve) => void this.#clock.after(this.#gapMs, resolve));
      this.#free = list.then(pause, pause);
      return list;
    });
    return this.#next;
  }
}
