import { chmodSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { examplesIn } from "../examples/guide.ts";
import packages from "./packages.json" with { type: "json" };
import { PackedApp } from "./packed-app.ts";
import { Tarball } from "./tarball.ts";

/** A task over a reload, against a server of the test kit: what every runtime can do. */
const JOB = `
import { TaskClient } from "holdfast";
import { scriptedServer, testPage } from "holdfast/testing";
const papers = scriptedServer();
papers.tool("acquire_paper");
const page = testPage({ papers }, { client: (parts) => new TaskClient(parts) });
await page.tasks.callTool("papers", "acquire_paper");
const [task] = await page.reload();
await (await papers.task()).complete("Acquired");
const { content } = await page.clock.until(task.result());
console.log(content[0].text, papers.count("tools/call"));
await page.close();
`;
const DONE = { ok: true, said: "Acquired 1\n" };

const apps: PackedApp[] = [];
let tarball: Tarball;

beforeAll(() => {
  tarball = new Tarball();
});

afterAll(() => {
  for (const app of apps) app.remove();
  tarball.remove();
});

async function newApp(
  installed: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): Promise<PackedApp> {
  const app = await PackedApp.of(tarball.path, installed, files);
  apps.push(app);
  return app;
}

describe("a task over a reload", () => {
  let app: PackedApp;
  beforeAll(async () => {
    app = await newApp(packages.runtimes, { "job.js": JOB });
  });

  test("runs in Node", async () => {
    expect(await app.node("job.js")).toEqual(DONE);
  });

  test("runs in Bun", async () => {
    expect(await app.program("@oven/bun-linux-x64/bin/bun", ["job.js"])).toEqual(DONE);
  });

  test("runs in Deno", async () => {
    const deno = "@deno/linux-x64-glibc/deno";
    chmodSync(join(app.folder, "node_modules", deno), 0o755);
    expect(await app.program(deno, ["run", "--allow-all", "job.js"])).toEqual(DONE);
  });
});

test("Jest runs the test of docs/testing.md", async () => {
  const files = examplesIn("docs/testing.md").get("jest")?.files ?? new Map<string, string>();
  expect(files.size).toBe(1);
  const app = await newApp(packages.jest, Object.fromEntries(files));
  const flags = { NODE_OPTIONS: "--experimental-vm-modules" };
  const { ok, said } = await app.node("node_modules/jest/bin/jest.js", [], flags);
  expect(said).toContain("1 passed");
  expect(ok).toBe(true);
});

test.each(["react-18", "react-19"] as const)(
  "%s renders a component with the hooks on a server",
  async (name) => {
    const app = await newApp(packages[name], {
      "page.js": `
import { createElement as h } from "react";
import { renderToString } from "react-dom/server";
import { TaskClientProvider, useTasks } from "holdfast/react";
import { scriptedServer, testPage } from "holdfast/testing";
const page = testPage({ papers: scriptedServer() });
const List = () => h("p", null, \`\${useTasks().length} tasks\`);
console.log(renderToString(h(TaskClientProvider, { client: page.tasks }, h(List))));
await page.close();
`,
    });
    expect(await app.node("page.js")).toEqual({ ok: true, said: "<p>0 tasks</p>\n" });
  },
);

const MODULES = { bundler: "ESNext", nodenext: "NodeNext" } as const;
const COMPILERS = Object.keys(packages.typescript).flatMap((compiler) =>
  (["bundler", "nodenext"] as const).map((moduleResolution) => ({ compiler, moduleResolution })),
);
const NEEDS_PEER = /\/(sdk-v\d|oauth|react|vue|svelte|solid|otel)$/;
const specifiers = Object.keys(manifest.exports).map((path) => path.replace(/^\./, manifest.name));

describe.each([
  // What the types of the peers need of the platform is the peers' own: `Buffer`, for one.
  {
    entries: "without a peer",
    of: specifiers.filter((path) => !NEEDS_PEER.test(path)),
    installed: {},
    types: [],
  },
  {
    entries: "with their peers",
    of: specifiers.filter((path) => NEEDS_PEER.test(path)),
    installed: packages.peers,
    types: ["node"],
  },
])("the types of all entries $entries", ({ of, installed, types }) => {
  const names = of.map(
    (entry, index) => `import * as entry${index} from "${entry}";\nexport { entry${index} };`,
  );
  let app: PackedApp;
  beforeAll(async () => {
    app = await newApp({ ...packages.typescript, ...installed }, { "main.ts": names.join("\n") });
  });

  test.each(COMPILERS)(
    "compile by $compiler, $moduleResolution, with skipLibCheck off",
    async ({ compiler, moduleResolution }) => {
      const compilerOptions = {
        ...{ target: "ES2022", module: MODULES[moduleResolution], moduleResolution },
        ...{ lib: ["ES2023", "DOM", "DOM.Iterable"], types },
        ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
      };
      app.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["main.ts"] }));
      expect(of.length).toBeGreaterThan(6);
      expect(await app.node(`node_modules/${compiler}/bin/tsc`, ["-p", "."])).toEqual({ ok: true, said: "" });
    },
  );
});
