import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import type { TestProject } from "vitest/node";
import { until } from "./until.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The worker, with the page and the sample servers, in workerd. */
    workerUrl: string;
    /** The official server-everything. */
    everythingUrl: string;
  }
}

const root = join(import.meta.dirname, "../..");
const require = createRequire(import.meta.url);

/** Vitest's global set-up: starts the real servers once, on free ports, and ends them by pid. */
export default async function startServers(project: TestProject): Promise<() => Promise<void>> {
  const [workerPort, everythingPort] = [await freePort(), await freePort()];
  const wrangler = join(dirname(require.resolve("wrangler/package.json")), "bin/wrangler.js");
  const everything = require.resolve("@modelcontextprotocol/server-everything/dist/index.js");
  const children = [
    start(wrangler, [
      "dev",
      "--ip",
      "127.0.0.1",
      "--port",
      `${workerPort}`,
      "--show-interactive-dev-session=false",
    ]),
    start(everything, ["streamableHttp"], { PORT: `${everythingPort}` }),
  ];
  const workerUrl = `http://127.0.0.1:${workerPort}`;
  const everythingUrl = `http://127.0.0.1:${everythingPort}/mcp`;
  await answers(`${workerUrl}/healthz`);
  await answers(everythingUrl);
  project.provide("workerUrl", workerUrl);
  project.provide("everythingUrl", everythingUrl);
  return async () => {
    await Promise.all(children.map(stop));
  };
}

function start(script: string, args: string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [script, ...args], {
    cwd: root,
    // workerd is a grandchild: the group is ended as one.
    detached: true,
    stdio: ["ignore", "ignore", process.env.HOLDFAST_TEST_LOG ? "inherit" : "ignore"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true", ...env },
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGKILL");
  await ended;
}

function answers(url: string): Promise<true> {
  return until(
    `${url} answers`,
    async () => ((await fetch(url).catch(() => undefined)) ? true : undefined),
    60_000,
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
