import { describe, expect, test } from "vitest";
import { randomStage } from "./random-moment.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const DOI = "10.1038/s41586-020-2649-2";

describe.each(["2025-11-25", "2026-07-28"])("a %s task in real Chromium", (generation) => {
  const at = testBrowser();
  const server = (): string => `sample ${at.lab.name} ${generation}`;

  async function acquire(args: object = {}): Promise<TaskPage> {
    const page = new TaskPage(await at.browser.open(at.lab.page));
    await page.choose(server());
    await page.call("acquire_paper", { doi: DOI, stage_ms: 1_200, ...args });
    return page;
  }

  async function expectThePaper(page: TaskPage): Promise<void> {
    await page.stands("completed");
    expect(await page.resultText()).toContain(DOI);
    expect(await page.resultText()).toContain('"references"');
    expect(await at.lab.count("tools/call")).toBe(1);
  }

  const reloadAt = randomStage();
  test(`survives a reload at ${reloadAt}`, async () => {
    const page = await acquire();
    await page.saying(reloadAt);
    await page.reload();
    await expectThePaper(page);
  });

  const killAt = randomStage();
  test(`survives the browser's death at ${killAt}`, async () => {
    const page = await acquire();
    await page.saying(killAt);
    await at.killAndRestart();
    await expectThePaper(new TaskPage(await at.browser.open(at.lab.page)));
  });

  test("survives a reload the moment its handle is there, and three more", async () => {
    const page = await acquire();
    await page.stands("working");
    for (let reload = 0; reload < 4; reload++) await page.reload();
    await expectThePaper(page);
  });

  test("is polled after a reload without a handshake before the poll", async () => {
    const page = await acquire();
    await page.saying("Downloading the PDF");
    await page.page.goto("about:blank");
    await at.lab.clearWire();
    await page.page.goto(at.lab.page);
    await expectResult(page);
    const [first, ...rest] = (await at.lab.wire()).filter((entry) => entry.generation === generation);
    expect(first).toMatchObject({ http: "POST", method: "tasks/get", status: 200 });
    const methods = rest.map(({ method }) => method);
    expect(methods).not.toContain("initialize");
    expect(methods).not.toContain("server/discover");
    expect(methods).not.toContain("tools/call");
  });

  async function expectResult(page: TaskPage): Promise<void> {
    await page.stands("completed");
    expect(await page.resultText()).toContain(DOI);
  }

  test("shows an error of the tool as the tool's own", async () => {
    const page = await acquire({ mode: "tool_error", stage_ms: 100 });
    await page.stands("tool error");
    expect(await page.resultText()).toContain("does not hold");
  });

  test("shows a failed request with what the server said", async () => {
    const page = await acquire({ mode: "rpc_error", stage_ms: 100 });
    await page.stands("failed");
    await page.saying("Upstream publisher refused");
  });

  test("asks its question after a reload, and goes on with the answer after another", async () => {
    const page = await acquire({ mode: "ask", stage_ms: 200 });
    await page.question.waitFor();
    await page.reload();
    await page.pick("Edition", "preprint");
    await page.answer();
    await page.question.waitFor({ state: "detached" });
    await page.reload();
    await expectThePaper(page);
    expect(await page.resultText()).toContain('"edition": "preprint"');
  });

  test("is cancelled at the server", async () => {
    const page = await acquire({ stage_ms: 5000 });
    await page.saying("Resolving");
    await page.task.getByRole("button", { name: "Cancel task" }).click();
    await page.stands("cancelled");
    expect(await at.lab.count("tasks/cancel")).toBe(1);
  });
});
