import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { until } from "../browser/until.ts";

const root = join(import.meta.dirname, "../..");
const require = createRequire(import.meta.url);

const ATTEMPTS = 3;
/** How long a server that is starting may take over one answer. */
const PATIENCE_MS = 10_000;

/** A real server in a process of its own, on 127.0.0.1. */
export interface ServerProcess {
  readonly url: string;
  /** The process group of all its processes. */
  readonly group: number;
  /** SIGKILL: nothing gets to tidy up. */
  kill(): Promise<void>;
}

export interface WranglerOptions {
  readonly port?: number;
  readonly vars?: Readonly<Record<string, string>>;
  /** The folder of its Durable Objects' storage; by default one of its own, which goes with it. */
  readonly persistTo?: string;
  /** Of another worker than the project's: the path of its wrangler.toml. It has to answer 200 to `/healthz`. */
  readonly config?: string;
  /** For its processes, beside the test's own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The worker, with the page and the sample servers, in workerd. Resolves when it answers. */
export async function startWorker(options: WranglerOptions = {}): Promise<ServerProcess> {
  const wrangler = join(dirname(require.resolve("wrangler/package.json")), "bin/wrangler.js");
  const state = options.persistTo ?? (await mkdtemp(join(tmpdir(), "holdfast-state-")));
  const vars = Object.entries(options.vars ?? {}).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const { child, port } = await answering(options.port, "/healthz", (port) =>
    start(
      wrangler,
      [
        "dev",
        ...["--ip", "127.0.0.1", "--port", `${port}`, "--show-interactive-dev-session=false"],
        // By default all that start at once want the same one.
        ...["--inspector-port", "0"],
        ...["--persist-to", state],
        ...(options.config === undefined ? [] : ["--config", options.config]),
        ...vars,
      ],
      options.env,
    ),
  );
  return {
    url: `http://127.0.0.1:${port}`,
    group: child.pid ?? 0,
    async kill() {
      await kill(child);
      // The last of its processes may still be writing there.
      if (options.persistTo === undefined) {
        await rm(state, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      }
    },
  };
}

/** The official server-everything. `url` is its MCP endpoint. */
export async function startEverything(at: { readonly port?: number } = {}): Promise<ServerProcess> {
  const script = require.resolve("@modelcontextprotocol/server-everything/dist/index.js");
  const { child, port } = await answering(at.port, "/mcp", (port) =>
    start(script, ["streamableHttp"], { PORT: `${port}` }),
  );
  return { url: `http://127.0.0.1:${port}/mcp`, group: child.pid ?? 0, kill: () => kill(child) };
}

export function freePort(): Promise<number> {
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

function start(script: string, args: string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [script, ...args], {
    cwd: root,
    // workerd is a grandchild: the group is ended as one.
    detached: true,
    stdio: ["ignore", "ignore", process.env.HOLDFAST_TEST_LOG ? "inherit" : "ignore"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true", ...env },
  });
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGKILL");
  await ended;
}

/** Resolves when the server answers. What ends before it does, as it must when its port was taken meanwhile, is started anew. */
async function answering(
  wanted: number | undefined,
  path: string,
  launch: (port: number) => ChildProcess,
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = wanted ?? (await freePort());
    const child = launch(port);
    const url = `http://127.0.0.1:${port}${path}`;
    const stands = await until(
      `${url} answers`,
      async () => {
        if (child.exitCode !== null) return "ended";
        const reply = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined);
        return reply ? "answers" : undefined;
      },
      60_000,
    );
    if (stands === "answers") return { child, port };
    if (attempt === ATTEMPTS) throw new Error(`${url}: the server ended with code ${child.exitCode}`);
  }
}
