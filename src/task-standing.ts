import { type Outcome, openInputs, type TaskRecord } from "./engine/record.ts";

/**
 * How a task stands, in one word. `calling`: its `tools/call` is out. `working` and `input_required`:
 * it runs, or waits for an answer. The others are its {@link Outcome}, and final.
 */
export type TaskStanding = "calling" | "working" | "input_required" | Outcome["kind"];

/** How a record stands, in the one word an app is given. */
export function standing(record: TaskRecord): TaskStanding {
  if (record.outcome) return record.outcome.kind;
  if (openInputs(record).length > 0 || record.snapshot?.status === "input_required") return "input_required";
  return record.stage === "running" ? "working" : "calling";
}
