import type { Outcome } from "holdfast";
import type { Bindings } from "../bindings.ts";

/** What is counted, by the name it has on `/metrics`; a label value after the colon. */
export type Count =
  | "started"
  | `settled:${Outcome["kind"]}`
  | "polls"
  | "upstream_requests"
  | `upstream_errors:${string}`
  | "wakeups"
  | "alarm_failures"
  | "rows_written"
  | "rows_read"
  | `webhooks:${"delivered" | "failed" | "given_up"}`;

export type Counts = Partial<Record<Count, number>>;

/** The stub of the object that sums the counts of all others. */
export interface CountSums {
  add(counts: Counts): Promise<void>;
  totals(): Promise<Readonly<Record<string, number>>>;
}

/** The object of a deployment that sums the counts of all others. */
export function countSums({ METRICS }: Pick<Bindings, "METRICS">): CountSums {
  return METRICS.getByName("all") as CountSums;
}

/** What an object has counted and not yet reported. */
export class Counters {
  #counts: Counts = {};

  add(count: Count, by = 1): void {
    if (by === 0) return;
    this.#counts[count] = (this.#counts[count] ?? 0) + by;
  }

  /** What was counted since the last time, if anything. */
  take(): Counts | undefined {
    const counts = this.#counts;
    this.#counts = {};
    return Object.keys(counts).length > 0 ? counts : undefined;
  }
}
