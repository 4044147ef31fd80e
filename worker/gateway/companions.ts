import type { JsonObject, Task, ToolResult } from "holdfast";
import { type AgentTool, companionTools, failureResult } from "holdfast/agent";
import type { RpcError } from "../../front/rpc-error.ts";
import type { Caller } from "./caller.ts";
import { CallerTasks } from "./caller-tasks.ts";
import { withConnectNote } from "./connect-note.ts";
import { fittedResult } from "./results/fitted-result.ts";
import { READ_RESULT, READ_RESULT_DEFINITION, readResult } from "./results/read-result.ts";
import { sizeLimitOf } from "./results/size-limit.ts";
import { budgetAfter } from "./start-call.ts";

export const CHECK_TASK = "check_task";
const CANCEL_TASK = "cancel_task";
const LIST_TASKS = "list_tasks";

export const COMPANION_NAMES: readonly string[] = [
  "check_task",
  "answer_task",
  CANCEL_TASK,
  LIST_TASKS,
  READ_RESULT,
];

/** Whether a client means a companion tool by this name. */
export function isCompanion(caller: Caller, name: string): boolean {
  if (!caller.settings.companions || !COMPANION_NAMES.includes(name)) return false;
  return name !== READ_RESULT || sizeLimitOf(caller.limits) !== undefined;
}

/** How the companion tools are listed. `read_result` is for clients that results can be too long for. */
export function companionDefinitions(caller: Caller): JsonObject[] {
  const listed = companionsOf(caller, new CallerTasks(caller, { follows: false })).map(
    ({ name, description, inputSchema }) => ({
      name,
      description,
      inputSchema,
      annotations: annotationsOf(name),
    }),
  );
  return isCompanion(caller, READ_RESULT) ? [...listed, READ_RESULT_DEFINITION] : listed;
}

/** Does a call of a companion tool. The signal ends the wait, never the task. */
export async function callCompanion(
  caller: Caller,
  tasks: CallerTasks,
  name: string,
  args: JsonObject,
  signal: AbortSignal,
): Promise<ToolResult> {
  const asked = typeof args.task === "string" ? await tasks.get(args.task) : undefined;
  const limit = sizeLimitOf(caller.limits);
  if (name === READ_RESULT && limit && asked?.view.outcome?.kind === "completed")
    return readResult(asked, args, limit);
  // Of a task without a result, and of none, it says what check_task says.
  const known = name === READ_RESULT ? CHECK_TASK : name;
  const tool = companionsOf(caller, tasks, known === name ? undefined : 0).find(
    (companion) => companion.name === known,
  );
  if (!tool) throw new Error(`There is no companion tool ${name}`);
  const result = await tool.execute(args, { signal });
  // What is called again from now on is meant anew.
  if (asked?.view.outcome || (asked && name === CANCEL_TASK)) await caller.delivered(asked.id);
  if (name === LIST_TASKS) return withConnectNote(caller, result);
  return asked ? withNoteOf(caller, asked, fittedResult(caller, asked.id, result)) : result;
}

/** How long `check_task` waits for a task, in ms: less than a client waited that gave up a call of it. */
export async function checkBudget(caller: Caller, id: string): Promise<number> {
  const at = caller.endpointOfTask(id);
  return budgetAfter(await at?.first.gaveUpAfter(id), caller.budgetMs(at));
}

/** The result for a client that does not know tasks: the tool's result, a failure, or a running result. */
export async function resultForAgent(caller: Caller, tasks: CallerTasks, task: Task): Promise<ToolResult> {
  const budgetMs = await checkBudget(caller, task.id);
  const check = companionsOf(caller, tasks, budgetMs).find(({ name }) => name === CHECK_TASK);
  if (!check) throw new Error("There is no check_task");
  return withNoteOf(caller, task, await check.execute({ task: task.id }, { budgetMs: 0 }));
}

/** A task that does not come to its result may be waiting for the person to let the worker use its server. */
async function withNoteOf(caller: Caller, { view }: Task, result: ToolResult): Promise<ToolResult> {
  if (view.outcome?.kind === "completed") return result;
  return withConnectNote(caller, result, [view.endpoint]);
}

/** A call that could not be made, as a result the model can act on. */
export function refusalForAgent(tool: string, error: RpcError): ToolResult {
  const { code, retryAfterMs } = (error.data ?? {}) as Partial<Record<string, unknown>>;
  const status =
    code === "calls-in-flight" || code === "endpoint-calls-in-flight" || code === "calls-a-minute"
      ? 429
      : 422;
  const known = { name: "RemoteApiError", message: error.message, status, retryAfterMs };
  return failureResult(known, { toolName: tool });
}

function companionsOf(
  caller: Caller,
  tasks: CallerTasks,
  budgetMs: number = caller.budgetMs(),
): readonly AgentTool[] {
  return companionTools(tasks, {
    endpoints: caller.endpoints.map(({ name }) => name),
    budgetMs,
    allowAnswers: true,
    joinsCalls: caller.settings.joinWindowMs > 0,
  });
}

function annotationsOf(name: string): JsonObject {
  const reads = name === CHECK_TASK || name === LIST_TASKS;
  return { readOnlyHint: reads, ...(!reads && { destructiveHint: name === CANCEL_TASK }) };
}
