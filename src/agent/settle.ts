import { callError } from "../answered-call.ts";
import { TaskError } from "../errors.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import type { Task } from "../task.ts";
import type { ExecuteOptions } from "./agent-tool.ts";
import { errorResult, failureResult, subject } from "./failure-result.ts";
import { questionName, withMarks } from "./marks.ts";
import { closedMark, resultOutOfReach } from "./messages.ts";
import { type AgentContext, type HeldTask, toolKey } from "./options.ts";
import { MOST_QUESTIONS, runningResult } from "./running-result.ts";
import { waitForAcceptance, waitWithin } from "./wait-within.ts";

interface SettleOptions extends ExecuteOptions {
  /** The call was just made, and may yet have to leave. */
  readonly isNew?: boolean;
  /** The key of the question that the call answered. */
  readonly answered?: string;
}

/** Waits for the task within the budget: its result as it is, a failure, or a running result. */
export async function settle(context: AgentContext, task: Task, options: SettleOptions): Promise<ToolResult> {
  const held = context.conversation?.hold(task, options.budgetMs ?? context.budgetMs);
  try {
    return await settled(context, task, options, held);
  } finally {
    held?.release();
  }
}

async function settled(
  context: AgentContext,
  task: Task,
  options: SettleOptions,
  held: HeldTask | undefined,
): Promise<ToolResult> {
  const { clock, budgetMs, allowAnswers, joinsCalls, maxQuoteLength, known } = context;
  const { isNew = false, answered } = options;
  const began = clock.now();
  if (isNew) await waitForAcceptance(task, { clock, signal: options.signal });
  const { name, repeatable } = known.get(toolKey(task.view)) ?? {};
  await waitWithin(task, {
    budgetMs: (options.budgetMs ?? budgetMs) - (clock.now() - began),
    clock,
    signal: options.signal,
    // Somebody else may answer within the budget.
    untilAsked: allowAnswers,
  });
  const { outcome, inputRequests } = task.view;
  // The messages then show that the question is closed, and by whom.
  const closed = answered === undefined || !held ? [] : [closedMark(task.id, questionName(answered))];
  if (!outcome) {
    const running = runningResult(task.view, {
      now: clock.now(),
      budgetMs,
      allowAnswers,
      joinsCalls,
      toolName: name,
      maxQuoteLength,
    });
    const keys = allowAnswers ? inputRequests.slice(0, MOST_QUESTIONS).map(({ key }) => key) : [];
    return held ? held.asked(withMarks(running, closed), keys) : running;
  }
  let result: ToolResult;
  if (outcome.kind === "completed") {
    const fetched = await fetchedResult(task);
    if (!fetched) return outOfReach(task, name);
    result = fetched;
  } else {
    const error = callError(task.view, outcome);
    result = failureResult(error, { task: task.view, toolName: name, repeatable, maxQuoteLength });
  }
  return held ? held.ended(withMarks(result, closed), isNew) : result;
}

/** Another process may hold the result and not respond, or reject the request. That says nothing about the work. */
async function fetchedResult(task: Task): Promise<ToolResult | undefined> {
  try {
    return await task.result();
  } catch (error) {
    if (error instanceof TaskError) throw error;
    return undefined;
  }
}

function outOfReach({ id, view }: Task, name: string | undefined): ToolResult {
  return errorResult(resultOutOfReach(subject(view, name), id), {
    task: id,
    status: "unreachable",
    retry: "no",
    workDone: "finished",
  });
}

/** Everything that goes wrong as a result; an abort alone is thrown, with its reason. */
export async function neverThrowing(
  signal: AbortSignal | undefined,
  work: () => Promise<ToolResult>,
  failed: (error: unknown) => ToolResult,
): Promise<ToolResult> {
  signal?.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    return failed(error);
  }
}
