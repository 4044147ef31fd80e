import { expect, test } from "vitest";
import { bundled } from "../bundle/bundled.ts";
import { testBrowser } from "./test-browser.ts";

/** As an app's test has it that runs in a browser: the kit is bundled with it. */
const PROGRAM = `
import { scriptedServer, testPage } from "holdfast/testing";
globalThis.run = async (generation) => {
  const papers = scriptedServer({ generation });
  papers.tool("acquire_paper", async (paper) => {
    const { content } = await paper.ask({
      mode: "form",
      message: "Which edition?",
      requestedSchema: { type: "object", properties: { edition: { type: "string" } } },
    });
    await paper.wait(3_600_000);
    return "Acquired the " + content.edition + " edition";
  });
  const page = testPage({ papers });
  await page.tasks.callTool("papers", "acquire_paper");
  await page.clock.advance(2_000);
  const [task] = await page.reload();
  await page.clock.advance(2_000);
  await task.answer(task.view.inputRequests[0].key, { action: "accept", content: { edition: "first" } });
  const { content } = await page.clock.until(task.result());
  await page.close();
  return [content[0].text, papers.count("tools/call")];
};
`;

const at = testBrowser();

test.each(["2025-11-25", "2026-07-28"])(
  "holdfast/testing runs in Chromium: a question over a reload, %s",
  async (generation) => {
    const { code } = await bundled(PROGRAM, "browser");
    const page = await at.browser.context.newPage();
    await page.addScriptTag({ content: code, type: "module" });
    await page.waitForFunction(() => "run" in globalThis);
    const outcome = await page.evaluate(
      (spoken) => (globalThis as unknown as { run(generation: string): Promise<unknown> }).run(spoken),
      generation,
    );
    expect(outcome).toEqual(["Acquired the first edition", 1]);
  },
);
