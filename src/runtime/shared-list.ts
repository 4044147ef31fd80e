import type { Clock } from "../clock.ts";

/** @param read Reads the list, if nobody has asked for it yet. */
export type SharedList<T> = (read: () => Promise<T>) => Promise<T>;

/**
 * A list that many ask for, and that is read once for all who asked before it began: one at a time, and the next no sooner
 * than `gapMs` after the last.
 */
export function createSharedList<T>(clock: Clock, gapMs: number): SharedList<T> {
  /** Resolves when a list may begin again. */
  let free = Promise.resolve();
  /** Not begun yet. */
  let next: Promise<T> | undefined;
  const pause = (): Promise<void> => new Promise((resolve) => void clock.after(gapMs, resolve));
  return (read) => {
    next ??= free.then(() => {
      next = undefined;
      const list = read();
      free = list.then(pause, pause);
      return list;
    });
    return next;
  };
}
