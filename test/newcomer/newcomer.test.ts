import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { STAGES } from "../browser/random-moment.ts";
import { testBrowser } from "../browser/test-browser.ts";
import { until } from "../browser/until.ts";
import { ROOT, sectionsOf } from "../examples/documents.ts";
import { withArguments } from "../examples/with-arguments.ts";
import { Tarball } from "../packed/tarball.ts";
import { Newcomer } from "./newcomer.ts";

const DOI = "10.1038/s41586-020-2649-2";
/** A page on a busy machine may never show one stage among others. */
const UNDER_WAY = new RegExp(STAGES.slice(1).join("|"));
const ACQUIRED = /Acquired ".+" \(10\.1038\/s41586-020-2649-2\)/;
const at = testBrowser();
const seconds: Record<string, number> = {};
let tarball: Tarball;
let newcomer: Newcomer;

beforeAll(() => {
  tarball = new Tarball();
});
afterAll(() => {
  tarball.remove();
  mkdirSync(join(ROOT, "results"), { recursive: true });
  writeFileSync(join(ROOT, "results/newcomer.json"), `${JSON.stringify(seconds, null, 2)}\n`);
});
afterEach(() => newcomer.leave());

const papers = (): string => `${inject("workerUrl")}/samples/${at.lab.name}/2026-07-28/mcp`;

/** A task of a newcomer, from the empty folder to the result. */
function task(title: string, steps: () => Promise<void>): void {
  test(title, async () => {
    const began = performance.now();
    newcomer = new Newcomer(tarball.path, { "https://papers.example/mcp": papers() });
    await steps();
    seconds[title] = Math.round((performance.now() - began) / 100) / 10;
  });
}

async function opened(address: string): Promise<Page> {
  // The apps of all tasks have the same origin.
  await at.browser.clearStorage(address);
  const page = await at.browser.context.newPage();
  await withArguments(page, { stage_ms: 1_500 });
  // Vite loads a page anew when it has found what the page imports.
  await page.goto(address, { waitUntil: "networkidle" });
  await page.goto(address, { waitUntil: "networkidle" });
  return page;
}

describe("an agent", () => {
  task("README.md: a server behind the proxy answers a call", async () => {
    const [line = ""] = newcomer.code("README.md", "The proxy, in one step", "sh").trim().split("\n");
    const client = new Client({ name: "newcomer", version: "1.0.0" });
    const command = newcomer.typed(line);
    await client.connect(
      new StdioClientTransport({
        command: "sh",
        args: ["-c", `exec ${command}`],
        cwd: newcomer.folder,
        env: newcomer.environment(),
      }),
    );
    const { content } = await client.callTool({ name: "echo", arguments: { message: "kelp" } });
    expect(JSON.stringify(content)).toContain("kelp");
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("check_task");
    await client.close();
  });

  task("docs/proxy.md: the configuration of Claude Desktop is wrapped", async () => {
    const blocks = sectionsOf("docs/proxy.md").find(
      ({ heading }) => heading === "Claude Desktop and Cowork",
    )?.blocks;
    const [before, after] = (blocks ?? []).filter(({ language }) => language === "json");
    newcomer.save("claude_desktop_config.json", before?.code ?? "");
    await newcomer.run("npx -y holdfast wrap claude_desktop_config.json --yes");
    const written = readFileSync(join(newcomer.folder, "claude_desktop_config.json"), "utf8");
    expect(JSON.parse(written)).toEqual(JSON.parse(after?.code ?? ""));
  });
});

describe("an app", () => {
  task("README.md: the snippet in a page shows the paper, also after a reload", async () => {
    await newcomer.follow("README.md", "The library, in one page");
    newcomer.save("main.ts", newcomer.code("README.md", "The library, in one page", "ts"));
    newcomer.save("index.html", '<button>Acquire</button><script type="module" src="./main.ts"></script>');
    const page = await opened(await newcomer.start("npx -y vite@8"));
    const said: string[] = [];
    page.on("console", async (message) => {
      const values = await Promise.all(message.args().map((arg) => arg.jsonValue().catch(() => undefined)));
      said.push(JSON.stringify(values).replaceAll("\\", ""));
    });
    await page.getByRole("button").click();
    await until("the task runs", () => said.find((line) => line.includes("working")));
    await page.reload();
    await until("the paper is there", () => said.find((line) => ACQUIRED.test(line)));
  });

  test.each([
    ["docs/embedding.md", "A plain script in a page"],
    ["docs/embedding.md", "React"],
    ["docs/frameworks.md", "Vue"],
    ["docs/frameworks.md", "Svelte"],
    ["docs/frameworks.md", "Solid"],
  ])("%s: the app of %s has the paper after a reload", async (document, heading) => {
    const began = performance.now();
    newcomer = new Newcomer(tarball.path, { "https://papers.example/mcp": papers() });
    await newcomer.follow(document, heading);
    const address = await newcomer.start("npx vite");
    const page = await opened(`${address}?server=${encodeURIComponent(papers())}`);
    await page.getByRole("button", { name: "Acquire" }).click();
    const paper = page.locator("li", { hasText: DOI });
    await paper.filter({ hasText: UNDER_WAY }).waitFor();
    await page.reload();
    await paper.filter({ hasText: 'Acquired "' }).waitFor();
    expect(await at.lab.count("tools/call")).toBe(1);
    seconds[`${document}: ${heading}`] = Math.round((performance.now() - began) / 100) / 10;
  });

  task("docs/questions.md: a script answers the question of a server", async () => {
    await newcomer.follow("docs/questions.md", "Questions of the server");
    newcomer.save("main.js", newcomer.code("docs/questions.md", "Questions of the server", "ts"));
    newcomer.save("main.js", `${readFileSync(join(newcomer.folder, "main.js"), "utf8")}process.exit();\n`);
    expect(await newcomer.run("node main.js")).toMatch(ACQUIRED);
  });

  task("docs/testing.md: the tests pass", async () => {
    await newcomer.follow("docs/testing.md", "Testing");
    const said = stripVTControlCharacters(await newcomer.run("npx vitest run"));
    expect(said).toMatch(/Tests +3 passed/);
  });
});
