import { type Listening, listen } from "../gateway/node-http.ts";

interface Message {
  readonly id?: string | number;
  readonly method: string;
  readonly params?: { readonly [name: string]: unknown };
}

export type Answer =
  | { readonly result: object }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string };

const TOOLS = [
  { name: "plain", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } },
  { name: "task", inputSchema: { type: "object" }, execution: { taskSupport: "required" } },
];

/**
 * A 2025-11-25 server whose every answer can be replaced by the test. As it is, `plain` answers at once and a call of `task`
 * becomes a task that works for ever.
 */
export class HostileServer {
  readonly #counts: Map<string, number> = new Map();
  /** Asked before the server's own answer. */
  answer: (message: Message) => Answer | undefined = () => undefined;
  #listening: Listening | undefined;

  static async start(): Promise<HostileServer> {
    const server = new HostileServer();
    server.#listening = await listen((request) => server.#fetch(request));
    return server;
  }

  get url(): string {
    return this.#listening?.url ?? "";
  }

  /** How often a method was asked for. */
  count(method: string): number {
    return this.#counts.get(method) ?? 0;
  }

  async close(): Promise<void> {
    await this.#listening?.close();
  }

  async #fetch(request: Request): Promise<Response> {
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const message = (await request.json()) as Message;
    this.#counts.set(message.method, this.count(message.method) + 1);
    if (message.id === undefined) return new Response(null, { status: 202 });
    const answer = this.answer(message) ?? this.#own(message);
    if ("status" in answer) {
      return new Response(answer.body ?? null, { status: answer.status, headers: answer.headers ?? {} });
    }
    return Response.json({ jsonrpc: "2.0", id: message.id, ...answer });
  }

  #own({ method, params = {} }: Message): Answer {
    switch (method) {
      case "initialize":
        return {
          result: {
            protocolVersion: "2025-11-25",
            capabilities: { tools: {}, tasks: { cancel: {}, requests: { tools: { call: {} } } } },
            serverInfo: { name: "hostile", version: "1.0.0" },
          },
        };
      case "tools/list":
        return { result: { tools: TOOLS } };
      case "tools/call":
        return params.name === "task"
          ? { result: { task: working(`t-${this.count(method)}`) } }
          : { result: { content: [{ type: "text", text: "done" }] } };
      case "tasks/get":
        return { result: working(String(params.taskId)) };
      case "tasks/cancel":
        return { result: { ...working(String(params.taskId)), status: "cancelled" } };
      default:
        return { error: { code: -32601, message: `Method not found: ${method}` } };
    }
  }
}

/** A task as the server reports it. */
export function working(taskId: string, more: object = {}): object {
  const at = "2026-11-01T00:00:00Z";
  return {
    taskId,
    status: "working",
    createdAt: at,
    lastUpdatedAt: at,
    ttl: null,
    pollInterval: 1_000,
    ...more,
  };
}
