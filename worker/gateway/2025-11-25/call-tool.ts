import type { JsonObject, Task } from "holdfast";
import { wireTask } from "../../../front/2025-11-25/wire-task.ts";
import { canAnswer, isObject } from "../../../front/client-capabilities.ts";
import { ARGUMENTS_NOT_AN_OBJECT, CALL_WITHOUT_NAME, TASK_REQUIRED } from "../../../front/messages.ts";
import {
  INVALID_REQUEST,
  invalidParams,
  RpcError,
  URL_ELICITATION_REQUIRED,
} from "../../../front/rpc-error.ts";
import { IMMEDIATE_RESPONSE } from "../../../src/protocol/meta-keys.ts";
import { needsPerson } from "../asked-consent.ts";
import type { Caller } from "../caller.ts";
import { CallerTasks } from "../caller-tasks.ts";
import { CHECK_TASK, callCompanion, checkBudget, isCompanion, refusalForAgent } from "../companions.ts";
import { answerAtOnce, type Holding, heldAnswer, plainAnswer, progressParams } from "../held-answer.ts";
import type { MessageStream } from "../message-stream.ts";
import { startCall, WaitedCall, type WantedCall, wantedBy } from "../start-call.ts";
import { toolCalled } from "../tools.ts";
import { questionsTo } from "./questions.ts";

/** How long the first look at a call lasts, in ms: a client that asked for a task has it by then. */
export const FIRST_LOOK_MS = 500;

export interface LegacyCall {
  readonly caller: Caller;
  readonly id: string | number;
  readonly sessionId: string | null;
  readonly params: JsonObject;
}

/** A `tools/call` without `task`: held for as long as the client's patience lasts. */
export async function callHeld(asked: LegacyCall, stream: MessageStream): Promise<object> {
  const { caller } = asked;
  const { shown, args } = callOf(asked.params);
  const tasks = new CallerTasks(caller, { follows: true });
  try {
    if (!isCompanion(caller, shown)) return await held(asked, tasks, shown, args, stream);
    const task = shown === CHECK_TASK ? await tasks.get(String(args.task)) : undefined;
    if (!task) return await callCompanion(caller, tasks, shown, args, stream.signal);
    const budgetMs = await checkBudget(caller, task.id);
    const result = await heldAnswer({ ...telling(asked, task, stream), caller, tasks, task, budgetMs });
    if (task.view.outcome) await caller.delivered(task.id);
    return result;
  } finally {
    await tasks.close();
  }
}

/** A `tools/call` with `task`: every tool can be called so, whatever its server can do. */
export async function callAsTask({ caller, params }: LegacyCall): Promise<object> {
  const { shown, args } = callOf(params);
  const { at, tool } = await toolCalled(caller, shown, caller.settings.companions);
  const tasks = new CallerTasks(caller, { follows: false });
  try {
    const call = { tool, arguments: args, ...wantedBy(params._meta) };
    const task = await startCall(at, call, FIRST_LOOK_MS);
    // A call that its server did not begin has no task.
    if (task.outcome?.kind === "failed" && task.taskId === undefined)
      await plainAnswer(await tasks.handle(task));
    const { immediateResponse } = task;
    return {
      task: { ...wireTask(task), ...(!task.outcome && { status: "working" }) },
      ...(immediateResponse !== undefined && { _meta: { [IMMEDIATE_RESPONSE]: immediateResponse } }),
    };
  } finally {
    await tasks.close();
  }
}

async function held(
  asked: LegacyCall,
  tasks: CallerTasks,
  shown: string,
  args: JsonObject,
  stream: MessageStream,
): Promise<object> {
  const { caller, id, sessionId } = asked;
  const { companions } = caller.settings;
  const began = Date.now();
  let answered: "result" | "running" | undefined;
  let waited: WaitedCall | undefined;
  try {
    const { at, tool } = await toolCalled(caller, shown, companions);
    const call: WantedCall = { tool, arguments: args, ...wantedBy(asked.params._meta) };
    waited = new WaitedCall(at, call, waiterOf(sessionId, id));
    const { task: json, budgetMs } = await waited.begin(FIRST_LOOK_MS, stream.signal);
    const atOnce = answerAtOnce(caller, json);
    if (atOnce) {
      if (!stream.signal.aborted) answered = "result";
      return atOnce;
    }
    const task = await tasks.handle(json);
    const left = budgetMs - (Date.now() - began);
    const result = await heldAnswer({ ...telling(asked, task, stream), caller, tasks, task, budgetMs: left });
    if (!stream.signal.aborted) answered = task.view.outcome ? "result" : "running";
    return result;
  } catch (error) {
    if (!stream.signal.aborted) answered = "result";
    if (!(error instanceof RpcError) || !companions || error.code === URL_ELICITATION_REQUIRED) throw error;
    return refusalForAgent(shown, error);
  } finally {
    await waited?.end(answered);
  }
}

/** Sends progress and questions on the stream while the client waits. */
function telling(
  { caller, params }: LegacyCall,
  task: Task,
  { send, signal }: MessageStream,
): Pick<Holding, "signal" | "until" | "progressed" | "asked" | "changed" | "tooLong"> {
  const token = isObject(params._meta) ? params._meta.progressToken : undefined;
  const client = caller.traits.abilities;
  return {
    signal,
    // A question that the client cannot be asked must reach the reader of the running result at once.
    until: (view) =>
      caller.settings.companions &&
      (view.inputRequests.some((request) => !canAnswer(client, request)) || needsPerson(view)),
    progressed:
      token === undefined
        ? undefined
        : (progress) =>
            send({
              jsonrpc: "2.0",
              method: "notifications/progress",
              params: progressParams(token, progress),
            }),
    ...questionsTo(client, task, send, false),
    tooLong: () => new RpcError({ code: INVALID_REQUEST, message: TASK_REQUIRED }),
  };
}

export function waiterOf(sessionId: string | null, id: string | number) {
  // Without a session, this client's requests look like any other client's: each is its own session.
  return {
    session: sessionId ?? crypto.randomUUID(),
    request: sessionId === null ? crypto.randomUUID() : JSON.stringify(id),
  };
}

function callOf({ name, arguments: args = {} }: JsonObject): { shown: string; args: JsonObject } {
  if (typeof name !== "string") throw invalidParams(CALL_WITHOUT_NAME);
  if (!isObject(args)) throw invalidParams(ARGUMENTS_NOT_AN_OBJECT);
  return { shown: name, args: args as JsonObject };
}
