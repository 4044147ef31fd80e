import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../examples/documents.ts";
import { examplesIn } from "../examples/guide.ts";
import { freePort, type ServerProcess, startWorker } from "../servers/processes.ts";
import packages from "./packages.json" with { type: "json" };

const run = promisify(execFile);
const TOKEN = "token-of-a-workflow";
const DOI = "10.1038/s41586-020-2649-2";
const TSCONFIG = {
  compilerOptions: {
    ...{ target: "ES2023", module: "ESNext", moduleResolution: "bundler", lib: ["ESNext", "DOM"] },
    ...{ types: ["node"], strict: true, skipLibCheck: true, noEmit: true },
  },
  exclude: ["node_modules"],
};
const VITEST_CONFIG = `
import { workflow } from "@workflow/vitest";
export default { plugins: [workflow()], test: { include: ["workflow-run.mjs"], testTimeout: 120_000 } };
`;

const folders: string[] = [];
let worker: ServerProcess;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const port = await freePort();
  const sha256 = createHash("sha256").update(TOKEN).digest("hex");
  const url = `http://127.0.0.1:${port}/samples/recipes/2026-07-28/mcp`;
  worker = await startWorker({
    port,
    vars: {
      DEMO: "true",
      WEBHOOK_PRIVATE: "true",
      WEBHOOK_SECRET: "whsec_aG9sZGZhc3Q=",
      ENDPOINTS: JSON.stringify({ papers: { url, allowPrivate: true } }),
      TOKENS: JSON.stringify([{ principal: "workflow", sha256 }]),
    },
  });
  const reply = await fetch(`${worker.url}/v1/webhook-secret`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const { secret } = (await reply.json()) as { secret: string };
  env = {
    ...process.env,
    ...{ HOLDFAST_URL: worker.url, HOLDFAST_TOKEN: TOKEN, HOLDFAST_WEBHOOK_SECRET: secret, DOI },
  };
});

afterAll(async () => {
  await worker.kill();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** The files of a recipe as they are pasted, with the packages it installs and the files that run it. Its types are right. */
async function recipe(name: keyof typeof packages, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), `holdfast-${name}-`));
  folders.push(folder);
  const pasted = examplesIn("docs/workflows.md").get(name)?.files ?? new Map<string, string>();
  expect(pasted.size).toBeGreaterThan(0);
  const own = {
    "package.json": JSON.stringify({ type: "module", private: true, dependencies: packages[name] }),
    "tsconfig.json": JSON.stringify(TSCONFIG),
    ...files,
  };
  for (const [path, text] of [...pasted, ...Object.entries(own)]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  for (const file of ["webhook-route.mjs", `${name}-run.mjs`])
    copyFileSync(join(import.meta.dirname, file), join(folder, file));
  await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], {
    cwd: folder,
  });
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const types = await run(process.execPath, [compiler, "-p", folder]).catch(
    (error: { stdout: string }) => error,
  );
  expect(types.stdout).toBe("");
  return folder;
}

async function callsOf(): Promise<number> {
  const wire = await fetch(`${worker.url}/samples/recipes/wire`);
  const entries = (await wire.json()) as { method?: string }[];
  return entries.filter(({ method }) => method === "tools/call").length;
}

test("a workflow of the package `workflow` waits for a task, and calls the tool once", async () => {
  const before = await callsOf();
  const folder = await recipe("workflow", { "vitest.config.mjs": VITEST_CONFIG });
  const vitest = join(folder, "node_modules/vitest/vitest.mjs");
  const { stdout } = await run(process.execPath, [vitest, "run"], { cwd: folder, env });
  expect(stdout).toContain("1 passed");
  expect((await callsOf()) - before).toBe(1);
});

test("an Inngest function waits for a task by step.waitForEvent(), and calls the tool once", async () => {
  const before = await callsOf();
  const folder = await recipe("inngest", {});
  const { stdout } = await run(process.execPath, ["inngest-run.mjs", DOI], { cwd: folder, env });
  expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
    kind: "completed",
    text: expect.stringContaining(DOI),
  });
  expect((await callsOf()) - before).toBe(1);
});
