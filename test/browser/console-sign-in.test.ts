import { afterAll, beforeAll, expect, test } from "vitest";
import { SigningServer } from "./signing-server.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });
let server: SigningServer;

beforeAll(async () => {
  server = await SigningServer.start();
});
afterAll(() => server.close());

test("a server that wants a sign-in shows where, takes the page back, and is then called with its token", async () => {
  // How it is learnt that one is needed.
  at.expectComplaints(/status of 401/);
  const page = new TaskPage(await at.browser.open(at.lab.page));
  await page.ready();
  await page.page.getByRole("link", { name: "Servers" }).click();
  await page.page.fill("[name=address]", `${server.origin}/mcp`);
  await page.page.getByLabel("Authorization").selectOption("oauth");
  await Promise.all([page.page.waitForEvent("load"), page.page.click("button[name=connect]")]);
  await page.ready();

  const view = page.page.locator(".server-view");
  expect(await view.locator(".address").textContent()).toBe(`${server.origin}/authorize`);
  expect(server.tokens).toEqual([]);
  await view.getByRole("link", { name: /^Sign in at/ }).click();
  await view.getByRole("link", { name: "whoami" }).waitFor();
  expect(server.tokens).toEqual(["token-1"]);
  expect(page.page.url()).not.toContain("code=");

  await page.reload();
  await view.getByRole("link", { name: "whoami" }).click();
  await page.page.locator(".call-form").getByRole("button", { name: "Call", exact: true }).click();
  await page.result.getByText("You are signed in").waitFor();
  expect(server.tokens).toEqual(["token-1"]);
  expect(await page.page.evaluate(() => JSON.stringify(localStorage))).not.toContain("token-1");
});
