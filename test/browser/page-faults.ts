import type { Page } from "playwright-core";

/** Notes what a page complains of while it is used: errors in its console, refusals of its policy, exceptions. */
export function pageFaults(page: Page, faults: string[]): void {
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    // The older servers answer the question whether they are newer ones so, and the browser notes it.
    if (/status of 400/.test(message.text())) return;
    faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
}
