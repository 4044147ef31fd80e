import { callListeners } from "../call-listeners.ts";

/** Listeners by key. */
export class Listeners<Key> {
  readonly #byKey: Map<Key, Set<() => void>> = new Map();

  /** Returns the function that removes the listener. */
  add(key: Key, listener: () => void): () => void {
    const listeners = this.#byKey.get(key) ?? new Set();
    this.#byKey.set(key, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#byKey.get(key) === listeners) this.#byKey.delete(key);
    };
  }

  has(key: Key): boolean {
    return this.#byKey.has(key);
  }

  notify(key: Key): void {
    callListeners(this.#byKey.get(key) ?? []);
  }
}
