import { setImmediate } from "node:timers/promises";
import { Agenda, EPOCH } from "../../test/simulation/agenda.ts";

/** How many turns of the event loop a reply may need to be taken in, and the next request to leave. */
const TURNS = 3;

/**
 * Takes the process's clock and timers over, for every library in it alike: an hour of waiting passes as fast as what is
 * done in it. Nothing in the process may do real IO meanwhile.
 */
export class VirtualTime {
  readonly #agenda = new Agenda();

  now(): number {
    return EPOCH + this.#agenda.now;
  }

  after(ms: number, callback: () => void): () => void {
    return this.#agenda.after(ms, callback);
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets time pass until the work is done; what is left in the agenda then is dropped with it. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const restore = this.#takeOver();
    try {
      let ended = false;
      const outcome = work().finally(() => {
        ended = true;
      });
      outcome.catch(() => undefined);
      for (;;) {
        for (let turn = 0; turn < TURNS; turn++) await setImmediate();
        if (ended) return await outcome;
        if (this.#agenda.next === Number.POSITIVE_INFINITY) throw new Error("Nothing is left to wait for");
        this.#agenda.step();
      }
    } finally {
      restore();
    }
  }

  #takeOver(): () => void {
    const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
    const { now } = Date;
    const elapsed = performance.now;
    const timers = new Map<number, () => void>();
    let count = 0;
    const start = (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): object => {
      const key = ++count;
      const run = (): void => {
        timers.delete(key);
        callback(...args);
      };
      timers.set(key, this.after(ms, run));
      const handle = { ref: () => handle, unref: () => handle, [Symbol.toPrimitive]: () => key };
      return handle;
    };
    const stop = (handle: unknown): void => {
      const key = Number(handle);
      timers.get(key)?.();
      timers.delete(key);
    };
    Object.assign(globalThis, { setTimeout: start, clearTimeout: stop, clearInterval: stop });
    globalThis.setInterval = (() => {
      throw new Error("Nothing measured here was seen to use setInterval");
    }) as unknown as typeof setInterval;
    Date.now = () => this.now();
    performance.now = () => this.#agenda.now;
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
      Date.now = now;
      performance.now = elapsed;
    };
  }
}
