import { type ChildProcess, spawn as spawnPlain } from "node:child_process";
import { existsSync } from "node:fs";
import type { Readable } from "node:stream";
import spawn from "cross-spawn";
import type { LocalServer } from "../configuration/server-spec.ts";
import { LineTransport } from "../line-transport.ts";
import type { Log } from "../log.ts";
import { COMMAND_NOT_FOUND, endedBy, exitedWith, folderNotFound, startFailed } from "../messages.ts";
import { watchOver } from "./orphan-watch.ts";

/** How long a server gets to end by itself after its input is closed, and then after SIGTERM, in ms. */
const END_MS = 800;
const POSIX = process.platform !== "win32";
/** How much of a server's stderr is kept to explain why it ended, in UTF-16 code units. */
const KEPT_WORDS = 2_000;

/** A server that this process started and speaks with over its standard streams. */
export class LocalProcess {
  readonly transport: LineTransport;
  /** Resolves with the reason when the process has ended, or could not be started. */
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #watch: ChildProcess | undefined;
  #words = "";

  constructor(server: LocalServer, log: Log) {
    // No shell: on Windows cross-spawn runs .cmd shims with their arguments quoted.
    const child = spawn(server.command, [...server.args], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...inherited(), ...server.env },
      ...(server.cwd !== undefined && { cwd: server.cwd }),
      // A group of its own, so that what it started ends with it.
      detached: POSIX,
      windowsHide: true,
    });
    this.#child = child;
    if (!child.stdout || !child.stdin || !child.stderr) throw new Error("A child process without streams");
    this.transport = new LineTransport(child.stdout, child.stdin);
    this.transport.onerror = (error) => log.detail(`${server.name}: ${error.message}`);
    this.#watch = POSIX && child.pid !== undefined ? watchOver(child.pid, 1) : undefined;
    this.#passOn(child.stderr);
    this.ended = new Promise((resolve) => {
      child.once("error", (error: NodeJS.ErrnoException) =>
        resolve({ error, words: this.#words, ...(server.cwd !== undefined && { folder: server.cwd }) }),
      );
      child.once("close", (code, signal) => resolve({ code, signal, words: this.#words }));
    });
    void this.ended.then(() => {
      // Processes that the server started must not outlive it either.
      this.#signal("SIGKILL");
      this.#watch?.kill("SIGKILL");
      void this.transport.close();
    });
  }

  /** Whether the process was started at all. */
  get started(): boolean {
    return this.#child.pid !== undefined;
  }

  /** Closes the server's input, then sends SIGTERM, then SIGKILL (2025-11-25 lifecycle, "Shutdown"). Resolves when it has ended. */
  async end(): Promise<void> {
    if (!this.started) return;
    this.#child.stdin?.end();
    if (await this.#endsWithin(END_MS)) return;
    this.#signal("SIGTERM");
    if (await this.#endsWithin(END_MS)) return;
    this.#signal("SIGKILL");
    await this.#endsWithin(END_MS);
  }

  /** Ends the server at once: for the moment when this process ends itself. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  #endsWithin(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      void this.ended.then(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      if (POSIX) process.kill(-pid, signal);
      else if (this.#child.exitCode === null)
        spawnPlain("taskkill", ["/pid", String(pid), "/T", "/F"], { windowsHide: true });
    } catch {
      // The group has ended.
    }
  }

  /** A local server's stderr is the agent's log, as it is without Holdfast. */
  #passOn(stderr: Readable): void {
    stderr.setEncoding("utf8");
    stderr.on("data", (text: string) => {
      this.#words = (this.#words + text).slice(-KEPT_WORDS);
      process.stderr.write(text);
    });
    stderr.on("error", () => undefined);
  }
}

export interface Ended {
  readonly code?: number | null;
  readonly signal?: NodeJS.Signals | null;
  readonly error?: NodeJS.ErrnoException;
  /** In which it was to run, if its entry says so. */
  readonly folder?: string;
  readonly words: string;
}

/** Whether the command of a process was not found. The system reports a missing folder as it reports a missing command. */
export function lacksCommand({ error, folder }: Ended): boolean {
  return error?.code === "ENOENT" && (folder === undefined || existsSync(folder));
}

/** Why a process ended, for people. */
export function endedText(ended: Ended): string {
  const { code, signal, error, folder } = ended;
  if (lacksCommand(ended)) return COMMAND_NOT_FOUND;
  if (error?.code === "ENOENT" && folder !== undefined) return folderNotFound(folder);
  if (error) return startFailed(error.code ?? error.message);
  return signal ? endedBy(signal) : exitedWith(code ?? "unknown");
}

/** Holdfast's own variables, such as headers, are not passed to the server. */
function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("HOLDFAST_")));
}
