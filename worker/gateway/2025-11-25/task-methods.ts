import type { JsonObject } from "holdfast";
import { wireTask } from "../../../front/2025-11-25/wire-task.ts";
import { keepWaiting } from "../../../front/keep-waiting.ts";
import { alreadyEnded, UNKNOWN_CURSOR } from "../../../front/messages.ts";
import { invalidParams, unknownTask } from "../../../front/rpc-error.ts";
import { RELATED_TASK } from "../../../src/protocol/meta-keys.ts";
import type { Caller } from "../caller.ts";
import { CallerTasks, pageOfTasks } from "../caller-tasks.ts";
import { plainAnswer } from "../held-answer.ts";
import type { MessageStream } from "../message-stream.ts";
import { questionsTo } from "./questions.ts";

const PAGE = 50;
/** How long a cancel waits for the server's word, in ms. */
const CANCEL_MS = 5_000;

export async function getTask(caller: Caller, params: JsonObject): Promise<JsonObject> {
  return withTasks(caller, false, async (tasks) => {
    const json = await tasks.view(String(params.taskId));
    if (!json) throw unknownTask();
    return wireTask(json);
  });
}

export async function listOfTasks(caller: Caller, params: JsonObject): Promise<JsonObject> {
  const { cursor } = params;
  const after = cursor === undefined ? undefined : String(cursor);
  const page = await pageOfTasks(caller, PAGE, after);
  if (!page) throw invalidParams(UNKNOWN_CURSOR);
  return {
    tasks: page.tasks.map(wireTask),
    ...(page.nextCursor !== undefined && { nextCursor: page.nextCursor }),
  };
}

/** The answer shows the task cancelled if its server says so in time; else as it stands, and cancelled later. */
export async function cancelTask(
  caller: Caller,
  params: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject> {
  return withTasks(caller, true, async (tasks) => {
    const id = String(params.taskId);
    const task = await tasks.get(id);
    if (!task) throw unknownTask();
    if (task.view.outcome) throw invalidParams(alreadyEnded(task.view.status));
    await task.cancel();
    await keepWaiting(task, { budgetMs: CANCEL_MS, signal });
    const json = await tasks.view(id);
    if (!json) throw unknownTask();
    return wireTask(json);
  });
}

/** Held until the task has ended; what it asks meanwhile, and how it stands, comes down the same stream. */
export async function taskResult(
  caller: Caller,
  params: JsonObject,
  { send, signal }: MessageStream,
): Promise<object> {
  return withTasks(caller, true, async (tasks) => {
    const taskId = String(params.taskId);
    const task = await tasks.get(taskId);
    if (!task) throw unknownTask();
    const questions = questionsTo(caller.traits.abilities, task, send, true);
    let status = task.view.status;
    await keepWaiting(task, {
      signal,
      asked: questions.asked,
      changed: () => {
        questions.changed();
        if (task.view.status === status) return;
        status = task.view.status;
        const notify = async (): Promise<void> => {
          const json = await tasks.view(taskId);
          if (json) send({ jsonrpc: "2.0", method: "notifications/tasks/status", params: wireTask(json) });
        };
        notify().catch(() => undefined);
      },
    });
    const { _meta, ...result } = await plainAnswer(task);
    return { ...result, _meta: { ..._meta, [RELATED_TASK]: { taskId } } };
  });
}

async function withTasks<T>(
  caller: Caller,
  follows: boolean,
  work: (tasks: CallerTasks) => Promise<T>,
): Promise<T> {
  const tasks = new CallerTasks(caller, { follows });
  try {
    return await work(tasks);
  } finally {
    await tasks.close();
  }
}
