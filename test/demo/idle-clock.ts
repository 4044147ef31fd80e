import type { Clock } from "../../src/clock.ts";

interface Timer {
  readonly at: number;
  readonly ring: () => void;
}

/** How many turns of the event loop nothing may happen in before time is hurried on. */
const IDLE_TURNS = 10;

/**
 * Runs as fast as real time while something is being done, and `pace` times as fast while everything
 * only waits: so that what is measured of the doing is real, and ninety seconds of waiting are short.
 */
export class IdleClock implements Clock {
  readonly #pace: number;
  readonly #epoch: number;
  readonly #timers: Set<Timer> = new Set();
  #skipped = 0;
  #busy = 0;
  #hurrying = false;

  /** @param epoch What `now()` begins at: ms since 1970. */
  constructor(pace: number, epoch: number = Date.now()) {
    this.#pace = pace;
    this.#epoch = epoch - performance.now();
  }

  now(): number {
    return this.#epoch + performance.now() + this.#skipped;
  }

  after(ms: number, ring: () => void): () => void {
    const timer = { at: this.now() + ms, ring };
    this.#timers.add(timer);
    void this.#hurry();
    return () => this.#timers.delete(timer);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Time is real until this is done. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#busy++;
    try {
      return await work;
    } finally {
      this.#busy--;
      void this.#hurry();
    }
  }

  /** A `fetch` during which time is real, until its whole body is there. */
  watching(fetch: (url: string | URL, init?: RequestInit) => Promise<Response>): typeof fetch {
    const whole = async (url: string | URL, init?: RequestInit): Promise<Response> => {
      const response = await fetch(url, init);
      const { status } = response;
      const body = status === 204 || status === 202 ? null : await response.arrayBuffer();
      return new Response(body, { status, headers: response.headers });
    };
    return (url, init) => this.during(whole(url, init));
  }

  async #hurry(): Promise<void> {
    if (this.#hurrying) return;
    this.#hurrying = true;
    while (this.#timers.size > 0) {
      await this.#idle();
      if (this.#timers.size === 0) break;
      const next = Math.min(...[...this.#timers].map(({ at }) => at));
      const wait = Math.max(0, next - this.now());
      // A short part of the wait is real, the rest is skipped.
      await new Promise((resolve) => setTimeout(resolve, wait / this.#pace));
      if (this.#busy > 0) continue;
      this.#skipped += Math.max(0, next - this.now());
      this.#ring();
    }
    this.#hurrying = false;
  }

  #ring(): void {
    const now = this.now();
    const due = [...this.#timers].filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
    for (const timer of due) {
      if (this.#timers.delete(timer)) timer.ring();
    }
  }

  async #idle(): Promise<void> {
    for (let turns = 0; turns < IDLE_TURNS; turns++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#busy > 0) turns = 0;
    }
  }
}
