import type { Generation } from "holdfast";

/** How the tasks of one address behave: `/mcp/<generation>?manner=…&least=…&most=…&poll=…`. */
export interface TimedPlan {
  readonly generation: Generation;
  /** Whether it pushes changes to who listens. */
  readonly pushes: boolean;
  /** A task ends after a time between these, in ms, evenly spread; both Infinity for never. */
  readonly least: number;
  readonly most: number;
  /** How long after a poll the client is asked to poll again, in ms. */
  readonly pollMs: number;
}

export function timedUrl(origin: string, plan: TimedPlan): string {
  const { generation, pushes, least, most, pollMs } = plan;
  return `${origin}/mcp/${generation}?pushes=${pushes}&least=${least}&most=${most}&poll=${pollMs}`;
}

function planOf(url: URL): TimedPlan {
  const number = (name: string): number => Number(url.searchParams.get(name));
  return {
    generation: url.pathname.endsWith("2025-11-25") ? "2025-11-25" : "2026-07-28",
    pushes: url.searchParams.get("pushes") === "true",
    least: number("least"),
    most: number("most"),
    pollMs: number("poll"),
  };
}

/** A tool that is always a task, and two that answer at once: one says that it only reads. */
export const TASK_TOOL = "acquire_paper";
export const READING_TOOL = "look_up";
export const WRITING_TOOL = "note_down";

const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";
const RELATED_TASK = "io.modelcontextprotocol/related-task";
const SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId";
const JSON_TYPE = { "content-type": "application/json" };
/** Its multiples fall evenly between 0 and 1, however many there are: so that each page's tasks take the same times. */
const GOLDEN = 0.618033988749895;
const TTL_MS = 24 * 3_600_000;
const ENCODER = new TextEncoder();
const KEPT_ALIVE = { createdAt: "2026-07-28T12:00:00.000Z", lastUpdatedAt: "2026-07-28T12:00:00.000Z" };

type Fields = { readonly [name: string]: unknown };

interface TimedTask {
  readonly id: string;
  readonly plan: TimedPlan;
  /** By the machine's clock, in ms with fractions; `undefined` while it runs. */
  endedAt: number | undefined;
  /** Those who asked for its result before there was one. */
  readonly waiting: (() => void)[];
}

interface Listener {
  readonly generation: Generation;
  readonly wants: (taskId: string) => boolean;
  readonly send: (message: object) => void;
}

/** The machine's clock as pages have it too, in ms with fractions. */
export function machineNow(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * An MCP server with Tasks of either generation whose tasks end by themselves and result in the very moment they ended at.
 * A task it does not know is one that runs: so a page may have thousands that nobody had to start.
 */
export class TimedServer {
  readonly #tasks = new Map<string, TimedTask>();
  readonly #listeners = new Set<Listener>();
  /** How often each method came since it was asked last. */
  #counts: Record<string, number> = {};

  takeCounts(): Readonly<Record<string, number>> {
    const counts = this.#counts;
    this.#counts = {};
    return counts;
  }

  async fetch(request: Request): Promise<Response> {
    const plan = planOf(new URL(request.url));
    if (request.method === "GET") {
      if (plan.generation === "2026-07-28" || !plan.pushes) return new Response(null, { status: 405 });
      return this.#stream(plan.generation, () => true);
    }
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const {
      id,
      method,
      params = {},
    } = (await request.json()) as { id?: string; method?: string; params?: Fields };
    if (method !== undefined) this.#counts[method] = (this.#counts[method] ?? 0) + 1;
    if (id === undefined || method === undefined) return new Response(null, { status: 202 });
    if (method === "subscriptions/listen" && plan.pushes) return this.#subscription(id, params, plan);
    if (method === "tasks/result") await this.#ended(params.taskId, plan);
    const result = this.#answer(method, params, plan);
    const modern = plan.generation === "2026-07-28";
    const body = result
      ? { jsonrpc: "2.0", id, result: modern ? { resultType: "complete", ...result } : result }
      : { jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } };
    const session = method === "initialize" ? { "mcp-session-id": crypto.randomUUID() } : {};
    const bytes = ENCODER.encode(JSON.stringify(body));
    const length = { "content-length": String(bytes.byteLength) };
    return new Response(bytes, { headers: { ...JSON_TYPE, ...length, ...session } });
  }

  #answer(method: string, params: Fields, plan: TimedPlan): Fields | undefined {
    const modern = plan.generation === "2026-07-28";
    switch (method) {
      case "initialize":
        return modern ? undefined : welcome();
      case "server/discover":
        return modern ? discovered() : undefined;
      case "tools/list":
        return { tools: toolsOf(plan), ...(modern && { ttlMs: 0, cacheScope: "private" }) };
      case "tools/call": {
        if (params.name !== TASK_TOOL) return resultOf(String(machineNow()));
        const task = this.#start(plan);
        return modern ? { ...wireTask(task), resultType: "task" } : { task: wireTask(task) };
      }
      case "tasks/get":
        return wireTask(this.#task(params.taskId, plan));
      case "tasks/result":
        return {
          ...resultOf(String(this.#task(params.taskId, plan).endedAt)),
          _meta: { [RELATED_TASK]: { taskId: params.taskId } },
        };
      default:
        return undefined;
    }
  }

  #task(taskId: unknown, plan: TimedPlan): TimedTask {
    const id = String(taskId);
    return this.#tasks.get(id) ?? { id, plan, endedAt: undefined, waiting: [] };
  }

  /** 2025-11-25 has `tasks/result` wait for the end (tasks, "Result Retrieval"). */
  async #ended(taskId: unknown, plan: TimedPlan): Promise<void> {
    const task = this.#task(taskId, plan);
    if (task.endedAt === undefined) await new Promise<void>((resolve) => task.waiting.push(resolve));
  }

  #start(plan: TimedPlan): TimedTask {
    const task: TimedTask = { id: crypto.randomUUID(), plan, endedAt: undefined, waiting: [] };
    this.#tasks.set(task.id, task);
    const ms = plan.least + ((this.#tasks.size * GOLDEN) % 1) * (plan.most - plan.least);
    if (ms < Number.POSITIVE_INFINITY) setTimeout(() => this.#end(task), ms);
    return task;
  }

  #end(task: TimedTask): void {
    task.endedAt = machineNow();
    for (const resolve of task.waiting.splice(0)) resolve();
    if (!task.plan.pushes) return;
    for (const { generation, wants, send } of this.#listeners) {
      if (generation !== task.plan.generation || !wants(task.id)) continue;
      const method = generation === "2026-07-28" ? "notifications/tasks" : "notifications/tasks/status";
      send({ jsonrpc: "2.0", method, params: wireTask(task) });
    }
  }

  #subscription(id: string, params: Fields, { generation }: TimedPlan): Response {
    const { taskIds = [] } = (params.notifications ?? {}) as { readonly taskIds?: readonly string[] };
    const wanted = new Set(taskIds);
    const acknowledged = {
      jsonrpc: "2.0",
      method: "notifications/subscriptions/acknowledged",
      params: { notifications: { taskIds }, _meta: { [SUBSCRIPTION_ID]: id } },
    };
    return this.#stream(generation, (taskId) => wanted.has(taskId), acknowledged);
  }

  #stream(generation: Generation, wants: (taskId: string) => boolean, first?: object): Response {
    let listener: Listener | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const send = (message: object): void =>
          controller.enqueue(ENCODER.encode(`event: message\ndata: ${JSON.stringify(message)}\n\n`));
        if (first) send(first);
        listener = { generation, wants, send };
        this.#listeners.add(listener);
      },
      cancel: () => {
        if (listener) this.#listeners.delete(listener);
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }
}

function wireTask({ id, plan, endedAt }: TimedTask): Fields {
  const status = endedAt === undefined ? "working" : "completed";
  const common = { taskId: id, status, ...KEPT_ALIVE };
  if (plan.generation === "2025-11-25") return { ...common, ttl: TTL_MS, pollInterval: plan.pollMs };
  const ending =
    endedAt === undefined ? {} : { result: { resultType: "complete", ...resultOf(String(endedAt)) } };
  return { ...common, ttlMs: TTL_MS, pollIntervalMs: plan.pollMs, ...ending };
}

function resultOf(text: string): Fields {
  return { content: [{ type: "text", text }] };
}

function toolsOf({ generation }: TimedPlan): readonly object[] {
  const inputSchema = { type: "object", properties: { doi: { type: "string" } } };
  const taskSupport = generation === "2025-11-25" && { execution: { taskSupport: "required" } };
  return [
    { name: TASK_TOOL, inputSchema, ...taskSupport },
    { name: READING_TOOL, inputSchema, annotations: { readOnlyHint: true } },
    { name: WRITING_TOOL, inputSchema },
  ];
}

function welcome(): Fields {
  return {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
    serverInfo: { name: "timed-server", version: "1.0.0" },
  };
}

function discovered(): Fields {
  return {
    supportedVersions: ["2026-07-28"],
    capabilities: { tools: {}, extensions: { [TASKS_EXTENSION]: {} } },
    ttlMs: 0,
    cacheScope: "private",
    _meta: { "io.modelcontextprotocol/serverInfo": { name: "timed-server", version: "1.0.0" } },
  };
}
