import { readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { StateFolder } from "../../proxy/serve/state-folder.ts";
import { configText, service, servicesOf, variableOf, worker } from "../../proxy/serve/workerd-config.ts";
import { WorkerdProcess } from "../../proxy/serve/workerd-process.ts";
import { until } from "../../test/browser/until.ts";
import { freePort } from "../../test/servers/processes.ts";
import { cpuMsOfWorkerd } from "./cpu-time.ts";

/** `npm run build` makes it. */
const SERVE = "dist/serve";

/** A worker of the bench's own in the same process. It answers `/healthz`. */
export interface Beside {
  /** The source file of its module. */
  readonly entry: string;
  /** In the text format of workerd's configuration. */
  readonly bindings: readonly string[];
}

export interface ServedWorkerOptions {
  /** The worker's variables; values that are not text as JSON. */
  readonly vars: Readonly<Record<string, string | object>>;
  readonly beside: Beside;
  /** Lets {@link ServedWorker.inspector} read its heap. */
  readonly inspects?: boolean;
}

/** The worker, as `holdfast serve` runs it, and one of the bench's own, in one workerd: whatever happens to the process happens to both. */
export class ServedWorker {
  /** The origins of the worker and of the one beside it. */
  readonly origin: string;
  readonly beside: string;
  /** The address of workerd's inspector. */
  readonly inspector: string | undefined;
  /** Where the objects' databases lie. */
  readonly folder: string;
  readonly #state: StateFolder;
  readonly #process: WorkerdProcess;

  private constructor(
    folder: string,
    state: StateFolder,
    process: WorkerdProcess,
    [own, beside, inspector]: readonly number[],
  ) {
    this.folder = folder;
    this.#state = state;
    this.#process = process;
    this.origin = `http://127.0.0.1:${own}`;
    this.beside = `http://127.0.0.1:${beside}`;
    this.inspector = inspector === undefined ? undefined : `http://127.0.0.1:${inspector}`;
  }

  static async start({ vars, beside, inspects = false }: ServedWorkerOptions): Promise<ServedWorker> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
    const state = await StateFolder.open(folder);
    const ports = [await freePort(), await freePort(), ...(inspects ? [await freePort()] : [])] as const;
    const module = `${basename(beside.entry, ".ts")}.js`;
    await build({
      entryPoints: [beside.entry],
      outfile: join(folder, module),
      bundle: true,
      minify: true,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
    });
    for (const served of ["worker.js", "self-hosted.js"])
      await copyFile(join(SERVE, served), join(folder, served));
    const own = servicesOf({
      vars: Object.keys(vars),
      isPrivateReachable: true,
      local: { binding: "LOCAL_SERVERS", path: join(folder, "servers.sock") },
      storage: join(folder, "storage"),
      console: folder,
    });
    const text = (value: string | object): string =>
      typeof value === "string" ? value : JSON.stringify(value);
    const workerd =
      process.env.WORKERD ?? (createRequire(import.meta.url)("workerd") as { default: string }).default;
    const running = new WorkerdProcess({
      program: ports[2] === undefined ? workerd : await inspected(folder, workerd, ports[2]),
      config: configText([...own, service("beside", worker(module, beside.bindings, []))], {
        worker: `127.0.0.1:${ports[0]}`,
        beside: `127.0.0.1:${ports[1]}`,
      }),
      modules: folder,
      state,
      env: Object.fromEntries(Object.entries(vars).map(([name, value]) => [variableOf(name), text(value)])),
      said: (line) => {
        if (process.env.HOLDFAST_TEST_LOG) console.error(line);
      },
    });
    const served = new ServedWorker(folder, state, running, ports);
    await until("both answer", async () => {
      const asked = [served.origin, served.beside].map((origin) => fetch(`${origin}/healthz`));
      return (await Promise.all(asked).catch(() => undefined)) && true;
    });
    return served;
  }

  get pid(): number {
    return this.#process.pid ?? Number.NaN;
  }

  /** The CPU that workerd has used so far, in ms. */
  cpuMs(): number {
    return cpuMsOfWorkerd(({ pid }) => pid === this.pid);
  }

  /** The memory of workerd's process by the kernel, in MB: now, or the most so far. */
  memoryMb(which: "VmRSS" | "VmHWM"): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(new RegExp(`${which}:\\s+(\\d+)`).exec(status)?.[1]) / 2 ** 10;
  }

  async stop(): Promise<void> {
    this.#process.kill();
    await this.#process.ended;
    this.#state.release();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** `holdfast serve` has no use for an inspector, and no option for it. */
async function inspected(folder: string, workerd: string, port: number): Promise<string> {
  const program = join(folder, "inspected-workerd");
  const command = `exec '${workerd}' "$@" --inspector-addr=127.0.0.1:${port}`;
  await writeFile(program, `#!/bin/sh\n${command}\n`, { mode: 0o755 });
  return program;
}
