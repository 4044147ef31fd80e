import type { Page } from "playwright-core";

/** Presses Tab until the focus is on what has this name. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
      return [
        element?.getAttribute("aria-label"),
        ...labels.map((label) => label.textContent),
        element?.textContent,
      ]
        .filter(Boolean)
        .join(" | ");
    });
    if (name.test(focused)) return;
  }
  throw new Error(`Tab does not reach ${name}`);
}
