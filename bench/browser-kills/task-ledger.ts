import { randomUUID } from "node:crypto";
import type { Generation } from "holdfast";

export const TASK_TOOL = "acquire_paper";
/** The time after which a task ends, in ms. */
export type Duration = () => number;
const SHORT: Duration = () => 500 + Math.round(Math.random() * 5_500);
const POLL_MS = 300;
const PAGE = 200;
const JSON_TYPE = { "content-type": "application/json" };

type Fields = { readonly [name: string]: unknown };

/** A call that reached the server, and the task that the server created. */
export interface LedgerEntry {
  readonly n: number;
  readonly taskId: string;
  readonly at: number;
}

/**
 * An MCP server of one generation that writes down each call. A task's id says all there is to know of the task, so that
 * a server that begins again with the calls of an earlier one goes on as that one would.
 */
export class TaskLedger {
  readonly calls: Map<number, LedgerEntry[]> = new Map();
  /** The numbers of tasks whose handle a client had: it asked after them by their ids. */
  readonly withHandle: Set<number> = new Set();
  /** The numbers of tasks that the server has said to have ended. */
  readonly ended: Set<number> = new Set();
  readonly #generation: Generation;
  readonly #written: (entry: LedgerEntry) => void;
  readonly #duration: Duration;

  constructor(generation: Generation, written: (entry: LedgerEntry) => void, duration = SHORT) {
    this.#generation = generation;
    this.#written = written;
    this.#duration = duration;
  }

  add(entry: LedgerEntry): void {
    this.calls.set(entry.n, [...(this.calls.get(entry.n) ?? []), entry]);
  }

  async fetch(request: Request): Promise<Response> {
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const {
      id,
      method,
      params = {},
    } = (await request.json()) as { id?: string; method?: string; params?: Fields };
    if (id === undefined || method === undefined) return new Response(null, { status: 202 });
    const result = this.#answer(method, params);
    const modern = this.#generation === "2026-07-28";
    const body = result
      ? { jsonrpc: "2.0", id, result: modern ? { resultType: "complete", ...result } : result }
      : { jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } };
    const session = method === "initialize" ? { "mcp-session-id": randomUUID() } : {};
    return new Response(JSON.stringify(body), { headers: { ...JSON_TYPE, ...session } });
  }

  #answer(method: string, params: Fields): Fields | undefined {
    const modern = this.#generation === "2026-07-28";
    switch (method) {
      case "initialize":
        return modern ? undefined : WELCOME;
      case "server/discover":
        return modern ? DISCOVERED : undefined;
      case "tools/list":
        return modern
          ? { tools: [TOOL], ttlMs: 0, cacheScope: "private" }
          : { tools: [{ ...TOOL, execution: { taskSupport: "required" } }] };
      case "tools/call": {
        const { n } = params.arguments as { readonly n: number };
        const at = Date.now();
        const entry = { n, taskId: [n, at, at + this.#duration(), randomUUID()].join("."), at };
        this.add(entry);
        this.#written(entry);
        const task = this.#wire(entry.taskId);
        return modern ? { ...task, resultType: "task" } : { task };
      }
      case "tasks/get": {
        const taskId = String(params.taskId);
        this.withHandle.add(numberOf(taskId));
        if (hasEnded(taskId)) this.ended.add(numberOf(taskId));
        return this.#wire(taskId);
      }
      case "tasks/result":
        return resultOf(String(params.taskId));
      case "tasks/list":
        return modern ? undefined : this.#page(Number(params.cursor ?? 0));
      default:
        return undefined;
    }
  }

  #page(from: number): Fields {
    const all = [...this.calls.values()].flat();
    const tasks = all.slice(from, from + PAGE).map(({ taskId }) => this.#wire(taskId));
    return { tasks, ...(from + PAGE < all.length && { nextCursor: String(from + PAGE) }) };
  }

  #wire(taskId: string): Fields {
    const ended = hasEnded(taskId);
    const createdAt = new Date(Number(taskId.split(".")[1])).toISOString();
    const common = { taskId, status: ended ? "completed" : "working", createdAt, lastUpdatedAt: createdAt };
    if (this.#generation === "2025-11-25") return { ...common, ttl: null, pollInterval: POLL_MS };
    return { ...common, ttlMs: null, pollIntervalMs: POLL_MS, ...(ended && { result: resultOf(taskId) }) };
  }
}

/** The text of a task's result. */
export function textOf(n: number): string {
  return `paper ${n}`;
}

function resultOf(taskId: string): Fields {
  return { resultType: "complete", content: [{ type: "text", text: textOf(numberOf(taskId)) }] };
}

function numberOf(taskId: string): number {
  return Number(taskId.split(".")[0]);
}

function hasEnded(taskId: string): boolean {
  return Date.now() >= Number(taskId.split(".")[2]);
}

const SERVER_INFO = { name: "task-ledger", version: "1.0.0" };
const TOOL = { name: TASK_TOOL, inputSchema: { type: "object", properties: { n: { type: "number" } } } };
const WELCOME = {
  protocolVersion: "2025-11-25",
  capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
  serverInfo: SERVER_INFO,
};
const DISCOVERED = {
  supportedVersions: ["2026-07-28"],
  capabilities: { tools: {}, extensions: { "io.modelcontextprotocol/tasks": {} } },
  ttlMs: 0,
  cacheScope: "private",
  _meta: { "io.modelcontextprotocol/serverInfo": SERVER_INFO },
};
