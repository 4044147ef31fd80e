import type { Result, ServerContext } from "@modelcontextprotocol/server";
import { InputError, type JsonObject, type Task, type TaskView, type ToolResult } from "holdfast";
import { briefTask } from "../../../front/2026-07-28/detailed-task.ts";
import { canAnswer, isObject } from "../../../front/client-capabilities.ts";
import { keepWaiting } from "../../../front/keep-waiting.ts";
import {
  ARGUMENTS_NOT_AN_OBJECT,
  CALL_WITHOUT_NAME,
  STALE_REQUEST_STATE,
  TASK_GONE,
} from "../../../front/messages.ts";
import { invalidParams, RpcError } from "../../../front/rpc-error.ts";
import { IMMEDIATE_RESPONSE } from "../../../src/protocol/meta-keys.ts";
import { fingerprint } from "../../directory/fingerprint.ts";
import { needsPerson } from "../asked-consent.ts";
import type { Caller, CallerEndpoint } from "../caller.ts";
import { CallerTasks } from "../caller-tasks.ts";
import { CHECK_TASK, callCompanion, checkBudget, isCompanion, refusalForAgent } from "../companions.ts";
import { answerAtOnce, heldAnswer, plainAnswer, progressParams } from "../held-answer.ts";
import { startCall, WaitedCall, type WantedCall, wantedBy } from "../start-call.ts";
import { toolCalled } from "../tools.ts";
import { type Envelope, envelopeOf, tasksNeeded } from "./envelope.ts";
import { requestStateOf, taskIn } from "./request-state.ts";

/** How long a call may be answered with its result by a server that makes no task of it, in ms: then it is a task of ours. */
const UNTIL_TASK_MS = 5_000;
/** How long the first look at a held call lasts, in ms. */
const FIRST_LOOK_MS = 500;

/** One `tools/call` of a 2026-07-28 client. */
export async function callTool(caller: Caller, params: JsonObject, context: ServerContext): Promise<Result> {
  const { name } = params;
  if (typeof name !== "string") throw invalidParams(CALL_WITHOUT_NAME);
  const args = params.arguments ?? {};
  if (!isObject(args)) throw invalidParams(ARGUMENTS_NOT_AN_OBJECT);
  const tasks = new CallerTasks(caller, { follows: true });
  const call = new ModernCall(caller, tasks, context);
  try {
    return (await call.answer(name, args as JsonObject)) as Result;
  } finally {
    await tasks.close();
  }
}

class ModernCall {
  readonly #caller: Caller;
  readonly #tasks: CallerTasks;
  readonly #context: ServerContext;
  readonly #signal: AbortSignal;
  readonly #envelope: Envelope;

  constructor(caller: Caller, tasks: CallerTasks, context: ServerContext) {
    this.#caller = caller;
    this.#tasks = tasks;
    this.#context = context;
    this.#signal = context.mcpReq.signal;
    this.#envelope = envelopeOf(context);
  }

  async answer(shown: string, args: JsonObject): Promise<object> {
    if (this.#envelope.tasks) return this.#asTask(shown, args);
    if (isCompanion(this.#caller, shown)) return this.#companion(shown, args);
    return this.#held(shown, args);
  }

  /** The server decides what is a task; what it does without one is made one of ours when it takes long. */
  async #asTask(shown: string, args: JsonObject): Promise<object> {
    const { at, tool } = await toolCalled(this.#caller, shown, false);
    const call = { tool, arguments: args, ...wantedBy(this.#context.mcpReq._meta) };
    const answered = await this.#answered(at, call);
    const json = answered?.json ?? (await startCall(at, call, at.isPersonal ? FIRST_LOOK_MS : UNTIL_TASK_MS));
    const task = await this.#tasks.handle(json);
    if (answered || at.isPersonal) {
      // Until the server has taken the answers and says what comes next, or it shows that a consent is missing.
      await keepWaiting(task, {
        budgetMs: UNTIL_TASK_MS,
        signal: this.#signal,
        until: (view) => view.taskId !== undefined || view.inputRequests.length > 0 || needsPerson(view),
      });
    }
    if (task.view.taskId === undefined) {
      if (task.view.outcome) return plainAnswer(task);
      if (this.#canAnswer(task)) return this.#inputRequired(task);
    }
    return this.#created(await this.#latest(task));
  }

  async #held(shown: string, args: JsonObject): Promise<object> {
    const { companions } = this.#caller.settings;
    const began = Date.now();
    let delivered: "result" | "running" | undefined;
    let waited: WaitedCall | undefined;
    try {
      const { at, tool } = await toolCalled(this.#caller, shown, companions);
      const call = { tool, arguments: args, ...wantedBy(this.#context.mcpReq._meta) };
      const answered = await this.#answered(at, call);
      const waiter = { session: this.#envelope.session, request: crypto.randomUUID() };
      waited = answered ? undefined : new WaitedCall(at, call, waiter);
      const begun = await waited?.begin(FIRST_LOOK_MS, this.#signal);
      const json = answered?.json ?? begun?.task;
      if (!json) throw new Error("Nothing was begun");
      const atOnce = answerAtOnce(this.#caller, json);
      if (atOnce) {
        if (!this.#signal.aborted) delivered = "result";
        return atOnce;
      }
      const budgetMs = begun?.budgetMs ?? this.#caller.budgetMs(at);
      const task = await this.#tasks.handle(json);
      const result = await this.#settled(task, budgetMs - (Date.now() - began));
      // What is asked comes with the id of the task, and so does the answer.
      const running = !task.view.outcome && !this.#canAnswer(task);
      if (!this.#signal.aborted) delivered = running ? "running" : "result";
      return result;
    } catch (error) {
      if (!this.#signal.aborted) delivered = "result";
      if (!(error instanceof RpcError) || !companions) throw error;
      return refusalForAgent(shown, error);
    } finally {
      await waited?.end(delivered);
    }
  }

  async #companion(name: string, args: JsonObject): Promise<object> {
    const task = name === CHECK_TASK ? await this.#tasks.get(String(args.task)) : undefined;
    if (!task) return callCompanion(this.#caller, this.#tasks, name, args, this.#signal);
    const answered = this.#context.mcpReq.inputResponses;
    if (answered) await answerAll(task, answered);
    const result = await this.#settled(task, await checkBudget(this.#caller, task.id));
    if (task.view.outcome) await this.#caller.delivered(task.id);
    return result;
  }

  /** The result, a running result, or the questions that the client can answer. */
  async #settled(task: Task, budgetMs: number): Promise<ToolResult | object> {
    const token = this.#context.mcpReq._meta?.progressToken;
    const asks = (): boolean => !task.view.outcome && this.#canAnswer(task);
    if (asks()) return this.#inputRequired(task);
    const result = await heldAnswer({
      caller: this.#caller,
      tasks: this.#tasks,
      task,
      budgetMs,
      signal: this.#signal,
      until: () => this.#isAsked(task),
      progressed:
        token === undefined
          ? undefined
          : (progress) => {
              const params = progressParams(token, progress);
              const notification = { method: "notifications/progress" as const, params };
              this.#context.mcpReq.notify(notification as never).catch(() => undefined);
            },
      tooLong: tasksNeeded,
    });
    return asks() ? this.#inputRequired(task) : result;
  }

  /** The task whose questions this call brings the answers to, with them given. */
  async #answered(
    at: CallerEndpoint,
    { tool, arguments: args }: WantedCall,
  ): Promise<{ json: TaskView } | undefined> {
    const { requestState, inputResponses } = this.#context.mcpReq;
    const state = requestState();
    if (state === undefined) return undefined;
    const id = taskIn(state);
    const task = id === undefined ? undefined : await this.#tasks.get(id);
    const same =
      task?.view.endpoint === at.name &&
      task.view.tool === tool &&
      (await fingerprint(task.view.arguments)) === (await fingerprint(args));
    if (!task || !same) throw invalidParams(STALE_REQUEST_STATE);
    await answerAll(task, inputResponses ?? {});
    return { json: await this.#latest(task) };
  }

  /** By the client, or by the reader of the running result. */
  #isAsked(task: Task): boolean {
    if (this.#canAnswer(task)) return true;
    return this.#caller.settings.companions && (task.view.inputRequests.length > 0 || needsPerson(task.view));
  }

  #canAnswer(task: Task): boolean {
    const { abilities } = this.#envelope;
    return task.view.inputRequests.some((request) => canAnswer(abilities, request));
  }

  #inputRequired(task: Task): object {
    const { abilities } = this.#envelope;
    const asked = task.view.inputRequests.filter((request) => canAnswer(abilities, request));
    return {
      resultType: "input_required",
      inputRequests: Object.fromEntries(asked.map(({ key, method, params }) => [key, { method, params }])),
      requestState: requestStateOf(task.id),
    };
  }

  #created(task: TaskView): object {
    const { immediateResponse } = task;
    return {
      resultType: "task",
      ...briefTask(task),
      ...(immediateResponse !== undefined && { _meta: { [IMMEDIATE_RESPONSE]: immediateResponse } }),
    };
  }

  async #latest(task: Task): Promise<TaskView> {
    const json = await this.#tasks.view(task.id);
    if (!json) throw invalidParams(TASK_GONE);
    return json;
  }
}

/** What fits no question that is open is passed over: the client is asked again if need be. */
async function answerAll(task: Task, responses: Readonly<Record<string, unknown>>): Promise<void> {
  for (const { key } of task.view.inputRequests) {
    const response = responses[key];
    if (!isObject(response)) continue;
    await task.answer(key, response as JsonObject).catch((error: unknown) => {
      if (!(error instanceof InputError)) throw error;
    });
  }
}
