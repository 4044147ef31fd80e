import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type ServerProcess, startWorker } from "../../servers/processes.ts";

const TOKEN = "alice-token";

export interface EdgeLabOptions {
  /** Addresses of MCP servers by the names of their endpoints. */
  readonly endpoints: Readonly<Record<string, string>>;
  readonly limits?: object;
}

/** The worker under `wrangler dev`, in front of servers of the test, with storage that outlives its process. */
export class EdgeLab {
  readonly #start: () => Promise<ServerProcess>;
  readonly #state: string;
  #worker: ServerProcess | undefined;

  private constructor(state: string, start: () => Promise<ServerProcess>) {
    this.#state = state;
    this.#start = start;
  }

  static async start({ endpoints, limits = {} }: EdgeLabOptions): Promise<EdgeLab> {
    const state = await mkdtemp(join(tmpdir(), "holdfast-edge-"));
    const port = await freePort();
    const configured = Object.entries(endpoints).map(([name, url]) => [
      name,
      { url, allowPrivate: true, era: "2025-11-25" },
    ]);
    const vars = {
      TOKENS: JSON.stringify([
        { principal: "alice", sha256: createHash("sha256").update(TOKEN).digest("hex") },
      ]),
      ENDPOINTS: JSON.stringify(Object.fromEntries(configured)),
      LIMITS: JSON.stringify(limits),
    };
    const lab = new EdgeLab(state, () => startWorker({ port, persistTo: state, vars }));
    lab.#worker = await lab.#start();
    return lab;
  }

  /** SIGKILL, and a new process on the same storage. */
  async restart(): Promise<void> {
    await this.#worker?.kill();
    this.#worker = await this.#start();
  }

  async close(): Promise<void> {
    await this.#worker?.kill();
    await rm(this.#state, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  fetch(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Response> {
    return fetch(`${this.#worker?.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  }

  /** The answer's JSON. Throws for anything but a success. */
  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    const reply = await this.fetch(method, path, body);
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text.slice(0, 300)}`);
    return JSON.parse(text) as T;
  }

  call<T>(endpoint: string, tool: string, args: object): Promise<T> {
    return this.ask("POST", `/v1/endpoints/${endpoint}/calls`, { tool, arguments: args });
  }

  /** The most memory workerd has had since it started (VmHWM), in MB. */
  get peakMb(): number {
    return this.#memoryMb("VmHWM");
  }

  /** The resident memory of workerd, in MB. */
  get residentMb(): number {
    return this.#memoryMb("VmRSS");
  }

  #memoryMb(field: "VmHWM" | "VmRSS"): number {
    const sizes = readdirSync("/proc").flatMap((pid) => {
      if (!/^\d+$/.test(pid)) return [];
      try {
        // pid (comm) state ppid pgrp: the command may hold blanks.
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const group = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
        if (group !== this.#worker?.group || !stat.includes("(workerd)")) return [];
        const [, kb = "0"] =
          new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
        return [Number(kb) / 1024];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
    return sizes.reduce((sum, mb) => sum + mb, 0);
  }
}
