import type { Observable } from "holdfast/observe";

/** What React follows: see `useSyncExternalStore`. */
export interface Paced<T> {
  readonly get: () => T;
  readonly subscribe: (changed: () => void) => () => void;
}

/**
 * Follows a value that may change often. The first change after a pause shows at once, and those that come soon after it show together.
 * @param ms The least time between two changes that show.
 */
export function paced<T>(source: Observable<T>, ms: number): Paced<T> {
  let shown = source.get();
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    get: () => shown,
    subscribe(changed) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const show = (): void => {
        timer = undefined;
        const value = source.get();
        if (Object.is(value, shown)) return;
        shown = value;
        shownAt = performance.now();
        changed();
      };
      const stop = source.subscribe(() => {
        if (timer !== undefined) return;
        const wait = shownAt + ms - performance.now();
        if (wait <= 0) show();
        else timer = setTimeout(show, wait);
      });
      return () => {
        stop();
        clearTimeout(timer);
      };
    },
  };
}
