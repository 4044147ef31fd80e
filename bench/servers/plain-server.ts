import type { Generation } from "holdfast";
import type { ServerClock } from "./clock.ts";

export type Manner = "polling" | "pushing" | "rate-limiting";

export interface ServerPlan {
  readonly generation: Generation;
  readonly manner: Manner;
  /** How long a task of its tool takes, in ms. */
  readonly taskMs: number;
  /** How long after a poll the client is asked to poll again, in ms. */
  readonly pollMs: number;
  /** Of the text a task results in. */
  readonly resultLength?: number;
}

/** The one tool, which is always a task. */
export const TOOL = "acquire_paper";
/** The same, and its task has ended at the first poll. */
export const QUICK_TOOL = "look_up";
/** A rate-limiting server takes one `tasks/get` in this time, in ms, and refuses the others with 429. */
export const LIMIT_MS = 5_000;

/** As long as a UUID, which most servers use. */
const ID_LENGTH = 36;
const QUICK_POLL_MS = 100;
const STAGES = ["Resolving", "Downloading", "Parsing", "Extracting references"];
const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";
const RELATED_TASK = "io.modelcontextprotocol/related-task";
const SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId";
const JSON_TYPE = { "content-type": "application/json" };
const ENCODER = new TextEncoder();

type Params = { readonly [name: string]: unknown };

export interface RpcMessage {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: Params;
}

/** All there is to know of a task lies in its id: the server holds nothing, and its memory is nobody's. */
interface Held {
  readonly id: string;
  readonly startedAt: number;
  readonly taskMs: number;
}

/** Where notifications go: the GET stream of a session, or a `subscriptions/listen`. */
interface Listener {
  readonly wants: (taskId: string) => boolean;
  readonly send: (task: object) => void;
}

/**
 * An MCP server with Tasks of either generation that does no more than the protocol asks, and the least work: what is
 * measured beside it is the client. A `fetch`, so that its time can be virtual, and to be put behind a socket.
 */
export class PlainServer {
  readonly #plan: ServerPlan;
  readonly #clock: ServerClock;
  readonly #listeners = new Set<Listener>();
  readonly #result: { readonly content: readonly object[] };
  #lastGet = Number.NEGATIVE_INFINITY;
  #sessions = 0;
  #started = 0;
  /** When its latest task was started, in ms since 1970. */
  startedAt = 0;
  /** `tasks/get` answered, and notifications sent. */
  polls = 0;
  pushes = 0;

  constructor(plan: ServerPlan, clock: ServerClock) {
    this.#plan = plan;
    this.#clock = clock;
    this.#result = { content: [{ type: "text", text: "x".repeat(plan.resultLength ?? 200) }] };
  }

  async fetch(request: Request): Promise<Response> {
    if (request.method === "GET") return this.#serverStream();
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const message = (await request.json()) as RpcMessage;
    if (message.id === undefined || message.method === undefined) return new Response(null, { status: 202 });
    if (message.method === "subscriptions/listen") return this.#subscription(message);
    const refusal = message.method === "tasks/get" ? this.#refusal() : undefined;
    if (refusal) return refusal;
    const session =
      message.method === "initialize" ? { "mcp-session-id": `session-${++this.#sessions}` } : {};
    return new Response(JSON.stringify(this.reply(message)), { headers: { ...JSON_TYPE, ...session } });
  }

  /** Its notifications, for who has another line to it than HTTP. */
  listen(receive: (message: object) => void): void {
    this.#listeners.add({
      wants: () => true,
      send: (task) => receive({ jsonrpc: "2.0", method: "notifications/tasks/status", params: task }),
    });
  }

  /** The reply to a request, whatever it came by. */
  reply({ id, method = "", params = {} }: RpcMessage): object {
    const result = this.#answer(method, params);
    if (!result) return { jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } };
    return { jsonrpc: "2.0", id, result: this.#modern ? { resultType: "complete", ...result } : result };
  }

  get #modern(): boolean {
    return this.#plan.generation === "2026-07-28";
  }

  #answer(method: string, params: Params): object | undefined {
    switch (method) {
      case "initialize":
        return this.#modern ? undefined : this.#welcome();
      case "server/discover":
        return this.#modern ? this.#discovered() : undefined;
      case "tools/list":
        return {
          tools: [TOOL, QUICK_TOOL].map((name) => this.#tool(name)),
          ...(this.#modern && { ttlMs: 0, cacheScope: "private" }),
        };
      case "tools/call":
        return this.#start(params.name === QUICK_TOOL ? 0 : this.#plan.taskMs);
      case "tasks/get":
        this.polls += 1;
        return this.#wireTask(readTaskId(String(params.taskId)));
      case "tasks/result":
        return { ...this.#result, _meta: { [RELATED_TASK]: { taskId: params.taskId } } };
      default:
        return undefined;
    }
  }

  #welcome(): object {
    return {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
      serverInfo: { name: "plain-server", version: "1.0.0" },
    };
  }

  #discovered(): object {
    return {
      supportedVersions: ["2026-07-28"],
      capabilities: { tools: {}, extensions: { [TASKS_EXTENSION]: {} } },
      ttlMs: 0,
      cacheScope: "private",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "plain-server", version: "1.0.0" } },
    };
  }

  #tool(name: string): object {
    return {
      name,
      description: "Acquires a paper by its DOI.",
      inputSchema: { type: "object", properties: { doi: { type: "string" } } },
      ...(!this.#modern && { execution: { taskSupport: "required" } }),
    };
  }

  #start(taskMs: number): object {
    const startedAt = this.#clock.now();
    const facts = `-${startedAt}-${taskMs}`;
    const id = String(++this.#started).padStart(ID_LENGTH - facts.length, "0") + facts;
    const task = { id, startedAt, taskMs };
    this.startedAt = startedAt;
    if (this.#plan.manner === "pushing") this.#pushChanges(task);
    const wire = this.#wireTask(task);
    return this.#modern ? { ...wire, resultType: "task" } : { task: wire };
  }

  #pushChanges(task: Held): void {
    const stageMs = task.taskMs / STAGES.length;
    for (let stage = 1; stage <= STAGES.length; stage++) {
      this.#clock.after(stage * stageMs, () => {
        for (const { wants, send } of this.#listeners)
          if (wants(task.id)) {
            this.pushes += 1;
            send(this.#wireTask(task) ?? {});
          }
      });
    }
  }

  #wireTask(task: Held | undefined): object | undefined {
    if (!task) return undefined;
    const { taskMs } = task;
    const pollMs = taskMs === 0 ? QUICK_POLL_MS : this.#plan.pollMs;
    const age = this.#clock.now() - task.startedAt;
    const status = age >= taskMs ? "completed" : "working";
    const stage = status === "completed" ? STAGES.length : Math.floor((age / taskMs) * STAGES.length);
    const common = {
      taskId: task.id,
      status,
      statusMessage: STAGES[stage] ?? "Done",
      createdAt: new Date(task.startedAt).toISOString(),
      lastUpdatedAt: new Date(task.startedAt + (stage * taskMs) / STAGES.length).toISOString(),
    };
    if (!this.#modern) return { ...common, ttl: 24 * 3_600_000, pollInterval: pollMs };
    const result = status === "completed" ? { result: { resultType: "complete", ...this.#result } } : {};
    return { ...common, ttlMs: 24 * 3_600_000, pollIntervalMs: pollMs, ...result };
  }

  #refusal(): Response | undefined {
    if (this.#plan.manner !== "rate-limiting") return undefined;
    const now = this.#clock.now();
    const wait = this.#lastGet + LIMIT_MS - now;
    if (wait <= 0) {
      this.#lastGet = now;
      return undefined;
    }
    return new Response(null, { status: 429, headers: { "retry-after": String(Math.ceil(wait / 1_000)) } });
  }

  #serverStream(): Response {
    if (this.#modern || this.#plan.manner !== "pushing") return new Response(null, { status: 405 });
    return this.#stream((send) => ({
      wants: () => true,
      send: (task) => send({ jsonrpc: "2.0", method: "notifications/tasks/status", params: task }),
    }));
  }

  #subscription({ id, params }: RpcMessage): Response {
    const { taskIds = [] } = (params?.notifications ?? {}) as { readonly taskIds?: readonly string[] };
    if (this.#plan.manner !== "pushing") {
      const error = { code: -32601, message: "Method not found" };
      return new Response(JSON.stringify({ jsonrpc: "2.0", id, error }), { headers: JSON_TYPE });
    }
    const _meta = { [SUBSCRIPTION_ID]: id };
    return this.#stream((send) => {
      send({
        jsonrpc: "2.0",
        method: "notifications/subscriptions/acknowledged",
        params: { notifications: { taskIds }, _meta },
      });
      return {
        wants: (taskId) => taskIds.includes(taskId),
        send: (task) => send({ jsonrpc: "2.0", method: "notifications/tasks", params: { ...task, _meta } }),
      };
    });
  }

  #stream(listen: (send: (message: object) => void) => Listener): Response {
    let listener: Listener;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        listener = listen((message) =>
          controller.enqueue(ENCODER.encode(`event: message\ndata: ${JSON.stringify(message)}\n\n`)),
        );
        this.#listeners.add(listener);
      },
      cancel: () => {
        this.#listeners.delete(listener);
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }
}

function readTaskId(id: string): Held | undefined {
  const [, startedAt, taskMs] = id.split("-").map(Number);
  return startedAt === undefined || taskMs === undefined ? undefined : { id, startedAt, taskMs };
}
