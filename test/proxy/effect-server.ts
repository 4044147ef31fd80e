import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Json = Readonly<Record<string, unknown>>;

interface WorkTask {
  readonly taskId: string;
  readonly key: string;
  readonly createdAt: number;
  readonly endsAt: number;
  cancelled: boolean;
}

/** One poll that reached the server. */
export interface Poll {
  readonly taskId: string;
  /** Which client process sent it: its `agent` header. */
  readonly from: string;
  readonly at: number;
}

export interface EffectServerOptions {
  readonly generation: "2025-11-25" | "2026-07-28";
  /** How long each piece of work takes, in ms. */
  readonly workMs: number;
  /** How long the answer to a call is held back after its effect, in ms. */
  readonly answerMs?: number;
}

const POLL_MS = 100;

/** A remote MCP server whose tool `work` is a task with an effect that is counted. It keeps its tasks whatever its clients do. */
export class EffectServer {
  /** How often the work of each key was done. */
  readonly effects: Map<string, number> = new Map();
  readonly polls: Poll[] = [];
  readonly #tasks: Map<string, WorkTask> = new Map();
  readonly #options: EffectServerOptions;
  readonly #server: Server;

  private constructor(options: EffectServerOptions) {
    this.#options = options;
    this.#server = createServer((request, reply) => {
      this.#serve(request, reply).catch(() => reply.destroy());
    });
  }

  static async start(options: EffectServerOptions): Promise<EffectServer> {
    const started = new EffectServer(options);
    await new Promise<void>((resolve) => started.#server.listen(0, "127.0.0.1", resolve));
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    if (request.method !== "POST") return void reply.writeHead(405).end();
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const message = JSON.parse(body) as { id?: unknown; method?: string; params?: Json };
    if (message.id === undefined || message.method === undefined) return void reply.writeHead(202).end();
    const answer = this.#answer(
      message.method,
      message.params ?? {},
      String(request.headers["x-agent"] ?? ""),
    );
    if (message.method === "tools/call" && this.#options.answerMs)
      await new Promise((resolve) => setTimeout(resolve, this.#options.answerMs));
    const session = message.method === "initialize" ? { "mcp-session-id": randomUUID() } : {};
    reply.writeHead(200, { "content-type": "application/json", ...session });
    reply.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, ...answer }));
  }

  #answer(method: string, params: Json, from: string): Json {
    const modern = this.#options.generation === "2026-07-28";
    switch (method) {
      case "initialize":
        if (modern) return unsupported();
        return {
          result: {
            protocolVersion: "2025-11-25",
            serverInfo: { name: "effects", version: "1" },
            capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
          },
        };
      case "server/discover":
        if (!modern) return { error: { code: -32601, message: "Method not found" } };
        return {
          result: {
            resultType: "complete",
            supportedVersions: ["2026-07-28"],
            capabilities: { tools: {}, extensions: { "io.modelcontextprotocol/tasks": {} } },
          },
        };
      case "tools/list":
        return {
          result: {
            resultType: "complete",
            tools: [
              {
                name: "work",
                inputSchema: { type: "object", properties: { key: { type: "string" } } },
                ...(!modern && { execution: { taskSupport: "required" } }),
              },
            ],
          },
        };
      case "tools/call": {
        const task = this.#work(String((params.arguments as Json).key));
        return modern
          ? { result: { resultType: "task", ...this.#wire(task) } }
          : { result: { task: this.#wire(task) } };
      }
      case "tasks/list":
        return { result: { tasks: [...this.#tasks.values()].map((task) => this.#wire(task)) } };
      case "tasks/get":
      case "tasks/result":
      case "tasks/cancel": {
        const task = this.#tasks.get(String(params.taskId));
        if (!task) return { error: { code: -32602, message: "Task not found" } };
        if (method === "tasks/cancel") task.cancelled = true;
        if (method === "tasks/get") this.polls.push({ taskId: task.taskId, from, at: Date.now() });
        if (method === "tasks/result") return { result: resultOf(task) };
        if (modern && method === "tasks/cancel") return { result: { resultType: "complete" } };
        const done = modern && this.#status(task) === "completed" && { result: resultOf(task) };
        return { result: { ...(modern && { resultType: "complete" }), ...this.#wire(task), ...done } };
      }
      default:
        return { error: { code: -32601, message: "Method not found" } };
    }
  }

  #work(key: string): WorkTask {
    this.effects.set(key, (this.effects.get(key) ?? 0) + 1);
    const now = Date.now();
    const task = {
      taskId: randomUUID(),
      key,
      createdAt: now,
      endsAt: now + this.#options.workMs,
      cancelled: false,
    };
    this.#tasks.set(task.taskId, task);
    return task;
  }

  #status({ endsAt, cancelled }: WorkTask): string {
    if (cancelled) return "cancelled";
    return Date.now() >= endsAt ? "completed" : "working";
  }

  #wire(task: WorkTask): Json {
    const modern = this.#options.generation === "2026-07-28";
    return {
      taskId: task.taskId,
      status: this.#status(task),
      createdAt: new Date(task.createdAt).toISOString(),
      lastUpdatedAt: new Date(Math.min(Date.now(), task.endsAt)).toISOString(),
      ...(modern ? { ttlMs: 3_600_000, pollIntervalMs: POLL_MS } : { ttl: 3_600_000, pollInterval: POLL_MS }),
    };
  }
}

function resultOf({ key }: WorkTask): Json {
  return { content: [{ type: "text", text: `done ${key}` }] };
}

function unsupported(): Json {
  return {
    error: {
      code: -32022,
      message: "Unsupported protocol version",
      data: { supported: ["2026-07-28"], requested: "2025-11-25" },
    },
  };
}
