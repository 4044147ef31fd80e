import { type Outcome, openInputs, type TaskRecord } from "./engine/record.ts";

/**
 * The status of a task, for apps. `calling`: its `tools/call` is in flight. `working` and `input_required`: the task runs,
 * or waits for an answer. The others are the kinds of its {@link Outcome}, and final. What a server said is a `WireStatus`.
 */
export type TaskStatus = "calling" | "working" | "input_required" | Outcome["kind"];

/** The status of a record. */
export function statusOf(record: TaskRecord): TaskStatus {
  if (record.outcome) return record.outcome.kind;
  if (openInputs(record).length > 0 || record.snapshot?.status === "input_required") return "input_required";
  return record.stage === "running" ? "working" : "calling";
}
