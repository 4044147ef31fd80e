import type { UIMessage } from "ai";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { paperOf } from "../../worker/samples/paper.ts";
import { ChatServer } from "./chat-server.ts";
import { testBrowser } from "./test-browser.ts";
import { until } from "./until.ts";

const ACQUIRED = `Acquired "${paperOf("10.1/kelp").title}" (10.1/kelp)`;

const at = testBrowser({ quiet: true });
let server: ChatServer;

async function serve(stageMs: number): Promise<void> {
  server = await ChatServer.start(stageMs);
  at.closeLast(server);
}

const said = (page: Page, text: string): Promise<void> =>
  page
    .locator("article[data-role=assistant] p[data-type=text]", { hasText: text })
    .waitFor({ timeout: 90_000 });

const stored = (page: Page): Promise<UIMessage[]> =>
  page.evaluate(() => JSON.parse(localStorage.getItem("chat-1") ?? "[]"));

/** The tool's part, once the page shows it and stored it. */
const called = (page: Page): Promise<void> =>
  page.waitForFunction(() => localStorage.getItem("chat-1")?.includes("call-1")).then(() => undefined);

async function expectOneResult(pages: readonly Page[], answer: RegExp): Promise<void> {
  for (const page of pages) {
    await said(page, "I have the paper.");
    // The text of a message is streamed before the chat is stored.
    await page.locator("main[data-status=ready]").waitFor();
    await expect.poll(async () => (await page.locator("main").textContent())?.split(ACQUIRED).length).toBe(2);
    const call = page.locator("p[data-type$=acquire_paper], p[data-type=dynamic-tool]");
    expect(await call.textContent(), "at its place").toContain(ACQUIRED);
  }
  const [page] = pages;
  const messages = page ? await stored(page) : [];
  expect(JSON.stringify(messages).split(ACQUIRED.replaceAll('"', '\\"'))).toHaveLength(2);
  const texts = messages.flatMap(({ parts }) => parts.flatMap((part) => ("text" in part ? [part.text] : [])));
  expect(texts.join("|")).toMatch(answer);
  expect(server.papers.acquisitions).toBe(1);
}

test("useChat: a paper of 60 s is in the conversation once, at its place, after two reloads and in a second tab", async () => {
  await serve(60_000);
  const url = server.page({ callBudgetMs: 45_000, leaseMs: 30_000 });
  const page = await at.browser.open(url);
  await page.getByRole("button", { name: "Send" }).click();
  await called(page);
  await page.locator("html[data-task=working]").waitFor({ state: "attached" });
  await page.reload();
  await page.locator("p[data-type$=acquire_paper], p[data-type=dynamic-tool]").waitFor({ state: "attached" });
  await page.reload();
  const second = await at.browser.open(url);
  await expectOneResult([page, second], /^Get the paper 10.1\/kelp\|I have the paper\.$/);
  expect(server.prompts, "the call, and the answer").toHaveLength(2);
}, 150_000);

test("useChat: the running result becomes the output, and the model that went on gets it once", async () => {
  await serve(6_000);
  const url = server.page({ callBudgetMs: 0, leaseMs: 30_000 });
  const page = await at.browser.open(url);
  await page.getByRole("button", { name: "Send" }).click();
  await said(page, "It is running.");
  await page.reload();
  await page.reload();
  const second = await at.browser.open(url);
  await expectOneResult(
    [page, second],
    /^Get.*\|It is running\.\|This message is from the application.*\|I have the paper\.$/s,
  );
  expect(server.prompts, "the call, the running result, and the end").toHaveLength(3);
});

test("useChat: a tab that is closed while the model reads the news leaves it to another tab", async () => {
  await serve(3_000);
  server.isSilent = true;
  const url = server.page({ callBudgetMs: 0, leaseMs: 3_000 });
  const page = await at.browser.open(url);
  await page.getByRole("button", { name: "Send" }).click();
  await said(page, "It is running.");
  await until("the model has the news", () => (server.prompts.length > 2 ? true : undefined));
  await page.close();
  server.isSilent = false;
  const heir = await at.browser.open(url);
  await expectOneResult([heir], /\|I have the paper\.$/);
  const telling = (await stored(heir)).filter(({ role }) => role === "user");
  expect(telling, "the question, and the news").toHaveLength(2);
});

test("useChat: a tab that is closed while the model reads an end that a call returned leaves it to another tab", async () => {
  await serve(3_000);
  server.isSilent = true;
  const url = server.page({ callBudgetMs: 45_000, leaseMs: 3_000 });
  const page = await at.browser.open(url);
  await page.getByRole("button", { name: "Send" }).click();
  await until("the model is sent the result", () =>
    server.prompts.find((prompt) => prompt.includes("Acquired")),
  );
  expect(JSON.stringify(await stored(page)), "it is not stored").not.toContain("Acquired");
  await page.close();
  server.isSilent = false;
  const heir = await at.browser.open(url);
  await expectOneResult([heir], /^Get the paper 10.1\/kelp\|I have the paper\.$/);
});

test("useChat: an end within its call is the caller's, also with the chat open in another tab", async () => {
  await serve(3_000);
  const url = server.page({ callBudgetMs: 45_000, leaseMs: 30_000 });
  // The first tab polls, and so sees the end first.
  const [page, second] = [await at.browser.open(url), await at.browser.open(url)];
  await second.getByRole("button", { name: "Send" }).click();
  await expectOneResult([page, second], /^Get the paper 10.1\/kelp\|I have the paper\.$/);
  expect(server.prompts, "the call, and the answer").toHaveLength(2);
});
