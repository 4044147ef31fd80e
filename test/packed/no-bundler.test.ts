import { createHash } from "node:crypto";
import { appendFileSync, cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { STAGES } from "../browser/random-moment.ts";
import { testBrowser } from "../browser/test-browser.ts";
import { withArguments } from "../examples/with-arguments.ts";
import { Newcomer } from "../newcomer/newcomer.ts";
import { type StaticServer, serveFolder } from "../servers/static-server.ts";
import { Tarball } from "./tarball.ts";

const PAGE = "docs/no-bundler.md";
const UNDER_WAY = new RegExp(STAGES.join("|"));
const at = testBrowser({ quiet: true });
let tarball: Tarball;
let newcomer: Newcomer;
let served: StaticServer | undefined;

beforeAll(() => {
  tarball = new Tarball();
});
afterAll(() => tarball.remove());
beforeEach(async () => {
  const server = `${inject("workerUrl")}/samples/${at.lab.name}/2026-07-28/mcp`;
  newcomer = new Newcomer(tarball.path, { "https://papers.example/mcp": server });
  await newcomer.follow(PAGE, "Without a bundler");
  newcomer.save("index.html", read("index.html").replace("sha384-…", `sha384-${await printedHash()}`));
});
afterEach(async () => {
  await served?.close();
  newcomer.leave();
});

const read = (file: string): string => readFileSync(join(newcomer.folder, file), "utf8");

/** What the command of the page prints. */
async function printedHash(): Promise<string> {
  const command = newcomer
    .code(PAGE, "Without a bundler", "sh")
    .split("\n")
    .find((line) => line.startsWith("openssl"));
  return (await newcomer.run(command ?? "")).trim();
}

/** Serves the folder with the policy that the page of the documentation recommends, and opens it. */
async function opened(): Promise<Page> {
  const [, map = ""] = /<script type="importmap">([\s\S]*?)<\/script>/.exec(read("index.html")) ?? [];
  const policy = newcomer
    .code(PAGE, "Integrity and policy", "text")
    .trim()
    .replace(/^content-security-policy: /, "")
    .replace("sha256-…", `sha256-${createHash("sha256").update(map).digest("base64")}`)
    .replace("https://papers.example", inject("workerUrl"));
  expect(policy).toContain("default-src 'none'; script-src 'self' 'sha256-");
  served = await serveFolder(newcomer.folder, { "content-security-policy": policy });
  await at.browser.clearStorage(served.url);
  const page = await at.browser.context.newPage();
  await withArguments(page, { stage_ms: 1_500 });
  await page.goto(served.url);
  return page;
}

test("the page of docs/no-bundler.md resumes its task after a reload, from one file under a strict policy", async () => {
  const page = await opened();
  await page.getByRole("button", { name: "Acquire" }).click();
  await page.locator("li", { hasText: UNDER_WAY }).waitFor();
  await page.reload();
  await page.locator("li", { hasText: 'Acquired "' }).waitFor();
  expect(await at.lab.count("tools/call")).toBe(1);
});

test("a page whose import map has a hash refuses a changed holdfast.js", async () => {
  appendFileSync(join(newcomer.folder, "holdfast.js"), "\n");
  at.expectComplaints(/integrity/);
  const refused = at.browser.context.waitForEvent("console", (message) => /integrity/.test(message.text()));
  await opened();
  await refused;
});

test("holdfast/observe of dist combines with the one file, and no other module is loaded", async () => {
  cpSync(join(newcomer.folder, "node_modules/holdfast/dist"), join(newcomer.folder, "dist"), {
    recursive: true,
  });
  newcomer.save(
    "index.html",
    read("index.html").replace(
      '"holdfast/http"',
      '"holdfast/observe": "./dist/observe/index.js", "holdfast/http"',
    ),
  );
  newcomer.save(
    "main.js",
    `${read("main.js")}
import { observeTasks } from "holdfast/observe";
observeTasks(tasks).subscribe((views) => (document.title = views.map(({ outcome }) => outcome?.kind ?? "running").join()));
`,
  );
  const page = await opened();
  await page.getByRole("button", { name: "Acquire" }).click();
  await expect.poll(() => page.title()).toBe("running");
  await expect.poll(() => page.title()).toBe("completed");
  const loaded = await page.evaluate(() =>
    performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname),
  );
  const modules = loaded.filter((path) => path.endsWith(".js")).sort();
  expect(modules.filter((path) => /\/dist\/(engine|runtime|client|channel|store)\//.test(path))).toEqual([]);
  expect(modules).toContain("/holdfast.js");
});

test("a page without an import map imports everything from the file itself, whose hash a modulepreload checks", async () => {
  const hash = await printedHash();
  newcomer.save("main.js", read("main.js").replaceAll(/"holdfast[\w/]*"/g, '"./holdfast.js"'));
  const preload = `<link rel="modulepreload" href="./holdfast.js" integrity="sha384-${hash}" />`;
  newcomer.save(
    "index.html",
    read("index.html").replace(/<script type="importmap">[\s\S]*?<\/script>/, preload),
  );
  const page = await opened();
  await page.getByRole("button", { name: "Acquire" }).click();
  await page.locator("li", { hasText: 'Acquired "' }).waitFor();
});
