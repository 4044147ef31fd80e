import type { TaskSnapshot } from "../protocol/task-snapshot.ts";
import type { TaskPayload } from "../protocol/task-view.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import type { Fault } from "./fault.ts";
import type { Failure, Outcome, TaskRecord } from "./record.ts";
import type { TaskState } from "./state.ts";

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
    return failed({ reason: "rpc", message: payload.error.message, rpc: payload.error });
  }
  const { result } = payload;
  // 2025-11-25 calls a task failed when its tool result says isError: that is a result like any other.
  if (snapshot?.status === "failed" && result.isError !== true) return reportedFailed(snapshot, result);
  return { kind: "completed", result };
}

/** The server said that the task has failed, and not with which error. */
export function reportedFailed(snapshot: TaskSnapshot | undefined, result?: ToolResult): Outcome {
  const message = snapshot?.statusMessage ?? "The server reported the task as failed";
  return failed({ reason: "reported", message, ...(result && { result }) });
}

export function failed(error: Failure): Outcome {
  return { kind: "failed", error };
}

export function rpcFailed({ message, error }: Fault & { kind: "rpc" }): Outcome {
  return failed({ reason: "rpc", message, rpc: error });
}

/** `how` goes on from there. */
export function expired({ taskId }: TaskRecord, how: string): Outcome {
  return { kind: "expired", detail: `The TTL of task ${taskId} passed${how}` };
}

export function lost(detail: string): Outcome {
  return { kind: "lost", detail };
}
