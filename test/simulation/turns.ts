/** So many steps share one turn of the event loop, which costs more than most of them. */
const STEPS_A_TURN = 64;

/**
 * Calls `step` until it returns false. Between two calls all microtasks run, and rejections that nobody handled are
 * reported, as between any two immediates. Resolves after the last; rejects with what a step throws.
 */
export function inTurns(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let ended = false;
    const turn = (): void => {
      if (ended) return;
      try {
        if (step()) return;
        resolve();
      } catch (error) {
        reject(error);
      }
      ended = true;
    };
    const turns = (): void => {
      turn();
      if (ended) return;
      for (let count = 1; count < STEPS_A_TURN; count++) setImmediate(turn);
      setImmediate(turns);
    };
    setImmediate(turns);
  });
}
