import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults, ImpactValue } from "axe-core";
import type { Page } from "playwright-core";

/** One rule of axe that a view breaks, and where. */
export interface Finding {
  readonly impact: ImpactValue;
  readonly rule: string;
  readonly help: string;
  readonly places: readonly string[];
}

const SOURCE = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Runs axe over all a page shows. The page's policy lets no script in, so it comes by DevTools. */
export async function axeFindings(page: Page): Promise<readonly Finding[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) {
    const devtools = await page.context().newCDPSession(page);
    const { exceptionDetails } = await devtools.send("Runtime.evaluate", { expression: await SOURCE });
    await devtools.detach();
    if (exceptionDetails) throw new Error(`axe did not start: ${exceptionDetails.text}`);
  }
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({
      resultTypes: ["violations"],
    }),
  );
  return violations.map(({ impact, id, help, nodes }) => ({
    impact: impact ?? null,
    rule: id,
    help,
    places: nodes.map(({ target, html }) => `${target.join(" ")}: ${html.slice(0, 160)}`),
  }));
}

/** One finding, as a test that fails says it. */
export function findingText({ impact, rule, help, places }: Finding): string {
  return `${impact} ${rule}, ${help}\n  ${places.join("\n  ")}`;
}

/** Whether it keeps people from using the page. */
export function isGrave({ impact }: Finding): boolean {
  return impact === "serious" || impact === "critical";
}
