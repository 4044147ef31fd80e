import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { STAGES } from "../browser/random-moment.ts";
import { testBrowser } from "../browser/test-browser.ts";
import { blocksOf } from "../examples/documents.ts";
import { examplesIn } from "../examples/guide.ts";
import { withArguments } from "../examples/with-arguments.ts";
import packages from "./packages.json" with { type: "json" };
import { PackedApp } from "./packed-app.ts";
import { Tarball } from "./tarball.ts";

const PAGE = "docs/server-rendering.md";
const SERVER = "https://papers.example/mcp";
const UNDER_WAY = new RegExp(STAGES.join("|"));
const ENVIRONMENT = { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
/** React reports a mismatch of hydration as an error of the page: the browser must stay quiet. */
const at = testBrowser({ quiet: true });
let app: PackedApp;
let server: ChildProcess;
let url: string;

beforeAll(async () => {
  const tarball = new Tarball();
  const provider = blocksOf(PAGE).find(({ place }) => place === `${PAGE}, Rules, 1`)?.code ?? "";
  // The lab of a test is in the address of the page: a Next.js app is built once.
  const lab = `new URL(\`${inject("workerUrl")}/samples/\${globalThis.location?.hash.slice(1) || "none"}/2026-07-28/mcp\`)`;
  expect(provider).toContain(`"${SERVER}"`);
  app = await PackedApp.of(tarball.path, packages.next, {
    ...Object.fromEntries(examplesIn(PAGE).get("next")?.files ?? []),
    "app/tasks.tsx": provider.replace(`"${SERVER}"`, lab),
  });
  tarball.remove();
  const built = await app.node("node_modules/next/dist/bin/next", ["build"], ENVIRONMENT);
  expect(built.said).toContain("Compiled successfully");
  expect(built.ok).toBe(true);
  const next = join(app.folder, "node_modules/next/dist/bin/next");
  server = spawn(process.execPath, [next, "start", "--hostname", "127.0.0.1", "--port", "0"], {
    cwd: app.folder,
    env: { ...process.env, ...ENVIRONMENT, NO_COLOR: "1" },
    detached: true,
  });
  url = await addressOf(server);
}, 600_000);
afterAll(() => {
  if (server?.pid !== undefined) process.kill(-server.pid, "SIGKILL");
  app?.remove();
});

/** The address that the server prints. */
function addressOf({ stdout, stderr }: ChildProcess): Promise<string> {
  let said = "";
  return new Promise((resolve, reject) => {
    stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [address] = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(said) ?? [];
      if (address !== undefined) resolve(address);
    });
    stdout?.on("end", () => reject(new Error(`next start ended: ${said}`)));
  });
}

test("a Next.js app renders no tasks on its server", async () => {
  const html = await (await fetch(url)).text();
  expect(html.replaceAll("<!-- -->", "")).toContain("<p>0 papers</p>");
});

test("a Next.js app hydrates without a complaint, and has the task of the page before", async () => {
  await at.browser.clearStorage(url);
  const page = await at.browser.context.newPage();
  await withArguments(page, { stage_ms: 1_500 });
  await page.goto(`${url}/#${at.lab.name}`);
  await page.getByText("0 papers").waitFor();
  await page.getByRole("button", { name: "Acquire" }).click();
  await page.locator("li", { hasText: UNDER_WAY }).waitFor();
  await page.reload();
  await page.locator("li", { hasText: "completed" }).waitFor();
  await page.reload();
  await page.getByText("1 papers").waitFor();
  expect(await at.lab.count("tools/call")).toBe(1);
});
