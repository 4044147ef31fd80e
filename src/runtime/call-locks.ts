import type { CallOwnership } from "./ownership.ts";

interface CallLock {
  /** Resolves when this process has the lock. */
  readonly granted: Promise<void>;
  /** Ends the lock. Absent until it is granted. */
  end?: () => void;
  /** Actions about to be applied that may make the call again: the lock stays meanwhile. */
  uses: number;
}

/** A lock for each call, held by the process that makes it: the process that gets it knows that no other makes the call. */
export class CallLocks implements CallOwnership {
  readonly #exclusively: (name: string, work: () => Promise<void>) => Promise<void>;
  readonly #locks: Map<string, CallLock> = new Map();

  constructor(exclusively: (name: string, work: () => Promise<void>) => Promise<void>) {
    this.#exclusively = exclusively;
  }

  makes(id: string): boolean {
    return this.#locks.get(id)?.end !== undefined;
  }

  hold(id: string): Promise<void> {
    return this.#lock(id).granted;
  }

  async use(id: string): Promise<(makesCall: boolean) => void> {
    const lock = this.#lock(id);
    lock.uses++;
    await lock.granted;
    return (makesCall) => {
      if (--lock.uses === 0 && !makesCall && this.#locks.get(id) === lock) this.release(id);
    };
  }

  takeOver(id: string, work: (keep: () => void) => Promise<void>): Promise<void> {
    return new Promise((done) => {
      void this.#exclusively(`call/${id}`, async () => {
        let ended: Promise<void> | undefined;
        await work(() => {
          ended = new Promise((end) => {
            this.#locks.set(id, { granted: Promise.resolve(), end, uses: 0 });
          });
        });
        done();
        await ended;
      });
    });
  }

  release(id: string, ifUnused = false): void {
    const lock = this.#locks.get(id);
    // Its waiters still count on it.
    if (!lock?.end || (ifUnused && lock.uses > 0)) return;
    lock.end();
    this.#locks.delete(id);
  }

  close(): void {
    for (const { end } of this.#locks.values()) end?.();
  }

  /** A lock is not granted twice: a second request of this process would wait for the first. */
  #lock(id: string): CallLock {
    const known = this.#locks.get(id);
    if (known) return known;
    const lock: CallLock = {
      granted: new Promise((granted) => {
        void this.#exclusively(`call/${id}`, () => {
          granted();
          return new Promise((end) => {
            lock.end = end;
            // A take-over that was granted first had its place.
            this.#locks.set(id, lock);
          });
        });
      }),
      uses: 0,
    };
    this.#locks.set(id, lock);
    return lock;
  }
}
