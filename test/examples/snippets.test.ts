import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { gatewayOf } from "../../worker/config/gateway.ts";
import { limitsOf } from "../../worker/config/limits.ts";
import { SampleLab } from "../browser/sample-lab.ts";
import { testBrowser } from "../browser/test-browser.ts";
import { freePort, type ServerProcess, startWorker } from "../servers/processes.ts";
import { anchorsOf, blocksOf, DOCUMENTS, localLinksOf, ROOT, spansOf, textOf } from "./documents.ts";
import { ExampleApp } from "./example-app.ts";
import { appOf } from "./snippet-app.ts";
import { ofKind, RUNS, type SnippetRun } from "./snippet-runs.ts";
import { withArguments } from "./with-arguments.ts";

/** Documents whose blocks are files of complete apps, and the test that runs those. */
const GUIDES: Readonly<Record<string, string>> = {
  "docs/embedding.md": "test/examples/embedding.test.ts",
  "docs/frameworks.md": "test/examples/embedding.test.ts",
  "docs/no-bundler.md": "test/packed/no-bundler.test.ts",
  "docs/server-rendering.md": "test/packed/next.test.ts",
  "docs/testing.md": "test/unit/testing/guide.test.ts",
  "docs/workflows.md": "test/examples/workflows.test.ts",
};

/** Shell and plain text are looked at below; everything else is run. */
const blocks = DOCUMENTS.flatMap(blocksOf);
const ofApps = DOCUMENTS.filter((document) => blocksOf(document).some(({ file }) => file !== undefined));
const snippets = blocks.filter(
  ({ file, language }) => file === undefined && language !== "sh" && language !== "text",
);

test("each example in the documents is run by a test: those that are complete apps, and all others here", () => {
  expect(ofApps).toEqual(Object.keys(GUIDES));
  for (const path of Object.values(GUIDES)) expect(existsSync(join(ROOT, path))).toBe(true);
  expect(snippets.map(({ place }) => place).sort()).toEqual(Object.keys(RUNS).sort());
  // GitHub shows a block of no language as it shows text.
  expect(blocks.filter(({ language }) => language === "").map(({ place }) => place)).toEqual([]);
});

describe.each(DOCUMENTS)("what %s names is there", (document) => {
  test("entry points of the package, files of the repository, and what links lead to", () => {
    const spans = spansOf(document);
    const entries = spans.flatMap((span) => span.match(/^holdfast\/[\w/-]+$/) ?? []);
    const exported = Object.keys(manifest.exports).map((path) => path.replace(/^\./, manifest.name));
    expect(entries.filter((entry) => !exported.includes(entry))).toEqual([]);
    const paths = spans.filter((span) => /^(src|test|web|worker|docs|bench|extension)\/[\w./-]*$/.test(span));
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const missing = localLinksOf(document).filter((target) => {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? document : join(dirname(document), path);
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(file).includes(anchor);
    });
    expect(missing).toEqual([]);
  });
});

describe("docs/errors.md", () => {
  const page = textOf("docs/errors.md");

  test("has a heading for each error class that an entry of the package exports", () => {
    const types = Object.values(manifest.exports).map(({ types }) =>
      textOf(types.replace("./dist/", "src/").replace(/\.d\.ts$/, ".ts")),
    );
    const classes = types.flatMap((text) => text.match(/\b[A-Z]\w+(?:Error|ToolFailure)\b/g) ?? []);
    const exported = [...new Set(classes)].filter(
      (name) => !["TaskError", "TypeError", "RangeError", "HttpError", "MalformedReplyError"].includes(name),
    );
    expect(exported.length).toBeGreaterThan(10);
    expect(exported.filter((name) => !page.includes(`\n## ${name}\n`))).toEqual([]);
  });

  test("has the sentence of each likely cause, and no other", () => {
    const source = ["failure-text", "network-cause"]
      .map((name) => textOf(`src/channel/${name}.ts`))
      .join("\n");
    const sentences = [...source.matchAll(/(["'`])([A-Z][^\n]*?[.?])\1[;\n\s]/g)].map(([, , text = ""]) =>
      text.replace(/\$\{[^}]+\}/g, "…"),
    );
    const shown = [...page.matchAll(/^\| `[^|]*\| "(.*)" \|/gm)].map(([, text = ""]) => text);
    expect(sentences.length).toBeGreaterThan(10);
    expect([...new Set(shown)].sort()).toEqual([...new Set(sentences)].sort());
  });
});

test("each test that docs/promises.md links has the title that the link quotes", () => {
  const links = [...textOf("docs/promises.md").matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+\.ts)\)/g)];
  expect(links.length).toBeGreaterThan(25);
  const wrong = links.filter(
    ([, title = "", path = ""]) => !textOf(path).includes(title) && !path.endsWith(`/${title}`),
  );
  expect(wrong.map(([link]) => link)).toEqual([]);
});

test("the settings that the runbook calls the defaults are the defaults", () => {
  const row = (name: string): string =>
    textOf("docs/runbook.md").match(new RegExp(`^\\| \`${name}\` \\| \`(.*?)\``, "m"))?.[1] ?? "";
  expect(JSON.parse(row("LIMITS"))).toEqual(limitsOf({}));
  expect(JSON.parse(row("GATEWAY"))).toEqual(gatewayOf({}));
});

/** The compiler reads the types of whole frameworks, side by side with those of other snippets. */
const SLOW_MS = 240_000;

const codeOf = new Map(snippets.map(({ place, code }) => [place, code]));
const toRun = <K extends SnippetRun["kind"]>(kind: K) =>
  ofKind(kind).map(([place, run]) => ({ place, code: codeOf.get(place) ?? "", run }));

test.each(toRun("settings"))("$place", ({ code, run }) => run.see(code));

/** Where the samples of a lab are, for snippets of either generation: the newest. */
const papersOf = (lab: SampleLab): string => `${inject("workerUrl")}/samples/${lab.name}/2026-07-28/mcp`;

describe("the snippets that run in a page", () => {
  const at = testBrowser();

  test.each(toRun("page"))("$place", async ({ code, run }) => {
    const server = await run.serve?.();
    const address = server?.url ?? papersOf(at.lab);
    const app = await ExampleApp.of(appOf(code, run, { "https://papers.example/mcp": address }));
    try {
      expect(await app.typeErrors()).toBe("");
      await app.build();
      const served = await app.serve();
      const page = await at.browser.context.newPage();
      await withArguments(page, { stage_ms: 600 });
      const said: string[] = [];
      page.on("console", async (message) => {
        const values = await Promise.all(message.args().map((arg) => arg.jsonValue().catch(() => undefined)));
        said.push(
          values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" "),
        );
      });
      await page.goto(served.url);
      await run.see(page, said).finally(() => served.close());
    } finally {
      await server?.close();
      await app.remove();
    }
  });
});

describe("the snippets that run elsewhere", () => {
  const lab = new SampleLab();
  let worker: ServerProcess;
  let callbackPort: number;

  beforeAll(async () => {
    callbackPort = await freePort();
    const sha256 = createHash("sha256").update("token-of-a-reader").digest("hex");
    worker = await startWorker({
      vars: {
        ENDPOINTS: JSON.stringify({ papers: { url: papersOf(lab), allowPrivate: true } }),
        TOKENS: JSON.stringify([{ principal: "reader", sha256 }]),
        WEBHOOK_PRIVATE: "true",
      },
    });
  });
  afterAll(() => worker.kill());

  const addresses = (): Readonly<Record<string, string>> => ({
    "https://papers.example/mcp": papersOf(lab),
    "https://tasks.example": worker.url,
    "8788": String(callbackPort),
  });

  test.concurrent.each(toRun("process"))(
    "$place",
    async ({ code, run }) => {
      const app = await ExampleApp.of(appOf(code, run, addresses()));
      try {
        expect(await app.typeErrors()).toBe("");
        const { stdout } = await promisify(execFile)(process.execPath, ["main.ts"], { cwd: app.folder });
        run.see(stdout);
      } finally {
        await app.remove();
      }
    },
    SLOW_MS,
  );

  test.concurrent.each(toRun("worker"))("$place", async ({ code, run }) => {
    const app = await ExampleApp.of(appOf(code, run, addresses()));
    try {
      expect(await app.typeErrors()).toBe("");
      const shown = await startWorker({ config: join(app.folder, "wrangler.toml") });
      await run.see(shown.url).finally(() => shown.kill());
    } finally {
      await app.remove();
    }
  });
});
