import type { Page } from "playwright-core";

/** Until every transition of the page has come to its end: a colour on its way is neither the one nor the other. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    // What was just changed begins to move with the next frame.
    await new Promise(requestAnimationFrame);
    const ending = document
      .getAnimations()
      .filter(({ effect }) => Number.isFinite(Number(effect?.getComputedTiming().endTime)));
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });
}
