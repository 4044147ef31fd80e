/** Writes in order, one at a time. A write that fails is tried again with the next flush, before those that follow. */
export interface PostQueue {
  add(write: () => Promise<void>): void;
  /** Resolves when the queue is empty, or a write failed. */
  flush(): Promise<void>;
}

/** So many writes wait for a store that fails; then the first of them is dropped. */
const MAX_WAITING = 10_000;

export function postQueue(failed: (error: unknown) => void): PostQueue {
  const writes: (() => Promise<void>)[] = [];
  let flushing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    for (let write = writes[0]; write; write = writes[0]) {
      await write();
      writes.shift();
    }
  }

  function flush(): Promise<void> {
    flushing ??= writeAll()
      .catch(failed)
      .finally(() => {
        flushing = undefined;
      });
    return flushing;
  }

  return {
    add(write) {
      if (writes.push(write) > MAX_WAITING) writes.shift();
      void flush();
    },
    flush,
  };
}
