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
export interface CallLocks extends CallOwnership {
  close(): void;
}

export function createCallLocks(
  exclusively: (name: string, work: () => Promise<void>) => Promise<void>,
): CallLocks {
  const locks = new Map<string, CallLock>();

  /** A lock is not granted twice: a second request of this process would wait for the first. */
  function lockOf(id: string): CallLock {
    const known = locks.get(id);
    if (known) return known;
    const lock: CallLock = {
      granted: new Promise((granted) => {
        void exclusively(`call/${id}`, () => {
          granted();
          return new Promise((end) => {
            lock.end = end;
            // A take-over that was granted first had its place.
            locks.set(id, lock);
          });
        });
      }),
      uses: 0,
    };
    locks.set(id, lock);
    return lock;
  }

  function release(id: string, ifUnused = false): void {
    const lock = locks.get(id);
    // Its waiters still count on it.
    if (!lock?.end || (ifUnused && lock.uses > 0)) return;
    lock.end();
    locks.delete(id);
  }

  return {
    makes: (id) => locks.get(id)?.end !== undefined,
    hold(id) {
      return lockOf(id).granted;
    },
    async use(id) {
      const lock = lockOf(id);
      lock.uses++;
      await lock.granted;
      return (makesCall) => {
        if (--lock.uses === 0 && !makesCall && locks.get(id) === lock) release(id);
      };
    },
    takeOver: (id, work) =>
      new Promise((done) => {
        void exclusively(`call/${id}`, async () => {
          let ended: Promise<void> | undefined;
          await work(() => {
            ended = new Promise((end) => {
              locks.set(id, { granted: Promise.resolve(), end, uses: 0 });
            });
          });
          done();
          await ended;
        });
      }),
    release,
    close() {
      for (const { end } of locks.values()) end?.();
    },
  };
}
