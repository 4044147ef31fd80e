import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { until } from "../browser/until.ts";
import { SigningServer } from "../proxy/signing-server.ts";
import { LoadedExtension } from "./loaded-extension.ts";
import { startInTab } from "./start-in-tab.ts";

let extension: LoadedExtension;
let server: SigningServer;
/** Set by a test: what its task's server says of it. */
let status: "working" | "completed" = "working";
/** The tokens with which the task was polled. */
const polledWith: Set<string> = new Set();

beforeAll(async () => {
  extension = await LoadedExtension.load();
});
afterAll(() => extension.remove());
beforeEach(async () => {
  server = await SigningServer.start();
  server.answers = answers;
  status = "working";
  polledWith.clear();
  await extension.ask(() => Promise.all([chrome.storage.local.clear(), chrome.storage.session.clear()]));
});
afterEach(async () => {
  server.close();
  for (const page of extension.chromium.context.pages().slice(1)) await page.close();
  extension.takeComplaints();
});

/** A 2025-11-25 server with one task. */
function answers(method: string, _params: object, token: string): object | undefined {
  const task = {
    taskId: "paper-1",
    status,
    createdAt: new Date().toISOString(),
    lastUpdatedAt: new Date().toISOString(),
    ttl: 3_600_000,
    pollInterval: 500,
  };
  switch (method) {
    case "initialize":
      return {
        protocolVersion: "2025-11-25",
        serverInfo: { name: "signed", version: "1" },
        capabilities: { tools: {}, tasks: { requests: { tools: { call: {} } } } },
      };
    case "tools/list":
      return {
        tools: [{ name: "acquire", inputSchema: { type: "object" }, execution: { taskSupport: "required" } }],
      };
    case "tools/call":
      return { task };
    case "tasks/get":
      polledWith.add(token);
      return task;
    case "tasks/result":
      return { content: [{ type: "text", text: "The paper of Ada" }] };
    default:
      return undefined;
  }
}

async function added(keeping = "until the browser closes"): Promise<{ page: Page; url: string }> {
  const url = `${server.origin}/mcp`;
  const page = await extension.page("options");
  await page.fill("[name=address]", url);
  await page.fill("[name=name]", "Signed");
  await page.selectOption("[name=authorization]", "oauth");
  await page.selectOption("[name=keeping]", keeping);
  await page.click("button[name=add]");
  return { page, url };
}

async function signIn(page: Page, url: string): Promise<void> {
  await page
    .locator(`[data-server="${url}"]`)
    .getByRole("button", { name: /^Sign in at 127/ })
    .click();
  await page.locator(`[data-server="${url}"] .server-found`).waitFor();
}

function stored(): Promise<{ local: string; session: string }> {
  return extension.ask(async () => ({
    local: JSON.stringify(await chrome.storage.local.get()),
    session: JSON.stringify(await chrome.storage.session.get()),
  }));
}

test("a person signs in by OAuth; the tokens stay in memory, and no page shows them", async () => {
  const { page, url } = await added();
  const card = page.locator(`[data-server="${url}"]`);
  await card.getByText(`a window of ${new URL(url).host}`).waitFor();
  expect(server.registrations, "nothing is registered before the person clicks").toEqual([]);
  await signIn(page, url);
  expect(server.registrations).toEqual([
    expect.objectContaining({
      redirect_uris: [expect.stringMatching(/^https:\/\/\w+\.chromiumapp\.org\/oauth$/)],
    }),
  ]);
  const [token = ""] = server.tokens;
  const { local, session } = await stored();
  expect(local).not.toContain(token);
  expect(session).toContain(token);
  expect(await page.locator("body").innerHTML()).not.toContain(token);
  expect(
    await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])),
  ).not.toContain(token);

  await card.getByRole("button", { name: "Sign out" }).click();
  await card.getByText("You are not signed in").waitFor();
  expect((await stored()).session).not.toContain(token);
  await until("the server has revoked the grant", () => server.revoked.length > 0 || undefined);
});

test("the worker renews expired tokens, each refresh token once, and the task ends with its result", async () => {
  const { page, url } = await added("on this computer");
  server.lifeMs = 2_000;
  await signIn(page, url);
  await startInTab(await extension.page("popup"), url, "acquire", {});
  await until("the task is polled with three tokens", () => polledWith.size >= 3 || undefined);
  await extension.stopWorker();
  const before = polledWith.size;
  await until("another worker renews them too", () => polledWith.size > before || undefined);
  status = "completed";
  await until(
    "its end is announced",
    async () => (await extension.notices()).some((id) => id.startsWith("ended ")) || undefined,
  );
  expect(server.reuses).toBe(0);
  expect(server.registrations).toHaveLength(1);
});

test("a sign-in that has ended is announced, and the task goes on after the next", async () => {
  const { page, url } = await added();
  await signIn(page, url);
  await startInTab(await extension.page("popup"), url, "acquire", {});
  await until("the task is polled", () => polledWith.size > 0 || undefined);
  await extension.clearNotices();
  server.endGrants();
  await until(
    "it is announced",
    async () => (await extension.notices()).includes(`access ${url}`) || undefined,
  );
  const popup = await extension.page("popup");
  await popup.getByText("Signed wants you to sign in").waitFor();
  await page.bringToFront();
  status = "completed";
  await signIn(page, url);
  await until(
    "its end is announced",
    async () => (await extension.notices()).some((id) => id.startsWith("ended ")) || undefined,
  );
});

test("a refusal on the sign-in page is shown, and nothing is stored", async () => {
  const { page, url } = await added();
  server.refuses = true;
  const card = page.locator(`[data-server="${url}"]`);
  await card.getByRole("button", { name: /^Sign in at 127/ }).click();
  await card.getByText("did not succeed: the server says access_denied").waitFor();
  expect(server.tokens.size).toBe(0);
  expect((await stored()).session).toBe("{}");
});

test("where clients are not registered by themselves, the person enters an id, and sees the redirect address", async () => {
  server.registers = false;
  const { page, url } = await added();
  const card = page.locator(`[data-server="${url}"]`);
  const button = card.getByRole("button", { name: /^Sign in at 127/ });
  await button.click();
  await card.getByText(/redirect address https:\/\/\w+\.chromiumapp\.org\/oauth/).waitFor();
  expect(await button.isDisabled()).toBe(true);
  await card.getByLabel("Client id").fill("holdfast-of-ada");
  await signIn(page, url);
  expect(JSON.parse((await stored()).session)).toEqual({
    [`secret ${url}`]: expect.objectContaining({ clientId: "holdfast-of-ada" }),
  });
});

test("an authorization server at another host is asked for in the click, and nothing is sent there without it", async () => {
  server.issuer = server.origin.replace("127.0.0.1", "localhost");
  const { page, url } = await added();
  // The person's part: the browser's question is outside every page.
  await page.evaluate(() => {
    const asked: string[] = [];
    Object.assign(globalThis, { asked });
    chrome.permissions.request = async ({ origins = [] }: chrome.permissions.Permissions) => {
      asked.push(...origins);
      return false;
    };
  });
  const card = page.locator(`[data-server="${url}"]`);
  await card.getByRole("button", { name: /^Sign in at localhost/ }).click();
  await card.getByText("has no permission to access localhost").waitFor();
  expect(await page.evaluate(() => (globalThis as unknown as { readonly asked: string[] }).asked)).toEqual([
    "http://localhost/*",
  ]);
  expect(server.pages).toBe(0);
  expect(server.registrations).toEqual([]);
});
