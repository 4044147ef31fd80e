import type { InputRequest, JsonObject, Task, TaskProgress, TaskView, ToolResult } from "holdfast";
import { keepWaiting } from "../../front/keep-waiting.ts";
import { CALL_CANCELLED } from "../../front/messages.ts";
import { endingOf, withoutServersMarks } from "../../front/outcome.ts";
import { INTERNAL_ERROR, RpcError } from "../../front/rpc-error.ts";
import type { Caller } from "./caller.ts";
import type { CallerTasks } from "./caller-tasks.ts";
import { resultForAgent } from "./companions.ts";
import { fittedResult } from "./results/fitted-result.ts";

export interface Holding {
  readonly caller: Caller;
  readonly tasks: CallerTasks;
  readonly task: Task;
  readonly budgetMs: number;
  readonly signal: AbortSignal;
  /** What ends the wait, beside the task's end: a question, say. */
  readonly until: (view: TaskView) => boolean;
  readonly progressed?: ((progress: TaskProgress) => void) | undefined;
  readonly asked?: ((request: InputRequest, taskId: string) => void) | undefined;
  readonly changed?: (() => void) | undefined;
  /** What a client is answered whose call takes longer than the budget, where there are no running results. */
  readonly tooLong: () => RpcError;
}

/** Holds a client that does not know tasks until there is a result or the budget is spent. Then it returns a running result. */
export async function heldAnswer(holding: Holding): Promise<ToolResult> {
  const { caller, task } = holding;
  return fittedResult(caller, task.id, await wholeAnswer(holding));
}

/** What a call is answered with that had completed at the first look; undefined for any other. */
export function answerAtOnce(caller: Caller, { id, outcome }: TaskView): ToolResult | undefined {
  if (outcome?.kind !== "completed" || "apart" in outcome) return undefined;
  return fittedResult(caller, id, withoutServersMarks(outcome.result));
}

async function wholeAnswer(holding: Holding): Promise<ToolResult> {
  const { caller, tasks, task } = holding;
  await keepWaiting(task, holding);
  if (task.view.outcome?.kind === "completed") return plainAnswer(task);
  if (caller.settings.companions) return resultForAgent(caller, tasks, task);
  if (task.view.outcome) return plainAnswer(task);
  // The client is asked next, and is given no result yet.
  if (holding.until(task.view)) return { content: [] };
  await task.cancel();
  throw holding.tooLong();
}

/** What the call itself was answered with. Throws an RpcError. */
export async function plainAnswer(task: Task): Promise<ToolResult> {
  if (!task.view.outcome) throw new Error(`Task ${task.id} has not ended`);
  const ending = endingOf(task.view.outcome);
  if (ending.kind === "result") return ending.result;
  throw new RpcError(
    ending.kind === "error" ? ending.error : { code: INTERNAL_ERROR, message: CALL_CANCELLED },
  );
}

export function progressParams(
  progressToken: unknown,
  { progress, total, message }: TaskProgress,
): JsonObject {
  return {
    progressToken: progressToken as string | number,
    progress,
    ...(total !== undefined && { total }),
    ...(message !== undefined && { message }),
  };
}
