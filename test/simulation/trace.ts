import { hashOf } from "./random.ts";

/**
 * Adds a line to the trace of a world. Undefined in a world that is not traced: `say?.(…)` then builds no text. Nothing else
 * in a world depends on its trace.
 */
export type Say = ((line: string) => void) | undefined;

/**
 * What happened in a world, one line for each event. The same seed gives the same hash. It keeps no reference to the world: that would
 * stay in memory while the next world runs, and each garbage collection would copy it.
 */
export class Trace {
  readonly #lines: string[] = [];
  #hash = 0;

  /** @param now In ms since the world began. */
  add(now: number, line: string): void {
    const timed = `${(now / 1000).toFixed(3).padStart(10)}  ${line}`;
    this.#hash = hashOf(timed, this.#hash);
    this.#lines.push(timed);
  }

  /** 32 bits. */
  get hash(): number {
    return this.#hash;
  }

  get length(): number {
    return this.#lines.length;
  }

  last(count: number): readonly string[] {
    return this.#lines.slice(-count);
  }
}
