import { expect, inject, test } from "vitest";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

/** A server nobody here wrote: the official server-everything, whose tasks live in its MCP session. */
const at = testBrowser();

async function openPage(): Promise<TaskPage> {
  return new TaskPage(await at.browser.open(`${inject("workerUrl")}/`));
}

const isCall = (body: string | null): boolean => body?.includes('"tools/call"') === true;

async function research(args: object): Promise<{ page: TaskPage; requests: string[] }> {
  const seen = await chosen();
  await seen.page.call("simulate-research-query", args);
  return seen;
}

/** Adds the server as a person would: its address, then Add. */
async function chosen(): Promise<{ page: TaskPage; requests: string[] }> {
  const page = await openPage();
  const url = inject("everythingUrl");
  await page.page.getByRole("link", { name: "Servers" }).click();
  if ((await page.page.locator(".server", { hasText: url }).count()) === 0) {
    await page.page.fill("[name=address]", url);
    await Promise.all([page.page.waitForEvent("load"), page.page.click("button[name=connect]")]);
  }
  const requests = watchRequests(page, url);
  await page.choose(url);
  return { page, requests };
}

function watchRequests(page: TaskPage, url: string): string[] {
  const requests: string[] = [];
  page.page.on("request", (request) => {
    if (request.url() !== url || request.method() === "OPTIONS") return;
    const body = request.postDataJSON() as { method?: string } | null;
    requests.push(body?.method ?? (body ? "response" : request.method()));
  });
  return requests;
}

test("a research task survives a reload, in its own session and with no handshake", async () => {
  const { page, requests } = await research({ topic: "kelp holdfasts" });
  await page.saying("Analyzing content");
  const before = requests.length;
  await page.reload();
  await page.stands("completed");
  expect(await page.resultText()).toContain("Research Report: kelp holdfasts");
  expect(requests.filter((method) => method === "tools/call")).toHaveLength(1);
  const after = requests.slice(before);
  expect(after[0]).toBe("tasks/get");
  expect(after).not.toContain("initialize");
});

test("a research task survives the browser's death", async () => {
  const { page } = await research({ topic: "drift" });
  await page.saying("Analyzing content");
  await at.killAndRestart();
  const again = await openPage();
  const requests = watchRequests(again, inject("everythingUrl"));
  await again.stands("completed");
  expect(await again.resultText()).toContain("Research Report: drift");
  expect(requests).not.toContain("tools/call");
});

test("a plain call of 30 s outlives a reload at a random moment, and runs once", async () => {
  const { page, requests } = await chosen();
  const begun = page.page.waitForResponse((response) => isCall(response.request().postData()));
  await page.call("trigger-long-running-operation", { duration: 30, steps: 15 });
  await begun;
  await page.showTasks();
  // Before the page has written the first event of the response stream, no other page can resume it.
  await page.row.locator(".status", { hasText: /./ }).waitFor();
  const moment = 1_000 + Math.random() * 27_000;
  await page.page.waitForTimeout(moment);
  const before = requests.length;
  await page.reload();
  await page.stands("completed");
  expect(await page.resultText(), `reloaded after ${moment} ms`).toContain("Duration: 30 seconds, Steps: 15");
  expect(requests.filter((method) => method === "tools/call")).toHaveLength(1);
  expect(requests.slice(before)).not.toContain("initialize");
});

test("an ambiguous one asks, with a reload while the question is open and another after the answer", async () => {
  const { page, requests } = await research({ topic: "python", ambiguous: true });
  await page.question.waitFor();
  await page.reload();
  await page.pick(/./, "snake");
  await page.answer();
  await page.question.waitFor({ state: "detached" });
  await page.reload();
  await page.stands("completed");
  expect(await page.resultText()).toContain("Research Report: python (snake)");
  expect(requests.filter((method) => method === "tools/call")).toHaveLength(1);
});
