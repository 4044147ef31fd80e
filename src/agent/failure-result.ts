import { TaskError, TaskLostError, type TaskReference } from "../errors.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import { type RetryAdvice, type Verdict, verdictOf, type WorkDone } from "./failure-verdict.ts";
import { callSubject, detailWords, failureText, NO_SUBJECT, RETRY, WORK } from "./messages.ts";
import { MAX_QUOTE, plainText, quoted, toolText } from "./quoting.ts";

/** How many tasks that a lost one may be are named. */
const MOST_CANDIDATES = 10;

/** What a failure is to a model, beside its sentence. Texts by the server are plain and bounded in length. */
export interface FailedTask {
  /** What the companion tools take; absent where there never was a task. */
  readonly task?: string;
  /** What happened, in one word: `failed`, `cancelled`, `expired`, `lost`, `unreachable`, `unauthorized`, … */
  readonly status: string;
  readonly retry: RetryAdvice;
  readonly workDone: WorkDone;
  /** In ms, where the server asked for a wait. */
  readonly retryAfterMs?: number;
  /** The JSON-RPC error code or the HTTP status. */
  readonly code?: number;
  /** The server's own words. */
  readonly message?: string;
  /** The server's ids of tasks that a lost one may be. */
  readonly candidates?: readonly string[];
}

export interface FailureContext {
  readonly task?: TaskReference | undefined;
  /** What the model knows the tool by; the server's name for it otherwise. */
  readonly toolName?: string | undefined;
  /** The tool declares that a second call does no harm. */
  readonly repeatable?: boolean | undefined;
  /** How much of a text by the server is quoted, in characters: 500. */
  readonly maxQuoteLength?: number;
}

/**
 * Any failure as a result with `isError`: its text says what happened, what is known of the work, and what to do.
 * @example
 * const result = await task.result().catch((error) => failureResult(error, { toolName: "acquire_paper" }));
 */
export function failureResult(error: unknown, context: FailureContext = {}): ToolResult {
  const verdict = verdictOf(error, context.repeatable ?? false);
  const task = context.task ?? (error instanceof TaskError ? error.task : undefined);
  const limit = context.maxQuoteLength ?? MAX_QUOTE;
  const candidates = error instanceof TaskLostError ? error.candidates.slice(0, MOST_CANDIDATES) : [];
  const failed: FailedTask = {
    ...(task && { task: task.id }),
    status: verdict.kind,
    retry: verdict.retry,
    workDone: verdict.work,
    ...(verdict.retryAfterMs !== undefined && { retryAfterMs: verdict.retryAfterMs }),
    ...(verdict.code !== undefined && { code: verdict.code }),
    ...(verdict.said !== undefined && { message: plainText(verdict.said, limit) }),
    ...(candidates.length > 0 && { candidates: candidates.map((id) => plainText(id, 100)) }),
  };
  return errorResult(sentence(subject(task, context.toolName), verdict, limit), failed);
}

/** Returns a failure that quotes no server. */
export function errorResult(text: string, structuredContent: FailedTask): ToolResult {
  return { content: [{ type: "text", text }], structuredContent, isError: true };
}

/** What a sentence is about: the tool, and which task of it. */
export function subject(task: TaskReference | undefined, toolName: string | undefined): string {
  const tool = toolName ?? (task && toolText(task.tool)) ?? NO_SUBJECT;
  return task ? callSubject(tool, quoted(task.endpoint, 64), task.id) : tool;
}

function sentence(subject: string, { what, said, work, retry, advice }: Verdict, limit: number): string {
  const words = said ? detailWords(quoted(said, limit)) : "";
  return failureText(subject, what, words, WORK[work], advice ?? RETRY[retry]);
}
