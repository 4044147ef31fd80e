/**
 * What Cloudflare publishes for the paid plan beyond what is included (Durable Objects with SQLite, and Workers), as
 * docs/runbook.md has them, read in November 2026: USD.
 */
export const PRICES = {
  date: "November 2026",
  workerRequest: 0.3e-6,
  objectRequest: 0.15e-6,
  rowWritten: 1e-6,
  rowRead: 0.001e-6,
  gbSecond: 12.5e-6,
} as const;

/** An object is billed for 128 MB. */
const GB = 0.128;
/** The task whose price is computed: ten minutes, polled every 5 s at the server's wish, with so many messages. */
export const TASK_S = 600;
export const POLL_S = 5;
export const MESSAGES = 10;
/** How long the server takes to answer a poll, in s, and how many polls are in flight at the same time. */
const REPLY_S = 0.1;
const POLLS_AT_ONCE = 6;

/** What one task costs the object, as measured. */
export interface MeasuredTask {
  readonly rowsWritten: number;
  readonly rowsRead: number;
}

/** The price of a million such tasks, so many of them at a time in one object. */
export function priceOfMillion(task: MeasuredTask, atOnce: number): number {
  // A wake-up whose polls take longer than the interval is followed by the next at once.
  const wakeUpS = Math.ceil(atOnce / POLLS_AT_ONCE) * REPLY_S;
  const wakeUps = TASK_S / Math.max(POLL_S, wakeUpS);
  const shared =
    // Each an alarm, the row that sets it, and a report to the metrics' object.
    wakeUps * (2 * PRICES.objectRequest + PRICES.rowWritten) +
    Math.min(TASK_S, wakeUps * wakeUpS) * GB * PRICES.gbSecond;
  const own =
    // The call comes through the worker, asks the principal's directory and the object, and its end is reported.
    PRICES.workerRequest +
    3 * PRICES.objectRequest +
    (task.rowsWritten + MESSAGES) * PRICES.rowWritten +
    task.rowsRead * PRICES.rowRead;
  return 1e6 * (own + shared / atOnce);
}

/** A client that waits for its tasks in an object's memory: never idle, and lost with it. */
export function priceOfHolding(atOnce: number): number {
  const own = PRICES.workerRequest + PRICES.objectRequest;
  return 1e6 * (own + (TASK_S * GB * PRICES.gbSecond) / atOnce);
}
