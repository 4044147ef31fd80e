import type { Locks } from "../../src/runtime/tab-platform.ts";
import type { Random } from "./random.ts";
import type { Tab } from "./tab.ts";

type Options = Parameters<Locks["request"]>[1];

interface Waiting {
  readonly tab: Tab;
  grant(): void;
}

interface Held {
  readonly tab: Tab;
  /** Notifies the holder that the lock was taken from it. */
  stolen(): void;
}

/** The longest a browser takes to notify a page of its lock, in ms. */
const LOCK_NEWS_MS = 5;

/** The Web Locks of one origin. */
export class LockTable {
  readonly #random: Random;
  readonly #contended: boolean;
  readonly #held: Map<string, Held> = new Map();
  readonly #queues: Map<string, Waiting[]> = new Map();
  /** After each change of hands; `tab` is the new holder. */
  onChange: (name: string, tab: Tab | undefined, stolenFrom: Tab | undefined) => void = () => undefined;

  /** Called when a tab learns that it has the lock. */
  onGrant: (name: string, tab: Tab) => void = () => undefined;

  /** Called when a tab learns that another took its lock. */
  onBadNews: (name: string, tab: Tab) => void = () => undefined;

  /** `contended`: it takes long until a tab learns that its lock was stolen. */
  constructor(random: Random, contended = false) {
    this.#random = random;
    this.#contended = contended;
  }

  holder(name: string): Tab | undefined {
    return this.#held.get(name)?.tab;
  }

  /** The same object for as long as the lock stays in the same hands. */
  tenure(name: string): object | undefined {
    return this.#held.get(name);
  }

  of(tab: Tab): Locks {
    tab.onDeath(() => this.#died(tab));
    return { request: (name, options, callback) => this.#request(tab, name, options, callback) };
  }

  #request<T>(tab: Tab, name: string, options: Options, callback: (lock: unknown) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!tab.alive) return;
      const { ifAvailable, steal, signal } = options;
      if (signal?.aborted) return reject(signal.reason);
      const soon = (run: () => void): void => void tab.after(this.#random.between(0, LOCK_NEWS_MS), run);
      const grant = (stolenFrom?: Tab): void => {
        const held: Held = {
          tab,
          stolen: () => {
            tab.after(this.#badNewsMs(), () => {
              this.onBadNews(name, tab);
              reject(new DOMException("The lock was stolen", "AbortError"));
            });
          },
        };
        const release = (): void => {
          if (this.#held.get(name) !== held || !tab.alive) return;
          this.#held.delete(name);
          this.onChange(name, undefined, undefined);
          this.#grantNext(name);
        };
        this.#held.set(name, held);
        this.onChange(name, tab, stolenFrom);
        soon(() => {
          // Stolen before the page learned that it has it: the callback never runs.
          if (this.#held.get(name) !== held) return;
          this.onGrant(name, tab);
          callback({ name }).then(resolve, reject).finally(release);
        });
      };
      const holder = this.#held.get(name);
      if (steal) {
        this.#held.delete(name);
        holder?.stolen();
        return grant(holder?.tab);
      }
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      if (!holder && queue.length === 0) return grant();
      if (ifAvailable) return soon(() => void callback(null).then(resolve, reject));
      const waiting: Waiting = { tab, grant };
      queue.push(waiting);
      signal?.addEventListener(
        "abort",
        () => {
          const index = queue.indexOf(waiting);
          if (index < 0) return;
          queue.splice(index, 1);
          reject(signal.reason);
        },
        { once: true },
      );
    });
  }

  /** How long it takes until a tab learns that its lock was stolen, in ms. Until then two tabs believe that they have it. */
  #badNewsMs(): number {
    if (this.#contended) return this.#random.between(0, 3_000);
    return this.#random.chance(0.3) ? this.#random.spread(LOCK_NEWS_MS, 400) : 0;
  }

  #grantNext(name: string): void {
    if (!this.#held.has(name)) this.#queues.get(name)?.shift()?.grant();
  }

  #died(tab: Tab): void {
    for (const queue of this.#queues.values()) {
      queue.splice(0, queue.length, ...queue.filter((waiting) => waiting.tab !== tab));
    }
    for (const [name, held] of [...this.#held]) {
      if (held.tab !== tab) continue;
      this.#held.delete(name);
      this.onChange(name, undefined, undefined);
      this.#grantNext(name);
    }
  }
}
