import type { Agenda } from "./agenda.ts";
import { hashOf } from "./random.ts";

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

  get hash(): string {
    return this.#hash.toString(16).padStart(8, "0");
  }

  get length(): number {
    return this.#lines.length;
  }

  last(count: number): readonly string[] {
    return this.#lines.slice(-count);
  }
}
