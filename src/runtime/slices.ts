import type { Clock } from "../clock.ts";

/** How many records are worked on at once: of thousands, a page must come to do other work between. */
const SLICE = 250;

/** Does some work with each item, and lets other work of the event loop go first after every 250. */
export async function inSlices<T>(items: readonly T[], clock: Clock, work: (item: T) => void): Promise<void> {
  for (const [index, item] of items.entries()) {
    if (index > 0 && index % SLICE === 0)
      await new Promise<void>((resolve) => void (clock.turn ? clock.turn(resolve) : clock.after(0, resolve)));
    work(item);
  }
}
