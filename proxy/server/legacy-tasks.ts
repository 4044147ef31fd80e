import { wireTask } from "../../front/2025-11-25/wire-task.ts";
import { type ClientAbilities, canAnswer } from "../../front/client-capabilities.ts";
import { keepWaiting } from "../../front/keep-waiting.ts";
import { alreadyEnded, UNKNOWN_CURSOR } from "../../front/messages.ts";
import { invalidParams, unknownTask } from "../../front/rpc-error.ts";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { IMMEDIATE_RESPONSE, RELATED_TASK } from "../../src/protocol/meta-keys.ts";
import type { Task } from "../../src/task.ts";
import type { OwnedTasks } from "../store/owned-tasks.ts";
import type { AgentConnection, AgentRequest } from "./agent-connection.ts";
import type { Catalog } from "./catalog.ts";
import type { Questions } from "./questions.ts";
import { accepted, callIn, plainAnswer, type ToolCalls } from "./tool-calls.ts";

const PAGE = 50;
/** How long it is waited whether a server begins a call at all, and whether it confirms a cancel, in ms. */
const FIRST_LOOK_MS = 500;
const CANCEL_MS = 5_000;

/** Tasks for an agent that speaks 2025-11-25 and asks for them: Holdfast's own, whatever the server behind can do. */
export class LegacyTasks {
  readonly #tasks: OwnedTasks;
  readonly #calls: ToolCalls;
  readonly #catalog: Catalog;
  readonly #agent: AgentConnection;
  readonly #questions: Questions;
  /** Those the agent asked for, with the status it last knew. */
  readonly #followed: Map<string, unknown> = new Map();

  constructor(parts: {
    readonly tasks: OwnedTasks;
    readonly calls: ToolCalls;
    readonly catalog: Catalog;
    readonly agent: AgentConnection;
    readonly questions: Questions;
  }) {
    this.#tasks = parts.tasks;
    this.#calls = parts.calls;
    this.#catalog = parts.catalog;
    this.#agent = parts.agent;
    this.#questions = parts.questions;
    this.#tasks.subscribe((task) => this.#changed(task));
  }

  /** A `tools/call` with `task`. */
  async call(params: JsonObject, meta: JsonObject, signal: AbortSignal): Promise<object> {
    const { name, args } = callIn(params);
    const origin = await this.#catalog.tool(name);
    const task = await this.#calls.start(origin.server, origin.name, args, meta);
    await keepWaiting(task, { budgetMs: FIRST_LOOK_MS, signal, until: ({ taskId }) => taskId !== undefined });
    await accepted(task, signal);
    // A call that its server would not even begin is not a task.
    if (task.view.outcome?.kind === "failed" && task.view.taskId === undefined) await plainAnswer(task);
    const { immediateResponse } = task.view;
    const wire = { ...wireOf(task), ...(!task.view.outcome && { status: "working" }) };
    this.#followed.set(task.id, wire.status);
    this.#tasks.markTold(task.id);
    return {
      task: wire,
      ...(immediateResponse !== undefined && { _meta: { [IMMEDIATE_RESPONSE]: immediateResponse } }),
    };
  }

  /** One of the methods of tasks; undefined for any other. Throws an RpcError. */
  async method(request: AgentRequest, abilities: ClientAbilities): Promise<object | undefined> {
    switch (request.method) {
      case "tasks/get":
        return wireOf(await this.#task(request.params));
      case "tasks/list":
        return this.#list(request.params);
      case "tasks/cancel":
        return this.#cancel(request);
      case "tasks/result":
        return this.#result(request, abilities);
      default:
        return undefined;
    }
  }

  async #task({ taskId }: JsonObject): Promise<Task> {
    const task = await this.#tasks.get(String(taskId));
    if (!task) throw unknownTask();
    return task;
  }

  async #list({ cursor }: JsonObject): Promise<object> {
    const all = [...(await this.#tasks.list())].reverse();
    const from = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
    if (cursor !== undefined && from === 0) throw invalidParams(UNKNOWN_CURSOR);
    const page = all.slice(from, from + PAGE);
    const last = page.at(-1);
    return { tasks: page.map(wireOf), ...(from + PAGE < all.length && last && { nextCursor: last.id }) };
  }

  async #cancel({ params, signal }: AgentRequest): Promise<object> {
    const task = await this.#task(params);
    if (task.view.outcome) throw invalidParams(alreadyEnded(task.view.status));
    await task.cancel();
    await keepWaiting(task, { budgetMs: CANCEL_MS, signal });
    return wireOf(task);
  }

  /** Held until the task has ended; its questions go to the agent meanwhile. */
  async #result({ params, signal }: AgentRequest, abilities: ClientAbilities): Promise<object> {
    const task = await this.#task(params);
    await keepWaiting(task, {
      signal,
      asked: (request) => {
        if (canAnswer(abilities, request)) this.#questions.put(task, request, true);
      },
    });
    const { _meta, ...result } = await plainAnswer(task);
    return { ...result, _meta: { ...(isObject(_meta) && _meta), [RELATED_TASK]: { taskId: task.id } } };
  }

  #changed(task: Task): void {
    if (!this.#followed.has(task.id)) return;
    const wire = wireOf(task);
    if (this.#followed.get(task.id) === wire.status) return;
    this.#followed.set(task.id, wire.status);
    this.#agent.notify("notifications/tasks/status", wire);
    if (task.view.outcome) this.#followed.delete(task.id);
  }
}

function wireOf(task: Task): JsonObject {
  return wireTask(task.latest);
}
