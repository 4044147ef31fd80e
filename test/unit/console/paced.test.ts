import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { paced } from "../../../ui/clients/paced.ts";

/** A value that the test changes, and what follows it. */
class Source {
  #value = 0;
  readonly listeners = new Set<(value: number) => void>();

  get(): number {
    return this.#value;
  }

  set(value: number): void {
    this.#value = value;
    for (const listener of [...this.listeners]) listener(value);
  }

  subscribe(listener: (value: number) => void): () => void {
    this.listeners.add(listener);
    listener(this.#value);
    return () => this.listeners.delete(listener);
  }
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("paced() shows the first change after a pause at once, and those that come soon after it together", () => {
  const source = new Source();
  const followed = paced(source, 100);
  const seen: number[] = [];
  const stop = followed.subscribe(() => seen.push(followed.get()));
  source.set(1);
  expect(seen).toEqual([1]);
  // Fifty changes in the second that follows.
  for (let value = 2; value <= 51; value++) {
    vi.advanceTimersByTime(20);
    source.set(value);
  }
  vi.advanceTimersByTime(100);
  expect(seen.length).toBeLessThanOrEqual(12);
  expect(seen.at(-1)).toBe(51);
  vi.advanceTimersByTime(1_000);
  source.set(52);
  expect(seen.at(-1)).toBe(52);
  stop();
});

test("paced() returns the same value until it reports another, so that a render is of one moment", () => {
  const source = new Source();
  const followed = paced(source, 100);
  const stop = followed.subscribe(() => undefined);
  source.set(1);
  source.set(2);
  expect([followed.get(), followed.get()]).toEqual([1, 1]);
  vi.advanceTimersByTime(100);
  expect(followed.get()).toBe(2);
  stop();
});

test("paced() calls no listener that has left, and one that comes back reads what changed meanwhile", () => {
  const source = new Source();
  const followed = paced(source, 100);
  const listener = vi.fn();
  const stop = followed.subscribe(listener);
  source.set(1);
  source.set(2);
  stop();
  vi.advanceTimersByTime(1_000);
  expect(listener).toHaveBeenCalledTimes(1);
  expect([source.listeners.size, vi.getTimerCount()]).toEqual([0, 0]);
  source.set(3);
  const again = followed.subscribe(listener);
  expect(followed.get()).toBe(3);
  again();
});
