import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { StateFolder, sha256 } from "../../proxy/serve/state-folder.ts";
import { configText, service, servicesOf, variableOf, worker } from "../../proxy/serve/workerd-config.ts";
import { WorkerdProcess } from "../../proxy/serve/workerd-process.ts";
import { until } from "../../test/browser/until.ts";
import { freePort } from "../../test/servers/processes.ts";
import { cpuMsOfWorkerd } from "./cpu-time.ts";

/** `npm run build` makes it. */
const SERVE = "dist/serve";
const TOKEN = "token-of-the-bench";

/**
 * The worker, as `holdfast serve` runs it, and the bare proxy in front of the same server: both in one workerd, so that
 * whatever else happens to the process happens to both.
 */
export class SideBySide {
  readonly gateway: string;
  readonly bareProxy: string;
  readonly headers: Readonly<Record<string, string>> = { authorization: `Bearer ${TOKEN}` };
  readonly #folder: string;
  readonly #state: StateFolder;
  readonly #process: WorkerdProcess;

  private constructor(folder: string, state: StateFolder, process: WorkerdProcess, ports: readonly number[]) {
    this.#folder = folder;
    this.#state = state;
    this.#process = process;
    const [worker, bare] = ports.map((port) => `http://127.0.0.1:${port}`);
    this.gateway = `${worker}/mcp/upstream`;
    this.bareProxy = `${bare}/mcp`;
  }

  /** @param upstream The server behind both. */
  static async start(upstream: string): Promise<SideBySide> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
    const state = await StateFolder.open(folder);
    const ports = [await freePort(), await freePort()] as const;
    const vars = {
      ENDPOINTS: JSON.stringify({ upstream: { url: upstream, allowPrivate: true } }),
      // A call of 20 s is held until its result is there.
      GATEWAY: JSON.stringify({ budgetMs: 45_000 }),
      TOKENS: JSON.stringify([{ principal: "caller", sha256: sha256(TOKEN) }]),
      LIMITS: JSON.stringify({ callsInFlight: 100_000, callsPerMinute: 60_000, readsPerMinute: 60_000 }),
    };
    await build({
      entryPoints: [join(import.meta.dirname, "pass-through.ts")],
      outfile: join(folder, "pass-through.js"),
      bundle: true,
      minify: true,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
    });
    for (const module of ["worker.js", "self-hosted.js"])
      await copyFile(join(SERVE, module), join(folder, module));
    const own = servicesOf({
      vars: Object.keys(vars),
      isPrivateReachable: true,
      local: { binding: "LOCAL_SERVERS", path: join(folder, "servers.sock") },
      storage: join(folder, "storage"),
      console: folder,
    });
    const upstreamOf = `(name = "UPSTREAM", text = ${JSON.stringify(upstream)})`;
    const bare = service("bare", worker("pass-through.js", [upstreamOf], []));
    const running = new WorkerdProcess({
      program:
        process.env.WORKERD ?? (createRequire(import.meta.url)("workerd") as { default: string }).default,
      config: configText([...own, bare], {
        worker: `127.0.0.1:${ports[0]}`,
        bare: `127.0.0.1:${ports[1]}`,
      }),
      modules: folder,
      state,
      env: Object.fromEntries(Object.entries(vars).map(([name, value]) => [variableOf(name), value])),
      said: (line) => {
        if (process.env.HOLDFAST_TEST_LOG) console.error(line);
      },
    });
    const both = new SideBySide(folder, state, running, ports);
    await until("both answer", async () => {
      const asked = ports.map((port) => fetch(`http://127.0.0.1:${port}/healthz`));
      return (await Promise.all(asked).catch(() => undefined)) && true;
    });
    return both;
  }

  /** The CPU that workerd has used so far, in ms. */
  cpuMs(): number {
    return cpuMsOfWorkerd(({ pid }) => pid === this.#process.pid);
  }

  async stop(): Promise<void> {
    this.#process.kill();
    await this.#process.ended;
    this.#state.release();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
