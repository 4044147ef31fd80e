import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser();
const DIST = join(import.meta.dirname, "../../web/dist");
/** What the console may weigh before it shows the tasks, gzipped, in bytes. */
const FIRST_PAINT = 150_000;

test("what the console weighs", async () => {
  const page = await readFile(join(DIST, "index.html"), "utf8");
  const sums = { first: 0, later: 0 };
  for (const name of await readdir(join(DIST, "assets"))) {
    const text = await readFile(join(DIST, "assets", name));
    const size = gzipSync(text, { level: 9 }).length;
    sums[page.includes(name) ? "first" : "later"] += size;
    // Code made of strings is what the page's policy and extensions forbid.
    expect(text.toString(), name).not.toMatch(/\bnew Function\(|[^\w.]eval\(/);
  }
  const kb = (bytes: number): string => `${(bytes / 1000).toFixed(0)} kB`;
  console.log(
    `The console, gzipped: ${kb(sums.first)} before it shows the tasks, ${kb(sums.later)} while nobody waits`,
  );
  expect(sums.first).toBeLessThan(FIRST_PAINT);
});

test("the console shows the tasks with nothing but what its document names, and fetches the rest afterwards", async () => {
  const named = await readFile(join(DIST, "index.html"), "utf8");
  const page = new TaskPage(await at.browser.context.newPage());
  const held: (() => void)[] = [];
  let isHeld = true;
  await page.page.route("**/assets/*", async (route) => {
    const name = new URL(route.request().url()).pathname;
    if (!named.includes(name) && isHeld) await new Promise<void>((resolve) => held.push(resolve));
    await route.continue();
  });
  await page.page.goto(at.lab.page);
  await page.ready();
  await page.page.getByText("Nothing has been called yet.").waitFor();

  const rest = page.page.waitForResponse(/call-view.*\.js$/);
  isHeld = false;
  for (const release of held) release();
  await rest;
});

test("a view whose code cannot be fetched says so, and a reload of the page brings it", async () => {
  const page = new TaskPage(await at.browser.context.newPage());
  await page.page.route("**/assets/servers-view*.js", (route) => route.abort());
  await page.page.goto(at.lab.page);
  await page.ready();
  await page.page.getByRole("link", { name: "Servers" }).click();
  await page.page.getByText("its code could not be fetched").waitFor();
  await page.page.unroute("**/assets/servers-view*.js");
  await page.page.getByRole("button", { name: "Reload the page" }).click();
  await page.page.getByRole("heading", { name: "Add a server" }).waitFor();
});
