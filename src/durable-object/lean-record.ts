import { type Outcome, openInputs, type TaskRecord } from "../engine/record.ts";
import { cutText } from "../protocol/bounds.ts";
import { isObject } from "../protocol/json.ts";
import { resultApart } from "../store/long-result.ts";
import { type OmittedPart, type TaskView, viewOf, withoutResult } from "../task-view.ts";

/** The longest arguments and outcome that lists and events carry, as JSON text, in characters. */
const SHORT = 4 * 1024;
/** The same of all open questions of a task together: forms are read where tasks are listed. */
const SHORT_QUESTIONS = 16 * 1024;
/** The longest of any other text. */
const TEXT = 2 * 1024;
/** How many tasks a lost call may have been are remembered in a lean record. */
const CANDIDATES = 64;
const CANDIDATE = 256;

/** A record that fits a row whatever a server or an app put into the whole one, and what it leaves out. */
export interface LeanRecord {
  readonly record: TaskRecord;
  readonly omitted: readonly OmittedPart[];
}

/** Leaves out what is long: results always, arguments, questions and failures beyond their bounds. Cuts other texts. */
export function leanRecord(whole: TaskRecord): LeanRecord {
  const omitted: OmittedPart[] = [];
  const fits = (part: OmittedPart, value: unknown, length: number): boolean => {
    const short = JSON.stringify(value ?? null).length <= length;
    if (!short) omitted.push(part);
    return short;
  };
  const { arguments: args, headers: _headers, requestState: _state, ...call } = whole.call;
  const open = openInputs(whole).map(({ response: _none, ...question }) => question);
  const { outcome, snapshot, immediateResponse, taskId } = whole;
  const keepsArguments = fits("arguments", args, SHORT);
  const keepsQuestions = fits("inputRequests", open, SHORT_QUESTIONS);
  const record: TaskRecord = {
    ...whole,
    call: { ...call, name: cutText(call.name, TEXT), arguments: keepsArguments ? (args ?? {}) : {} },
    // One stays, so that the status still says that the task asks.
    inputs: keepsQuestions
      ? open
      : open.slice(0, 1).map((question) => ({ ...question, key: "", params: {} })),
    ...(taskId !== undefined && { taskId: cutText(taskId, TEXT) }),
    ...(snapshot && { snapshot: withShortTexts(snapshot) }),
    ...(immediateResponse !== undefined && { immediateResponse: cutText(immediateResponse, TEXT) }),
    ...(outcome && { outcome: leanOutcome(outcome, (value) => fits("outcome", value, SHORT)) }),
  };
  return { record, omitted };
}

/** The view of a task in lists and events. */
export function leanView({ record, omitted }: LeanRecord): TaskView {
  const task = withoutResult(viewOf(record));
  if (omitted.length === 0) return task;
  return { ...task, ...(omitted.includes("inputRequests") && { inputRequests: [] }), omitted };
}

function leanOutcome(outcome: Outcome, fits: (value: unknown) => boolean): Outcome {
  switch (outcome.kind) {
    case "completed":
      return resultApart(outcome.result);
    case "failed": {
      const { error } = outcome;
      if (fits(error)) return outcome;
      const { reason, message, httpStatus, rpc } = error;
      return {
        kind: "failed",
        error: {
          reason,
          message: cutText(message, TEXT),
          ...(httpStatus !== undefined && { httpStatus }),
          ...(rpc && { rpc: { code: rpc.code, message: cutText(rpc.message, TEXT) } }),
        },
      };
    }
    case "cancelled":
      return outcome;
    case "expired":
      return withShortTexts(outcome);
    case "lost": {
      const { candidates, ...rest } = withShortTexts(outcome);
      return candidates
        ? { ...rest, candidates: candidates.slice(0, CANDIDATES).map((id) => cutText(id, CANDIDATE)) }
        : rest;
    }
  }
}

function withShortTexts<T extends object>(value: T): T {
  const entries = Object.entries(value).map(([key, text]) => [
    key,
    typeof text === "string" ? cutText(text, TEXT) : text,
  ]);
  return Object.fromEntries(entries) as T;
}

/** Marks the row of a lean record: the first characters of its text. */
export const LEAN_HEAD = '{"lean":';

/** The text of a row whose whole record lies apart. */
export function leanText({ record, omitted }: LeanRecord): string {
  return JSON.stringify({ lean: omitted, ...record });
}

/** What was left out of a record read from its row. */
export function omittedIn(stored: unknown): readonly OmittedPart[] {
  return isObject(stored) && Array.isArray(stored.lean) ? (stored.lean as OmittedPart[]) : [];
}
