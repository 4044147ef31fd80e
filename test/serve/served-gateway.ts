import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { until } from "../browser/until.ts";

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GatewayStart {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The folder with the package: by default the one in which workerd is installed, too. It runs there. */
  readonly home?: string;
}

/** A folder of a test's own. */
export class Folder {
  readonly path: string = mkdtempSync(join(tmpdir(), "holdfast-serve-"));

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** The packed package's `holdfast serve` in a process of its own. */
export class ServedGateway {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #startedAt = performance.now();
  #stdout = "";
  #stderr = "";
  #token = "";
  #readyMs = 0;
  #url = "";

  private constructor(state: string, { args = [], env = {}, home = inject("installed") }: GatewayStart) {
    const command = join(home, "node_modules/holdfast/dist/proxy/holdfast.cjs");
    const child = spawn(process.execPath, [command, "serve", "--state", state, "--port", "0", ...args], {
      cwd: home,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      if (process.env.HOLDFAST_TEST_LOG) process.stderr.write(text);
    });
    this.ended = new Promise((resolve) => {
      child.once("close", (code, signal) =>
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr }),
      );
    });
  }

  /** Runs it until it ends by itself. */
  static run(state: string, start: GatewayStart = {}): Promise<Ended> {
    return new ServedGateway(state, start).ended;
  }

  /** Resolves when it has printed its address. Rejects if it ends before. */
  static async start(state: string, start: GatewayStart = {}, token = ""): Promise<ServedGateway> {
    const gateway = new ServedGateway(state, start);
    let ended: Ended | undefined;
    void gateway.ended.then((end) => {
      ended = end;
    });
    await until(
      "the gateway serves",
      async () => {
        if (ended) throw new Error(`It ended: ${JSON.stringify(ended)}`);
        return /^State /m.test(gateway.#stdout) || undefined;
      },
      60_000,
    );
    gateway.#readyMs = performance.now() - gateway.#startedAt;
    gateway.#url = /^MCP +(\S+)\/mcp$/m.exec(gateway.#stdout)?.[1] ?? "";
    gateway.#token = /^Token +(\S+)$/m.exec(gateway.#stdout)?.[1] ?? token;
    return gateway;
  }

  get url(): string {
    return this.#url;
  }

  /** The one it printed; otherwise the one that the test gave. */
  get token(): string {
    return this.#token;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** From its start until it had printed its address, in ms. */
  get readyMs(): number {
    return this.#readyMs;
  }

  /** Its workerd's process id. */
  workerd(state: string): number {
    return Number(readFileSync(join(state, "workerd.pid"), "utf8"));
  }

  async end(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal);
    return this.ended;
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, {
      ...init,
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json", ...init.headers },
    });
  }

  /** The answer's JSON. Throws for anything but a success. */
  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    const reply = await this.fetch(path, { method, ...(body && { body: JSON.stringify(body) }) });
    const text = await reply.text();
    if (!reply.ok)
      throw new Error(`${method} ${path}: ${reply.status} ${text.slice(0, 300)}\n${this.stderr}`);
    return JSON.parse(text) as T;
  }

  call(endpoint: string, tool: string, args: object): Promise<GatewayTask> {
    return this.ask("POST", `/v1/endpoints/${endpoint}/calls`, { tool, arguments: args });
  }

  /** The task when it has ended, or asks. */
  async come(id: string): Promise<GatewayTask> {
    for (;;) {
      const task = await this.ask<GatewayTask>("GET", `/v1/tasks/${id}?wait=20`);
      if (task.outcome || task.inputRequests?.length) return task;
    }
  }
}

export interface GatewayTask {
  readonly id: string;
  readonly status: string;
  readonly inputRequests?: readonly { readonly key: string }[];
  readonly outcome?: {
    readonly kind: string;
    readonly result?: { readonly content: readonly { readonly text?: string }[] };
  };
}

/** Whether a process runs. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
