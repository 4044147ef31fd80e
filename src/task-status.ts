import { type Outcome, openInputs, type TaskRecord } from "./engine/record.ts";

/**
 * The status of a task, for apps. `queued`: its `tools/call` waits to be sent. `calling`: it is in flight. `working` and
 * `input_required`: the task runs, or waits for an answer. The others are the kinds of its {@link Outcome}, and final. What a server said is a `WireStatus`.
 */
export type TaskStatus = "queued" | "calling" | "working" | "input_required" | Outcome["kind"];

/** The status of a record. */
export function statusOf(record: TaskRecord): TaskStatus {
  if (record.outcome) return record.outcome.kind;
  if (openInputs(record).length > 0 || record.snapshot?.status === "input_required") return "input_required";
  if (record.stage === "queued") return "queued";
  return record.stage === "running" ? "working" : "calling";
}
