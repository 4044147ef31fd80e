import { cutJson, cutText } from "../protocol/bounds.ts";
import { defined } from "../protocol/json.ts";
import type { TaskPayload } from "../protocol/task-reading.ts";
import type { TaskSnapshot } from "../protocol/task-snapshot.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import type { Failure, Outcome, TaskRecord } from "./record.ts";
import type { RequestFailure } from "./request-failure.ts";
import type { TaskState } from "./state.ts";

/** A failure is stored in its record, also where that is a row of 2 MB; a longer result of a failed task is cut. */
const MAX_FAILED_RESULT = 64 * 1024;

/** Ends a record. The first outcome stands: a record that has one is returned as it is. */
export function settle(record: TaskRecord, outcome: Outcome, now: number): TaskRecord {
  if (record.outcome) return record;
  return {
    ...record,
    stage: "settled",
    outcome,
    settledAt: now,
    inputs: record.inputs.map((input) => (input.state === "open" ? { ...input, state: "withdrawn" } : input)),
  };
}

export function end(state: TaskState, outcome: Outcome, now: number): TaskState {
  return { ...state, record: settle(state.record, outcome, now) };
}

export function outcomeOf(snapshot: TaskSnapshot | undefined, payload: TaskPayload): Outcome {
  if (payload.kind === "error") {
    const { error } = payload;
    return failed({ reason: "rpc", message: withStatus(snapshot, error.message), rpc: error });
  }
  const { result } = payload;
  // 2025-11-25 calls a task failed when its tool result says isError: that is a result like any other.
  if (snapshot?.status === "failed" && result.isError !== true) return reportedFailed(snapshot, result);
  return { kind: "completed", result };
}

/** The server said that the task has failed, and not with which error. */
export function reportedFailed(snapshot: TaskSnapshot | undefined, result?: ToolResult): Outcome {
  const message = snapshot?.statusMessage ?? "The server reported the task as failed";
  const short = result && JSON.stringify(result).length <= MAX_FAILED_RESULT;
  return failed({
    reason: "reported",
    message,
    ...(result && (short ? { result } : { raw: cutJson(result) })),
  });
}

/** The status message, the error or both say what went wrong: often one says less than the other. */
function withStatus(snapshot: TaskSnapshot | undefined, message: string): string {
  const { status, statusMessage = "" } = snapshot ?? {};
  if (status !== "failed" || message.includes(statusMessage)) return message;
  return statusMessage.includes(message) ? statusMessage : `${message}: ${statusMessage}`;
}

export function failed(error: Failure): Outcome {
  return { kind: "failed", error: { ...error, message: cutText(error.message) } };
}

/** What a request that failed makes of the call it was for. */
export function failureOf(failure: RequestFailure): Failure {
  const { kind, message } = failure;
  return defined({
    reason: kind === "network" || kind === "timeout" ? "unreachable" : kind,
    message,
    rpc: kind === "rpc" ? failure.error : undefined,
    httpStatus: kind === "http" ? failure.status : undefined,
    raw: kind === "malformed" ? failure.raw : undefined,
  });
}

/** The task has ended, and this came instead of its result: an error of its server, or something that nobody can read. */
export function withoutPayload(failure: RequestFailure, snapshot: TaskSnapshot | undefined): Outcome {
  const ended =
    failure.kind === "malformed"
      ? `The task ended as ${snapshot?.status}, but its result cannot be read. `
      : "";
  return failed({ ...failureOf(failure), message: withStatus(snapshot, ended + failure.message) });
}

/** `how` goes on from there. */
export function expired({ taskId }: TaskRecord, how: string): Outcome {
  return { kind: "expired", detail: cutText(`The TTL of task ${taskId} passed${how}`) };
}

export function lost(detail: string): Outcome {
  return { kind: "lost", detail: cutText(detail) };
}
