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
  | `webhooks:${"delivered" | "failed" | "given_up"}`
  | `pushes:${"delivered" | "failed" | "given_up" | "gone"}`;

export type Counts = Partial<Record<Count, number>>;

/** The stub of an object that sums the counts of others. */
interface CountSums {
  add(counts: Counts): Promise<void>;
  totals(): Promise<Readonly<Record<string, number>>>;
}

/** How many objects of a deployment sum the counts of all others. */
const SUMS = 8;
/** How often an object reports at most, in ms. A timer keeps it in memory: a longer one would cost more than the request. */
const REPORT_MS = 1_000;

/** All sums of a deployment together. */
export async function countTotals({ METRICS }: Pick<Bindings, "METRICS">): Promise<Record<string, number>> {
  // `all` has what releases with one such object counted.
  const names = ["all", ...Array.from({ length: SUMS }, (_, sum) => `sum-${sum}`)];
  const sums = await Promise.all(names.map((name) => (METRICS.getByName(name) as CountSums).totals()));
  const totals: Record<string, number> = {};
  for (const [count, by] of sums.flatMap(Object.entries)) totals[count] = (totals[count] ?? 0) + by;
  return totals;
}

/** What an object counts. It reports at once, and what it counts within a second after that together. */
export class Counters {
  #counts: Counts = {};
  #reportedAt = 0;
  #waiting = false;

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
  /** @param of The id of the object: each reports to the same sum. */
  report({ METRICS }: Pick<Bindings, "METRICS">, of: DurableObjectId): void {
    if (this.#waiting) return;
    const send = (): void => {
      this.#waiting = false;
      const counts = this.take();
      if (!counts) return;
      this.#reportedAt = Date.now();
      const sum = Number.parseInt(of.toString().slice(-4), 16) % SUMS;
      // Counting must not fail what is counted.
      (METRICS.getByName(`sum-${sum}`) as CountSums).add(counts).catch(() => undefined);
    };
    if (Date.now() >= this.#reportedAt + REPORT_MS) return send();
    this.#waiting = true;
    setTimeout(send, REPORT_MS);
  }
}
