import type { Agenda } from "./agenda.ts";
import { hashOf } from "./random.ts";

/**
 * Adds a line to the trace of a world. Undefined in a world that is not traced: `say?.(…)` then builds no text. Nothing else
 * in a world depends on its trace.
 */
export type Say = ((line: string) => void) | undefined;

/** What happened in a world, a line an event. The same seed gives the same hash. */
export class Trace {
  readonly #agenda: Agenda;
  readonly #lines: string[] = [];
  #hash = 0;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  add(line: string): void {
    const timed = `${(this.#agenda.now / 1000).toFixed(3).padStart(10)}  ${line}`;
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
