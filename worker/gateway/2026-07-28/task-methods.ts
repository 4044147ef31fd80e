import { InputError, type JsonObject } from "holdfast";
import { detailedTask } from "../../../front/2026-07-28/detailed-task.ts";
import { isObject } from "../../../front/client-capabilities.ts";
import { unknownTask } from "../../../front/rpc-error.ts";
import type { Caller } from "../caller.ts";
import { CallerTasks } from "../caller-tasks.ts";

/** `tasks/get`. */
export async function getTask(caller: Caller, taskId: string): Promise<JsonObject> {
  const json = await withTasks(caller, (tasks) => tasks.view(taskId));
  if (!json) throw unknownTask();
  return detailedTask(json);
}

/** `tasks/update`: answers to what is not asked, or no longer, are passed over. */
export async function updateTask(
  caller: Caller,
  taskId: string,
  responses: Readonly<Record<string, unknown>>,
): Promise<void> {
  await withTasks(caller, async (tasks) => {
    const task = await tasks.get(taskId);
    if (!task) throw unknownTask();
    for (const { key } of task.view.inputRequests) {
      const response = responses[key];
      if (!isObject(response)) continue;
      await task.answer(key, response as JsonObject).catch((error: unknown) => {
        // It stays open, and is seen to be.
        if (!(error instanceof InputError)) throw error;
      });
    }
  });
}

/** `tasks/cancel`: of a task that has ended, nothing. */
export async function cancelTask(caller: Caller, taskId: string): Promise<void> {
  await withTasks(caller, async (tasks) => {
    const task = await tasks.get(taskId);
    if (!task) throw unknownTask();
    if (!task.view.outcome) await task.cancel();
  });
}

async function withTasks<T>(caller: Caller, work: (tasks: CallerTasks) => Promise<T>): Promise<T> {
  const tasks = new CallerTasks(caller, { follows: false });
  try {
    return await work(tasks);
  } finally {
    await tasks.close();
  }
}
