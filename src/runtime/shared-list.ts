import type { Clock } from "../clock.ts";

/**
 * @param key Names the list, and how far it was read: calls that differ in either share no request.
 * @param read Reads the list, if nobody has asked for it yet.
 */
export type SharedList<T> = (key: unknown, read: () => Promise<T>) => Promise<T>;

/**
 * A list that many ask for, and that is read once for all who asked before it began: one at a time, and the next no sooner
 * than `gapMs` after the last.
 */
export function createSharedList<T>(clock: Clock, gapMs: number): SharedList<T> {
  /** Resolves when a list may begin again. */
  let free = Promise.resolve();
  /** Not begun yet. */
  const next = new Map<unknown, Promise<T>>();
  const pause = (): Promise<void> => new Promise((resolve) => void clock.after(gapMs, resolve));
  return (key, read) => {
    const waiting = next.get(key);
    if (waiting) return waiting;
    const list = free.then(() => {
      next.delete(key);
      return read();
    });
    next.set(key, list);
    free = list.then(pause, pause);
    return list;
  };
}
