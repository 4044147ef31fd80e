/** The wire status: what a server said of its task. `failed` differs between the generations: see TaskReading. */
export type WireStatus = "working" | "input_required" | "completed" | "failed" | "cancelled";

/** `notifications/progress` for the call that made the task. */
export interface TaskProgress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** What the server last said of a task: the `Task` object of either generation, in one shape. */
export interface TaskSnapshot {
  readonly taskId: string;
  /** The server's ids are numbers, and go back to it as numbers. */
  readonly numericId?: true;
  readonly status: WireStatus;
  readonly statusMessage?: string;
  /** ISO 8601, the server's clock. */
  readonly createdAt: string;
  /** ISO 8601, the server's clock. */
  readonly lastUpdatedAt: string;
  /** Milliseconds from creation after which the server may delete the task; `null` is unlimited. */
  readonly ttlMs: number | null;
  /** Milliseconds the server asks to be left between two polls. */
  readonly pollIntervalMs?: number;
}

/** One reading of a task. A server may leave out what has not changed: what is absent stays as it was. */
export type SnapshotReading = Pick<TaskSnapshot, "taskId" | "status"> & Partial<TaskSnapshot>;

export function isTerminal(status: WireStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** The text of a task's id. Some servers count, and want their numbers back: see {@link TaskSnapshot.numericId}. */
export function readTaskId(value: unknown): string | undefined {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}
