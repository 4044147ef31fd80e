/** A value that changes. It is the contract of a Svelte store, and `get`. */
export interface Observable<T> {
  /** Returns the value now: the same object until it changes. */
  get(): T;
  /** Calls the listener with the value now and after each change, until the returned function is called. */
  subscribe(listener: (value: T) => void): () => void;
}

/** A value read from a source that says when it may have changed. */
export function observable<T>(get: () => T, listen: (changed: () => void) => () => void): Observable<T> {
  return {
    get,
    subscribe(listener) {
      let last = get();
      const stop = listen(() => {
        const next = get();
        if (Object.is(last, next)) return;
        last = next;
        listener(next);
      });
      listener(last);
      return stop;
    },
  };
}
