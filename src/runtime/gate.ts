/** Calls `work` at once while there is room, else in its turn, and settles as it does. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** Lets so many through at once; the others wait for their turn, the first to come first. */
export function createGate(atOnce: number): Gate {
  const waiting: (() => void)[] = [];
  let free = atOnce;
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
