import { IMMEDIATE_RESPONSE } from "../protocol/meta-keys.ts";
import type { TaskProgress } from "../protocol/task-snapshot.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import type { TaskView } from "../task-view.ts";
import { durationText } from "./duration-text.ts";
import {
  againIsSafe,
  CANCELLING,
  getResult,
  HOW_TO_ANSWER,
  meanwhile,
  moreQuestions,
  notAgain,
  progressOf,
  progressOnly,
  QUESTION_FOR_OTHERS,
  QUESTION_TO_COME,
  QUESTIONS,
  retrying,
  STATUS,
  serverWords,
  taskLine,
} from "./messages.ts";
import { type AskedInput, askedInput, questionText } from "./question-text.ts";
import { MAX_QUOTE, plainText, quoted, toolText } from "./quoting.ts";

/** How many questions are shown at a time. */
export const MOST_QUESTIONS = 5;
const SOONEST_CHECK_MS = 1_000;
const LATEST_CHECK_MS = 60_000;

/** What a running task is to a model. Texts by the server are plain and bounded in length. */
export interface RunningTask {
  /** What the companion tools take. */
  readonly task: string;
  readonly status: "working" | "input_required";
  readonly statusMessage?: string;
  readonly progress?: TaskProgress;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly elapsedMs: number;
  /** After how long something new may be known. */
  readonly nextCheckMs: number;
  /** It was cancelled, and the server has not said that it stopped. */
  readonly cancelling?: true;
  readonly immediateResponse?: string;
  /** What the server asks, while it does. */
  readonly inputRequests?: readonly AskedInput[];
}

export interface RunningOptions {
  /** ms since 1970. */
  readonly now: number;
  /** How long `check_task` waits, in ms. */
  readonly budgetMs: number;
  /** Whether the model may answer what the server asks. */
  readonly allowAnswers?: boolean;
  /** The same call again returns to the task. The server of the model implements that. */
  readonly joinsCalls?: boolean | undefined;
  /** What the model knows the tool by; the server's name for it otherwise. */
  readonly toolName?: string | undefined;
  /** How much of a text by the server is quoted, in characters: 500. */
  readonly maxQuoteLength?: number;
}

/**
 * Returns the view of a running task as a result that the model can act on: what happens, since when, and what to call next.
 * @example
 * const result = runningResult(task.view, { now: Date.now(), budgetMs: 25_000 });
 */
export function runningResult(task: TaskView, options: RunningOptions): ToolResult {
  const running = runningTask(task, options);
  const { immediateResponse } = running;
  return {
    content: [{ type: "text", text: runningText(task, running, options) }],
    structuredContent: running,
    ...(immediateResponse !== undefined && { _meta: { [IMMEDIATE_RESPONSE]: immediateResponse } }),
  };
}

/**
 * The fields of a running result.
 * @example
 * const { task: id, status } = runningTask(task.view, { now: Date.now(), budgetMs: 25_000 });
 */
export function runningTask(task: TaskView, { now, maxQuoteLength: limit }: RunningOptions): RunningTask {
  const { snapshot, progress, cancelling } = task;
  const elapsedMs = Math.max(0, now - task.createdAt);
  const asked = task.inputRequests.slice(0, MOST_QUESTIONS).map((request) => askedInput(request, limit));
  return {
    task: task.id,
    status: task.status === "input_required" ? "input_required" : "working",
    ...(snapshot?.statusMessage && { statusMessage: plainText(snapshot.statusMessage, limit) }),
    ...(progress && { progress: plainProgress(progress, limit) }),
    startedAt: new Date(task.createdAt).toISOString(),
    elapsedMs,
    nextCheckMs: nextCheck(snapshot?.pollIntervalMs, elapsedMs),
    ...(cancelling && { cancelling }),
    ...(task.immediateResponse && { immediateResponse: plainText(task.immediateResponse, limit) }),
    ...(asked.length > 0 && { inputRequests: asked }),
  };
}

function plainProgress({ progress, total, message }: TaskProgress, limit = MAX_QUOTE): TaskProgress {
  return {
    progress,
    ...(total !== undefined && { total }),
    ...(message && { message: plainText(message, limit) }),
  };
}

/** A server that says nothing is asked after a tenth of the task's age, as the polls do. */
function nextCheck(pollIntervalMs: number | undefined, elapsedMs: number): number {
  const wait = Math.round(pollIntervalMs ?? elapsedMs / 10);
  return Math.max(SOONEST_CHECK_MS, Math.min(LATEST_CHECK_MS, wait));
}

function runningText(task: TaskView, running: RunningTask, options: RunningOptions): string {
  const { statusMessage, progress, elapsedMs, immediateResponse, cancelling, nextCheckMs } = running;
  const tool = options.toolName ?? toolText(task.tool);
  const said = [
    ...(statusMessage ? [`status ${JSON.stringify(statusMessage)}`] : []),
    ...(progress?.message ? [`progress ${JSON.stringify(progress.message)}`] : []),
    ...(immediateResponse ? [`meanwhile ${JSON.stringify(immediateResponse)}`] : []),
  ];
  const status = STATUS[task.status as keyof typeof STATUS] ?? STATUS.working;
  return [
    taskLine(tool, quoted(task.endpoint, 64), status, task.id, durationText(elapsedMs)),
    ...(progress ? [progressText(progress)] : []),
    ...(cancelling ? [CANCELLING] : []),
    ...(said.length > 0 ? [serverWords(said.join("; "))] : []),
    ...(task.retry ? [retrying(task.retry.failure.kind)] : []),
    ...questionsText(task, running, options),
    `${getResult(task.id, durationText(options.budgetMs))} ${meanwhile(durationText(nextCheckMs))} ${(options.joinsCalls ? againIsSafe : notAgain)(tool)}`,
  ].join("\n");
}

function progressText({ progress, total }: TaskProgress): string {
  return total === undefined ? progressOnly(progress) : progressOf(progress, total);
}

function questionsText(
  task: TaskView,
  running: RunningTask,
  { allowAnswers }: RunningOptions,
): readonly string[] {
  const { inputRequests } = running;
  if (!inputRequests) {
    // 2025-11-25 says that it wants something before it says what.
    return running.status === "input_required" ? [QUESTION_TO_COME] : [];
  }
  if (!allowAnswers) return [QUESTION_FOR_OTHERS];
  const questions = inputRequests.map(questionText);
  const hidden = task.inputRequests.length - inputRequests.length;
  return [QUESTIONS, ...questions, ...(hidden > 0 ? [moreQuestions(hidden)] : []), HOW_TO_ANSWER];
}
