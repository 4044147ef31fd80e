import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { STAGES } from "../browser/random-moment.ts";
import { testBrowser } from "../browser/test-browser.ts";
import { ExampleApp } from "./example-app.ts";
import { examplesIn } from "./guide.ts";
import { withArguments } from "./with-arguments.ts";

const EXAMPLES = new Map([...examplesIn("docs/embedding.md"), ...examplesIn("docs/frameworks.md")]);
/** A page on a busy machine may never show one stage among others. */
const UNDER_WAY = new RegExp(STAGES.slice(1).join("|"));
const DOI = "10.1038/s41586-020-2649-2";

/** The generations that the connector of each example speaks. */
const SPOKEN: Readonly<Record<string, readonly string[]>> = {
  plain: ["2026-07-28", "2025-11-25"],
  react: ["2026-07-28", "2025-11-25"],
  client: ["2025-11-25"],
  vue: ["2026-07-28"],
  svelte: ["2026-07-28"],
  solid: ["2026-07-28"],
};

test("the guides have the examples that are run here, and no others", () => {
  expect([...EXAMPLES.keys()]).toEqual(Object.keys(SPOKEN));
});

describe.each([...EXAMPLES.values()])(`the example "$name" of the documents`, (example) => {
  const at = testBrowser();
  let app: ExampleApp;
  let served: Awaited<ReturnType<ExampleApp["serve"]>>;

  beforeAll(async () => {
    app = await ExampleApp.of(example);
    await app.build();
    served = await app.serve();
  });
  afterAll(async () => {
    await served.close();
    await app.remove();
  });

  /** Opens it with a server of this test's lab. The list has the errors of the page. */
  async function open(generation: string): Promise<{ page: Page; faults: string[] }> {
    await at.browser.clearStorage(served.url);
    const page = await at.browser.context.newPage();
    const faults: string[] = [];
    page.on("pageerror", ({ message }) => faults.push(message));
    page.on("console", (message) => {
      // The browser logs every reply that is not a success, and the probe for a server's generation may cause one.
      const ofThePage = message.type() === "error" && !message.text().startsWith("Failed to load resource");
      if (ofThePage) faults.push(message.text());
    });
    await withArguments(page, { stage_ms: 600 });
    const server = `${inject("workerUrl")}/samples/${at.lab.name}/${generation}/mcp`;
    await page.goto(`${served.url}?server=${encodeURIComponent(server)}`);
    return { page, faults };
  }

  const paper = (page: Page, text: string | RegExp) =>
    page.locator("li", { hasText: DOI }).filter({ hasText: text });

  const typed = example.files.has("tsconfig.json") ? ["types"] : [];
  test.each(typed)("has no failure of %s", async () => {
    expect(await app.typeErrors()).toBe("");
  });

  test.each(SPOKEN[example.name] ?? [])(
    "starts a %s task, is reloaded, and has the paper",
    async (generation) => {
      const { page, faults } = await open(generation);
      await page.getByRole("button", { name: "Acquire" }).click();
      await paper(page, UNDER_WAY).waitFor();
      await page.reload();
      await paper(page, 'Acquired "').waitFor();
      await page.reload();
      await paper(page, 'Acquired "').waitFor();
      expect(await page.locator("li").count()).toBe(1);
      expect(await at.lab.count("tools/call")).toBe(1);
      // Three pages, and one session where there are sessions.
      expect(await at.lab.count("initialize")).toBe(generation === "2025-11-25" ? 1 : 0);
      expect(faults).toEqual([]);
    },
  );

  const answers = [
    ["Answer", 'Acquired "'],
    ["Decline", "The reader declined"],
  ] as const;
  test.each(example.name === "react" ? answers : [])(
    "puts a question of the server, again after a reload, and goes on with: %s",
    async (button, text) => {
      const { page, faults } = await open("2026-07-28");
      await withArguments(page, { stage_ms: 200, mode: "ask" });
      await page.getByRole("button", { name: "Acquire" }).click();
      const question = page.locator("form", { hasText: "Which edition" });
      await question.waitFor();
      await page.reload();
      await question.getByLabel("Edition").selectOption("published");
      await question.getByRole("button", { name: button }).click();
      await question.waitFor({ state: "detached" });
      await paper(page, text).waitFor();
      expect(await at.lab.count("tools/call")).toBe(1);
      expect(faults).toEqual([]);
    },
  );

  const sessions = example.name === "client" ? ["the session"] : [];
  test.each(sessions)("goes on where the server has forgotten %s", async () => {
    const { page, faults } = await open("2025-11-25");
    await page.getByRole("button", { name: "Acquire" }).click();
    await paper(page, UNDER_WAY).waitFor();
    const address = page.url();
    await page.goto("about:blank");
    await at.lab.arm({ forgetSessions: true });
    await page.goto(address);
    await paper(page, 'Acquired "').waitFor();
    expect(await page.locator("h1").textContent()).toBe("Acquire a paper");
    expect(await at.lab.count("tools/call")).toBe(1);
    expect(await at.lab.count("initialize")).toBe(2);
    expect(faults).toEqual([]);
  });
});
