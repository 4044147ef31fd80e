import type { Clock } from "../clock.ts";

/** A wall clock that is slewed runs this much off at most between two looks, in ms. */
const SLEW_MS = 1_000;

/**
 * Notices that somebody, or the network's time, has set the wall clock. The function returned says by how many ms since it was
 * last called: negative if back. A clock without `elapsed` cannot distinguish a clock that was set forward from the passing of
 * time, and it returns 0 for it.
 */
export function watchClock(clock: Clock): () => number {
  let wall = clock.now();
  let elapsed = clock.elapsed?.();
  return () => {
    const before = wall;
    const elapsedBefore = elapsed;
    wall = clock.now();
    elapsed = clock.elapsed?.();
    const passed = wall - before;
    if (elapsed === undefined || elapsedBefore === undefined) return Math.min(passed, 0);
    const jump = passed - (elapsed - elapsedBefore);
    return Math.abs(jump) < SLEW_MS ? 0 : jump;
  };
}
