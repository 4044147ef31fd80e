import { briefTask, detailedTask } from "../../front/2026-07-28/detailed-task.ts";
import { type ClientAbilities, canAnswer } from "../../front/client-capabilities.ts";
import { keepWaiting } from "../../front/keep-waiting.ts";
import { CAPABILITY_MISSING, STALE_REQUEST_STATE } from "../../front/messages.ts";
import { invalidParams, RpcError, unknownTask } from "../../front/rpc-error.ts";
import { InputError } from "../../src/errors.ts";
import { isObject, type JsonObject, sameJson } from "../../src/protocol/json.ts";
import { MISSING_CLIENT_CAPABILITY } from "../../src/protocol/json-rpc.ts";
import { IMMEDIATE_RESPONSE } from "../../src/protocol/meta-keys.ts";
import { TASKS_EXTENSION } from "../../src/protocol/session.ts";
import type { ToolResult } from "../../src/protocol/tool-result.ts";
import type { Task } from "../../src/task.ts";
import type { OwnedTasks } from "../store/owned-tasks.ts";
import type { AgentRequest } from "./agent-connection.ts";
import type { Catalog } from "./catalog.ts";
import { callIn, plainAnswer, type ToolCalls, type Waiter } from "./tool-calls.ts";

/** How long a call may be answered with its result before it becomes a task for the agent, in ms. */
const UNTIL_TASK_MS = 5_000;
const STATE = "holdfast:";

/** Calls and tasks for an agent that speaks 2026-07-28. */
export class ModernTasks {
  readonly #tasks: OwnedTasks;
  readonly #calls: ToolCalls;
  readonly #catalog: Catalog;
  readonly #budgetMs: number;

  constructor(tasks: OwnedTasks, calls: ToolCalls, catalog: Catalog, budgetMs: number) {
    this.#tasks = tasks;
    this.#calls = calls;
    this.#catalog = catalog;
    this.#budgetMs = budgetMs;
  }

  /** A `tools/call`. @param asTask Whether the agent declares Tasks. */
  async call({ params }: AgentRequest, waiter: Waiter, asTask: boolean): Promise<object> {
    const { name, args } = callIn(params);
    const answered = await this.#answered(params, name, args);
    if (asTask) return this.#asTask(name, args, waiter, answered);
    if (answered) return this.#settled(answered, waiter);
    const result = await this.#calls.held(name, args, waiter);
    // The wait ended with a question that the agent can answer: it comes back with the answer.
    const id = isObject(result.structuredContent) ? result.structuredContent.task : undefined;
    const task = typeof id === "string" ? await this.#tasks.get(id) : undefined;
    return task && this.#asks(task, waiter.abilities) ? inputRequired(task, waiter.abilities) : result;
  }

  /** One of the methods of the extension; undefined for any other. Throws an RpcError. */
  async method({ method, params }: AgentRequest, declared: boolean): Promise<object | undefined> {
    if (method !== "tasks/get" && method !== "tasks/update" && method !== "tasks/cancel") return undefined;
    if (!declared) throw tasksNeeded();
    const task = await this.#tasks.get(String(params.taskId));
    if (!task) throw unknownTask();
    if (method === "tasks/get") return wireOf(task);
    if (method === "tasks/cancel") {
      if (!task.view.outcome) await task.cancel();
      return {};
    }
    if (!isObject(params.inputResponses)) throw invalidParams("inputResponses is required");
    await answerAll(task, params.inputResponses);
    return {};
  }

  async #asTask(name: string, args: JsonObject, waiter: Waiter, answered: Task | undefined): Promise<object> {
    const { server, name: own } = await this.#catalog.tool(name);
    const task = answered ?? (await this.#calls.start(server, own, args, waiter.meta));
    await keepWaiting(task, {
      budgetMs: UNTIL_TASK_MS,
      signal: waiter.signal,
      until: ({ taskId, inputRequests }) => taskId !== undefined || inputRequests.length > 0,
    });
    if (task.view.taskId === undefined) {
      if (task.view.outcome) return plainAnswer(task);
      if (this.#asks(task, waiter.abilities)) return inputRequired(task, waiter.abilities);
    }
    this.#tasks.markTold(task.id);
    const { immediateResponse } = task.view;
    return {
      resultType: "task",
      ...briefTask(task.latest),
      ...(immediateResponse !== undefined && { _meta: { [IMMEDIATE_RESPONSE]: immediateResponse } }),
    };
  }

  async #settled(task: Task, waiter: Waiter): Promise<ToolResult | object> {
    // The answers are on their way: a question that is still open was not answered.
    const result = await this.#calls.waited(task, this.#budgetMs, waiter);
    return this.#asks(task, waiter.abilities) ? inputRequired(task, waiter.abilities) : result;
  }

  /** The task whose questions this call answers, after the answers were handed over. */
  async #answered(params: JsonObject, name: string, args: JsonObject): Promise<Task | undefined> {
    const { requestState, inputResponses } = params;
    if (typeof requestState !== "string") return undefined;
    const task = requestState.startsWith(STATE)
      ? await this.#tasks.get(requestState.slice(STATE.length))
      : undefined;
    const companion = name === "check_task" && args.task === task?.id;
    const same =
      companion ||
      (task &&
        (await this.#catalog.tool(name)).name === task.view.tool &&
        sameJson(task.view.arguments, args));
    if (!task || !same) throw invalidParams(STALE_REQUEST_STATE);
    if (isObject(inputResponses)) await answerAll(task, inputResponses);
    return task;
  }

  #asks(task: Task, abilities: ClientAbilities): boolean {
    return !task.view.outcome && task.view.inputRequests.some((request) => canAnswer(abilities, request));
  }
}

/** The request needs an agent that declares Tasks. */
function tasksNeeded(): RpcError {
  return new RpcError({
    code: MISSING_CLIENT_CAPABILITY,
    message: CAPABILITY_MISSING,
    data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
  });
}

function inputRequired(task: Task, abilities: ClientAbilities): object {
  const asked = task.view.inputRequests.filter((request) => canAnswer(abilities, request));
  return {
    resultType: "input_required",
    inputRequests: Object.fromEntries(asked.map(({ key, method, params }) => [key, { method, params }])),
    requestState: STATE + task.id,
  };
}

/** A response that fits no open question is passed over: the agent is asked again if need be. */
async function answerAll(task: Task, responses: JsonObject): Promise<void> {
  for (const { key } of task.view.inputRequests) {
    const response = responses[key];
    if (!isObject(response)) continue;
    await task.answer(key, response).catch((error: unknown) => {
      if (!(error instanceof InputError)) throw error;
    });
  }
}

/** A task as `tasks/get` and `notifications/tasks` carry it. */
export function wireOf(task: Task): JsonObject {
  return detailedTask(task.latest);
}
