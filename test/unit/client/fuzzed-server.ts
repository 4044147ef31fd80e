import type { Connector } from "../../../src/channel/connection.ts";
import { fromTransport, type Transport } from "../../../src/channel/transport-connector.ts";
import type { Clock } from "../../../src/clock.ts";
import { isObject, type JsonObject } from "../../../src/protocol/json.ts";
import { isRequest, type RequestId } from "../../../src/protocol/json-rpc.ts";
import { RELATED_TASK, SUBSCRIPTION_ID } from "../../../src/protocol/session.ts";
import { violations } from "../../fixtures/schema-check.ts";
import {
  type Behaviour,
  expanded,
  type FuzzedGeneration,
  isDeep,
  type Script,
  type Unasked,
} from "./fuzzed-script.ts";

const ENDS: ReadonlySet<unknown> = new Set(["completed", "failed", "cancelled"]);
const NOW = "2026-07-28T00:00:00Z";
const TOOL: JsonObject = {
  name: "report",
  inputSchema: { type: "object" },
  execution: { taskSupport: "optional" },
};
const GOOD_RESULT: JsonObject = { content: [{ type: "text", text: "done" }] };

/** A task that was created at another time is another task, for which the server uses the id again. */
function isOtherTime(createdAt: unknown): boolean {
  const isTime = typeof createdAt === "string" || typeof createdAt === "number";
  return isTime && createdAt !== NOW && !Number.isNaN(new Date(createdAt).getTime());
}

/** A server with one tool, which may make tasks. It follows a script, and once `healed` it answers everything well. */
export class FuzzedServer {
  readonly requests: { readonly method: string; readonly params: JsonObject }[] = [];
  /** How many calls came after one that the server may have run. */
  doubledCalls = 0;
  /** A message said that a task has ended, that the server has no such task, or that its id names another one. */
  saidEnd = false;
  /** The id of the latest task that the server made, by a reply that is valid by the schema. */
  made: string | undefined;
  healed = false;
  readonly #generation: FuzzedGeneration;
  readonly #script: Script;
  readonly #used: Map<string, number> = new Map();
  /** A call came, and the reply neither refused it nor asked a question. */
  #mayHaveRun = false;
  #sentUnasked = 0;
  #late: unknown[] = [];
  #subscription: RequestId = "none";
  #progressToken: unknown = "none";

  constructor(generation: FuzzedGeneration, script: Script) {
    this.#generation = generation;
    this.#script = script;
  }

  connector(clock: Clock): Connector {
    return fromTransport(() => this.#open(), { era: this.#generation, clock });
  }

  #open(): Transport {
    const transport: Transport = {
      start: async () => undefined,
      send: async (message: JsonObject) => {
        const request = JSON.parse(JSON.stringify(message)) as JsonObject;
        if (isRequest(request)) this.#receive(transport, request.id, request.method, request.params ?? {});
      },
      close: async () => transport.onclose?.(),
    };
    return transport;
  }

  #receive(transport: Transport, id: RequestId, method: string, params: JsonObject): void {
    this.requests.push({ method, params });
    const used = this.#used.get(method) ?? 0;
    this.#used.set(method, used + 1);
    if (method === "subscriptions/listen") this.#subscription = id;
    if (method === "tools/call") {
      if (this.#mayHaveRun) this.doubledCalls++;
      if (isObject(params._meta)) this.#progressToken = params._meta.progressToken;
    }
    const send = (message: unknown): void =>
      queueMicrotask(() => transport.onmessage?.(expanded(message) as never));
    for (const message of this.#late.splice(0)) send(message);
    const unasked = this.#script.unasked[this.#sentUnasked++];
    if (unasked && !this.healed) send(this.#unasked(unasked));

    const behaviour: Behaviour = (!this.healed && this.#script.replies[method]?.[used]) || { kind: "well" };
    const replyId = this.#script.textIds ? String(id) : id;
    switch (behaviour.kind) {
      case "well": {
        const result = this.#well(method, params);
        // No server has a reply to `subscriptions/listen` before the subscription ends.
        if (method !== "subscriptions/listen") send({ jsonrpc: "2.0", id: replyId, result });
        return;
      }
      case "silent":
        return this.#ran(method);
      case "cut":
        this.#ran(method);
        return queueMicrotask(() => transport.onclose?.());
      case "error": {
        const { error } = behaviour;
        if (/^tasks\/(get|result|cancel)$/.test(method)) this.saidEnd = true;
        if (!isObject(error) || typeof error.code !== "number") this.#ran(method);
        return send({ jsonrpc: "2.0", id: replyId, error });
      }
      case "result": {
        const result = behaviour.fits ? this.#fitting(method, params, behaviour.value) : behaviour.value;
        this.#note(result);
        if (method === "tools/call") this.#noteTask(result);
        // A poll whose reply is nested too deep ends the task.
        if (method === "tasks/result" || (method === "tasks/get" && isDeep(result))) this.saidEnd = true;
        if (!isObject(result) || result.resultType !== "input_required") this.#ran(method);
        const reply = { jsonrpc: "2.0", id: replyId, result };
        send(reply);
        if (behaviour.again === "now") send(reply);
        if (behaviour.again === "later") this.#late.push(reply);
      }
    }
  }

  #ran(method: string): void {
    if (method === "tools/call") this.#mayHaveRun = true;
  }

  #note(value: unknown): void {
    if (!isObject(value)) return;
    for (const state of [value, value.task]) {
      if (isObject(state) && (ENDS.has(state.status) || isOtherTime(state.createdAt))) this.saidEnd = true;
    }
  }

  #noteTask(result: unknown): void {
    const legacy = this.#generation === "2025-11-25";
    if (violations(legacy ? "2025-11-25" : "2026-07-28/tasks", "CreateTaskResult", result).length > 0) return;
    const { taskId } = (legacy ? (result as JsonObject).task : result) as JsonObject;
    // An empty id names no task, and what is nested too deep is refused.
    if (taskId !== "" && !isDeep(result)) this.made = (expanded({ taskId }) as { taskId: string }).taskId;
  }

  /** The reply as one to this request. */
  #fitting(method: string, { taskId }: JsonObject, value: unknown): unknown {
    if (!isObject(value)) return value;
    if (method === "tools/list" && Array.isArray(value.tools))
      return { ...value, tools: [...(value.tools as unknown[]), TOOL] };
    return "taskId" in value && taskId !== undefined ? { ...value, taskId } : value;
  }

  /** A message that is sent unasked, about this client's task and requests if it shall fit. */
  #unasked({ message, fits }: Unasked): JsonObject {
    const params = isObject(message.params) ? message.params : {};
    this.#note(params);
    if (!fits) return message;
    const { _meta } = params;
    const taskId = this.made ?? this.#script.taskId;
    const meta = { [RELATED_TASK]: { taskId }, [SUBSCRIPTION_ID]: this.#subscription };
    return {
      ...message,
      params: {
        ...params,
        ...("taskId" in params && { taskId }),
        ...("progressToken" in params && { progressToken: this.#progressToken }),
        _meta: { ...(isObject(_meta) && _meta), ...meta },
      },
    };
  }

  #well(method: string, { taskId, task, name }: JsonObject): JsonObject {
    const modern = this.#generation === "2026-07-28";
    const complete = modern ? { resultType: "complete" } : {};
    const state = (id: unknown, status: string): JsonObject => ({
      taskId: id,
      status,
      createdAt: NOW,
      lastUpdatedAt: NOW,
      ...(modern ? { ttlMs: null, pollIntervalMs: 1_000 } : { ttl: null, pollInterval: 1_000 }),
    });
    switch (method) {
      case "initialize":
        return {
          protocolVersion: "2025-11-25",
          capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
          serverInfo: { name: "fuzzed", version: "1" },
        };
      case "server/discover":
        return {
          ...complete,
          supportedVersions: ["2026-07-28"],
          capabilities: { tools: {}, extensions: { "io.modelcontextprotocol/tasks": {} } },
          serverInfo: { name: "fuzzed", version: "1" },
          ttlMs: 0,
          cacheScope: "private",
        };
      case "tools/list":
        return { ...complete, tools: [TOOL], ttlMs: 0, cacheScope: "private" };
      case "tools/call": {
        this.#ran(method);
        if (name !== "report" || !(modern || task !== undefined)) return { ...complete, ...GOOD_RESULT };
        this.made = String(this.#script.taskId);
        const working = state(this.#script.taskId, "working");
        return modern ? { ...working, resultType: "task" } : { task: working };
      }
      case "tasks/get":
        if (!this.healed) return { ...complete, ...state(taskId, "working") };
        return { ...complete, ...state(taskId, "completed"), ...(modern && { result: GOOD_RESULT }) };
      case "tasks/result":
        this.saidEnd ||= !this.healed;
        return GOOD_RESULT;
      case "tasks/list":
        return { tasks: [] };
      case "tasks/cancel":
        return modern ? complete : state(taskId, "cancelled");
      default:
        return complete;
    }
  }
}
