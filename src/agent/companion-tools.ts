import { ClientClosedError, InputError, TaskError } from "../errors.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import type { Task } from "../task.ts";
import type { TaskReader } from "../task-client-api.ts";
import type { TaskView } from "../task-view.ts";
import type { AgentTool, ExecuteOptions } from "./agent-tool.ts";
import { ANSWER_TASK, CANCEL_TASK, CHECK_TASK, LIST_TASKS } from "./companion-names.ts";
import { durationText } from "./duration-text.ts";
import { errorResult, failureResult } from "./failure-result.ts";
import {
  ANSWER_TOOL,
  CANCEL_TOOL,
  cancelConfirmed,
  cancelledBefore,
  cancelPending,
  cancelUnconfirmed,
  checkTaskTool,
  ENDED,
  endedAs,
  KEY_PARAMETER,
  LIST_TOOL,
  noTask,
  RESPONSE_PARAMETER,
  TASK_PARAMETER,
  tooLateToCancel,
} from "./messages.ts";
import { type AgentContext, type AgentOptions, agentContext, toolKey } from "./options.ts";
import { plainText, quoted } from "./quoting.ts";
import { neverThrowing, settle } from "./settle.ts";
import { listResult } from "./task-list.ts";
import { waitWithin } from "./wait-within.ts";

/** How long a cancel waits for the server's word, in ms. */
const CANCEL_WAIT_MS = 5_000;

/**
 * The companion tools alone: for a host that offers the servers' tools in its own way.
 * @example
 * const names = companionTools(tasks).map(({ name }) => name); // check_task, cancel_task, list_tasks, …
 */
export function companionTools(client: TaskReader, options: AgentOptions = {}): readonly AgentTool[] {
  return companionsOf(agentContext(client, options));
}

export function companionsOf(context: AgentContext): readonly AgentTool[] {
  const { allowAnswers } = context;
  return [
    checkTask(context),
    ...(allowAnswers ? [answerTask(context)] : []),
    cancelTask(context),
    listTasks(context),
  ];
}

const TASK_ID: JsonObject = { type: "string", description: TASK_PARAMETER };

function objectSchema(properties: JsonObject): JsonObject {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

function checkTask(context: AgentContext): AgentTool {
  return {
    name: CHECK_TASK,
    description: checkTaskTool(durationText(context.budgetMs)),
    inputSchema: objectSchema({ task: TASK_ID }),
    execute: (args, options = {}) =>
      withTask(context, CHECK_TASK, args, options, async (task) =>
        settle(context, await taken(context, task), options),
      ),
  };
}

function answerTask(context: AgentContext): AgentTool {
  const response: JsonObject = { type: "object", description: RESPONSE_PARAMETER };
  const key: JsonObject = { type: "string", description: KEY_PARAMETER };
  return {
    name: ANSWER_TASK,
    description: ANSWER_TOOL,
    inputSchema: objectSchema({ task: TASK_ID, key, response }),
    execute: (args, options = {}) =>
      withTask(context, ANSWER_TASK, args, options, async (task) => {
        const running = await taken(context, task);
        const named = isObject(args) && typeof args.key === "string" ? args.key : "";
        const given = isObject(args) && isObject(args.response) ? args.response : {};
        // The model was shown the key without what cannot be seen in it.
        const shown = (asked: string): boolean => plainText(asked, context.maxQuoteLength) === named;
        const keys = running.view.inputRequests.map((request) => request.key);
        const key = keys.find((asked) => asked === named) ?? keys.find(shown) ?? named;
        await running.answer(key, given);
        return settle(context, running, { ...options, answered: key });
      }),
  };
}

function cancelTask(context: AgentContext): AgentTool {
  return {
    name: CANCEL_TASK,
    description: CANCEL_TOOL,
    inputSchema: objectSchema({ task: TASK_ID }),
    execute: (args, options = {}) =>
      withTask(context, CANCEL_TASK, args, options, async (task) => {
        const { clock } = context;
        const running = await taken(context, task);
        if (running.view.outcome) return cancelResult(running.view, true);
        await running.cancel();
        const budgetMs = Math.min(options.budgetMs ?? context.budgetMs, CANCEL_WAIT_MS);
        await waitWithin(running, { budgetMs, clock, signal: options.signal });
        return cancelResult(running.view, false);
      }),
  };
}

function cancelResult(task: TaskView, late: boolean): ToolResult {
  const { id, outcome } = task;
  const status = outcome?.kind ?? "cancelling";
  return {
    content: [{ type: "text", text: cancelText(task, late) }],
    structuredContent: { task: id, status },
  };
}

function cancelText({ id, outcome }: TaskView, late: boolean): string {
  if (!outcome) {
    return cancelPending(id);
  }
  if (outcome.kind === "cancelled") {
    if (late) return cancelledBefore(id);
    return outcome.confirmed ? cancelConfirmed(id) : cancelUnconfirmed(id);
  }
  return tooLateToCancel(id, outcome.kind === "completed" ? ENDED : endedAs(outcome.kind));
}

function listTasks(context: AgentContext): AgentTool {
  return {
    name: LIST_TASKS,
    description: LIST_TOOL,
    inputSchema: objectSchema({}),
    execute: (_args, { signal } = {}) =>
      neverThrowing(
        signal,
        async () => {
          const stored = await context.client.list();
          signal?.throwIfAborted();
          return listResult(context, stored);
        },
        (error) => failureResult(error, { toolName: LIST_TASKS, maxQuoteLength: context.maxQuoteLength }),
      ),
  };
}

/** Finds the task that the arguments name. One that the model may not see counts as unknown. */
async function withTask(
  context: AgentContext,
  companion: string,
  args: JsonObject | undefined,
  { signal }: ExecuteOptions,
  act: (task: Task) => Promise<ToolResult>,
): Promise<ToolResult> {
  const { client, held, visible, known, maxQuoteLength } = context;
  const id = isObject(args) && typeof args.task === "string" ? args.task : "";
  let task: Task | undefined;
  const work = async (): Promise<ToolResult> => {
    task = held.get(id) ?? (isTaskId(id) ? await client.get(id) : undefined);
    signal?.throwIfAborted();
    if (!task || !visible(task.view)) return unknownTask(id);
    return act(task);
  };
  return neverThrowing(signal, work, (error) => {
    const { name, repeatable } = (task && known.get(toolKey(task.view))) ?? {};
    // Any other error of a request says nothing about the task.
    const ofTask = [TaskError, InputError, ClientClosedError].some((kind) => error instanceof kind);
    const toolName = ofTask ? name : companion;
    return failureResult(error, { task: task?.view, toolName, repeatable, maxQuoteLength });
  });
}

/** A task that another process began does not run here until it is resumed. */
async function taken({ client, held }: AgentContext, task: Task): Promise<Task> {
  if (task.view.outcome || held.has(task.id)) return task;
  await client.resume();
  return (await client.get(task.id)) ?? task;
}

/** Not every text of a model is looked up. */
function isTaskId(id: string): boolean {
  return /^[\w.-]{1,128}$/.test(id);
}

function unknownTask(id: string): ToolResult {
  return errorResult(noTask(quoted(id, 100)), { status: "unknown_task", retry: "changed", workDone: "none" });
}
