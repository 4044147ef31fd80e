import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { isObject } from "../../src/protocol/json.ts";
import { ConfigurationError } from "../configuration/variables.ts";
import { watchOver } from "../upstream/orphan-watch.ts";
import type { StateFolder } from "./state-folder.ts";

const POSIX = process.platform !== "win32";
/** How long workerd may finish its requests after SIGTERM, in ms. */
const END_MS = 2_000;
/** How long the watch may take to end a workerd whose `holdfast serve` was killed, in ms. */
const ORPHAN_MS = 3_000;
const PID_FILE = "workerd.pid";

/**
 * The path of workerd's program: of the package `workerd` beside this one or in the current folder, or of a `miniflare` or
 * `wrangler` there. Throws a ConfigurationError if it is not installed.
 */
export function workerdProgram(): string {
  for (const from of [__filename, join(process.cwd(), "holdfast")])
    for (const by of ["", "miniflare", "wrangler"]) {
      try {
        const require = createRequire(from);
        const through = by === "" ? require : createRequire(require.resolve(`${by}/package.json`));
        const found: unknown = through("workerd");
        if (isObject(found) && typeof found.default === "string") return found.default;
      } catch {
        // It is not installed there, or not for this platform.
      }
    }
  throw new ConfigurationError(
    "holdfast serve runs in workerd, which is not installed here: npm install workerd",
  );
}

export interface WorkerdEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface WorkerdStart {
  readonly program: string;
  /** The text of its configuration. */
  readonly config: string;
  /** The folder with the modules that the configuration embeds. */
  readonly modules: string;
  readonly state: StateFolder;
  readonly env: Readonly<Record<string, string>>;
  /** Gets each line that it prints. */
  readonly said: (line: string) => void;
}

/** A running workerd. It ends with this process, however that ends. */
export class WorkerdProcess {
  /** Resolves with the port when it listens; with undefined if it ends before. */
  readonly port: Promise<number | undefined>;
  readonly ended: Promise<WorkerdEnd>;
  readonly #child: ChildProcess;

  constructor({ program, config, modules, state, env, said }: WorkerdStart) {
    const file = state.write("workerd.capnp", config);
    const child = spawn(program, ["serve", "--control-fd=3", "--import-path", modules, file], {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      env: { ...systemVariables(), ...env },
      // A group of its own, so that Ctrl-C reaches this process alone, which ends it in order.
      detached: POSIX,
      windowsHide: true,
    });
    this.#child = child;
    if (child.pid !== undefined) state.write(PID_FILE, `${child.pid}`);
    const watch = POSIX && child.pid !== undefined ? watchOver(child.pid, 0) : undefined;
    for (const stream of [child.stdout, child.stderr]) if (stream) eachLine(stream, said);
    this.ended = new Promise((resolve) => {
      child.once("error", () => resolve({ code: null, signal: null }));
      child.once("close", (code, signal) => resolve({ code, signal }));
    });
    void this.ended.then(() => watch?.kill("SIGKILL"));
    this.port = new Promise((resolve) => {
      eachLine(child.stdio[3] as Readable, (line) => {
        const { event, port } = JSON.parse(line) as { event?: string; port?: number };
        if (event === "listen") resolve(port);
      });
      void this.ended.then(() => resolve(undefined));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends SIGTERM, then SIGKILL. Resolves when it has ended. */
  async end(): Promise<void> {
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.kill(), END_MS);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

/**
 * Resolves when the workerd of an earlier `holdfast serve` on this folder has ended. After SIGKILL it may outlive that process
 * for a moment, and two of them must not run on one storage.
 */
export async function orphanEnded(state: StateFolder): Promise<void> {
  const file = join(state.path, PID_FILE);
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (!(pid > 0)) return;
  const config = join(state.path, "workerd.capnp");
  for (let waitedMs = 0; isRunning(pid); waitedMs += 20) {
    if (waitedMs > ORPHAN_MS) {
      // The number may be another process's by now.
      if (!commandOf(pid).includes(config)) break;
      process.kill(pid, "SIGKILL");
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  rmSync(file, { force: true });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function commandOf(pid: number): string {
  try {
    return existsSync("/proc/self/cmdline")
      ? readFileSync(`/proc/${pid}/cmdline`, "utf8")
      : execFileSync("ps", ["-p", `${pid}`, "-o", "args="], { encoding: "utf8" });
  } catch {
    return "";
  }
}

/** What workerd itself reads. It does not need the user's other variables. */
function systemVariables(): NodeJS.ProcessEnv {
  const names = ["SSL_CERT_FILE", "SSL_CERT_DIR", "TZ", "TMPDIR", "SystemRoot"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function eachLine(stream: Readable, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  });
  stream.on("error", () => undefined);
}
