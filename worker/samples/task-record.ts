import * as z from "zod";

export type Generation = "2025-11-25" | "2026-07-28";

export const jobSchema = z.discriminatedUnion("tool", [
  z.object({
    tool: z.literal("acquire_paper"),
    doi: z.string(),
    stageMs: z.number(),
    mode: z.enum(["success", "tool_error", "rpc_error", "ask"]),
    /** Settled before the task began (multi round-trip), so the task need not ask. */
    edition: z.enum(["preprint", "published"]).optional(),
    withSupplement: z.boolean().optional(),
  }),
  z.object({ tool: z.literal("must_task"), text: z.string(), stageMs: z.number() }),
]);

/** What a task was created to do. */
export type Job = z.output<typeof jobSchema>;

/** A reply to the question a task had outstanding at the time. */
export type Answer =
  | { at: number; action: "accept"; edition: "preprint" | "published"; withSupplement: boolean }
  | { at: number; action: "decline" | "cancel" }
  // Accepted without a usable edition: the question is asked again, under a new key.
  | { at: number; action: "unusable" };

/**
 * Everything that is stored of a task. What it is doing follows from this and the time alone (timeline.ts), so an evicted
 * object has nothing to resume.
 */
export interface TaskRecord {
  taskId: string;
  generation: Generation;
  job: Job;
  createdAt: number;
  ttl: number;
  answers: Answer[];
  cancelledAt?: number;
  /** Who made the call, and with which token progress is reported to them (2025-11-25). */
  caller?: {
    sessionId: string;
    progressToken?: string | number;
    /** Of a call without task augmentation, which waits on its own stream. */
    plainRequestId?: string | number;
  };
}

export function pollIntervalOf(record: TaskRecord): number {
  return Math.min(2000, Math.max(100, Math.round(record.job.stageMs / 2)));
}
