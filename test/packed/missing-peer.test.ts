import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testBrowser } from "../browser/test-browser.ts";
import { until } from "../browser/until.ts";
import { Newcomer } from "../newcomer/newcomer.ts";
import packages from "./packages.json" with { type: "json" };
import { PackedApp } from "./packed-app.ts";
import { Tarball } from "./tarball.ts";

const PAGE = '<script type="module" src="./main.js"></script>';
const VITE = "node_modules/vite/bin/vite.js";

describe("an app without a peer", () => {
  const at = testBrowser();
  const BUILD = ["build", "--logLevel", "error"];
  let tarball: Tarball;
  let app: PackedApp;
  beforeAll(async () => {
    tarball = new Tarball();
    app = await PackedApp.of(tarball.path, packages.vite, { "index.html": PAGE });
  });
  afterAll(() => {
    app.remove();
    tarball.remove();
  });

  test("is built by Vite with the client, a connector and IndexedDB", async () => {
    app.write(
      "main.js",
      `
import { TaskClient } from "holdfast";
import { fromUrl } from "holdfast/http";
import { indexedDbStore } from "holdfast/indexeddb";
const endpoints = { papers: fromUrl("https://papers.example/mcp") };
globalThis.tasks = new TaskClient({ store: indexedDbStore(), endpoints });
`,
    );
    expect(await app.node(VITE, BUILD)).toEqual({ ok: true, said: "" });
  });

  test.each([
    ["sdk-v1", "fromClient", "@modelcontextprotocol/sdk"],
    ["sdk-v2", "fromClient", "@modelcontextprotocol/client"],
    ["react", "useTasks", "react"],
    ["otel", "openTelemetry", "@opentelemetry/api"],
  ])(
    "that imports holdfast/%s fails in Node and in Vite, which both name the package",
    async (entry, name, peer) => {
      app.write("main.js", `import { ${name} } from "holdfast/${entry}";\nconsole.log(typeof ${name});\n`);
      const run = await app.node("main.js");
      expect(run.ok).toBe(false);
      expect(run.said).toContain(`Cannot find package '${peer}'`);
      const build = await app.node(VITE, BUILD);
      expect(build.ok).toBe(false);
      // As docs/library.md explains it. An SDK has one such sentence.
      const sentences = build.said.split(`is not exported by "__vite-optional-peer-dep:${peer}`).length - 1;
      expect(sentences).toBeGreaterThan(0);
      if (entry.startsWith("sdk-")) expect(sentences).toBe(1);
    },
  );

  test.each([
    ["sdk-v1", "@modelcontextprotocol/sdk"],
    ["sdk-v2", "@modelcontextprotocol/client"],
  ])(
    "that imports holdfast/%s reads in the console of Vite's dev server which package is missing",
    async (entry, peer) => {
      const newcomer = new Newcomer(tarball.path, {});
      try {
        newcomer.save("package.json", '{ "type": "module" }');
        await newcomer.run(`npm install holdfast vite@${packages.vite.vite}`);
        newcomer.save("index.html", PAGE);
        newcomer.save("main.js", `import { fromUrl } from "holdfast/${entry}";\nconsole.log(fromUrl);\n`);
        const page = await at.browser.context.newPage();
        const said: string[] = [];
        page.on("pageerror", ({ message }) => said.push(message));
        await page.goto(await newcomer.start("npx vite"));
        await until("the page complains", () => said[0]);
        expect(said[0]).toContain(`Could not resolve "${peer}`);
        expect(said[0]).toContain('imported by "holdfast". Is it installed?');
      } finally {
        newcomer.leave();
      }
    },
  );

  test("that signs in by holdfast/oauth reads in one sentence what to install", async () => {
    app.write(
      "main.js",
      `
import { oauth } from "holdfast/oauth";
const challenge = new Response(null, { status: 401, headers: { "www-authenticate": "Bearer" } });
const credentials = oauth({ tokens: () => undefined, clientInformation: () => undefined });
await credentials.renew(challenge, true, {}).catch(({ message }) => console.log(message));
`,
    );
    expect(await app.node("main.js")).toEqual({
      ok: true,
      said: "holdfast/oauth needs the package @modelcontextprotocol/client: npm install @modelcontextprotocol/client\n",
    });
  });
});
