import type { Outcome, TaskRecord } from "../../src/engine/record.ts";
import { DEFAULT_TIMING } from "../../src/engine/schedule.ts";
import { isObject } from "../../src/protocol/json.ts";
import { INVALID_PARAMS } from "../../src/protocol/json-rpc.ts";
import type { Ledger } from "./ledger.ts";
import { ANY_CALL } from "./model-server.ts";

/** The facts of a call's history that count besides what the servers saw. */
export interface CallHistory {
  readonly tag: string;
  /** A `tools/call` got no reply, or its tab ended, or its record could not be written. */
  readonly troubled: boolean;
  readonly cancelled: boolean;
  /** The computer's clock was set while it ran. */
  readonly clockWasSet: boolean;
  /** A tab went on in memory with a state that the disk refused: other tabs act by the record on the disk. */
  readonly unstored: boolean;
}

/** Returns why the servers' history does not allow this outcome, undefined if it does. */
export function wrongOutcome(
  record: TaskRecord,
  outcome: Outcome,
  ledger: Ledger,
  history: CallHistory,
  now: number,
): string | undefined {
  const { tag } = history;
  const executions = ledger.executions(tag);
  switch (outcome.kind) {
    case "completed": {
      const { structuredContent } = outcome.result;
      const proof = isObject(structuredContent) ? structuredContent.proof : undefined;
      const own = executions.find((execution) => execution.proof === proof);
      if (!own) return `${tag} completed with ${String(proof)}, which is not its result`;
      return own.taskId === record.taskId ? undefined : `${tag} has the result of another of its tasks`;
    }
    case "failed": {
      const { rpc, httpStatus, message, unsent } = outcome.error;
      if (unsent !== undefined) {
        if (executions.length > 0 && !record.call.repeated)
          return `${tag} is said never to have been sent, and it ran`;
        const silence = now - (record.silentSince ?? now);
        const early = outcome.error.reason === "unreachable" && silence < DEFAULT_TIMING.unreachableMs;
        return early && !history.clockWasSet ? `${tag} was given up after ${silence} ms` : undefined;
      }
      if (rpc) {
        const error = `rpc ${rpc.code} ${rpc.message}`;
        // The reply of a server that has forgotten a failed task, by whatever TTL, looks the same as the task's own error.
        const gone = ["forgotten", "unknown task"].some((note) => ledger.noted(tag, note));
        if (rpc.code === INVALID_PARAMS && ledger.noted(tag, "failed") && gone) return undefined;
        const seen = [error, `tools/call: ${error}`, `tasks/result: ${error}`];
        if (ledger.noted(ANY_CALL, `initialize: ${error}`)) return undefined;
        return seen.some((note) => ledger.noted(tag, note))
          ? undefined
          : `${tag} failed with ${error}, which no server said`;
      }
      if (httpStatus !== undefined)
        return ledger.noted(tag, `tools/call: HTTP ${httpStatus}`)
          ? undefined
          : `${tag} failed with HTTP ${httpStatus}`;
      // 2025-11-25 answers `tasks/result` of a failed task with its error, and of one that was deleted with the same code.
      if (outcome.error.reason === "reported" && record.snapshot?.status === "failed")
        return ledger.noted(tag, "failed") ? undefined : `${tag} failed, and its server never said so`;
      const refused = ["malformed", "HTTP 401"].some((what) => ledger.noted(tag, `tools/call: ${what}`));
      if (ledger.noted(ANY_CALL, "HTTP 401")) return undefined;
      return refused ? undefined : `${tag} failed for nothing the server did: ${message}`;
    }
    case "cancelled": {
      if (outcome.confirmed) {
        if (record.taskId === undefined) {
          if (!history.cancelled) return `${tag} is cancelled, and nobody wished it`;
          return executions.length === 0 || history.unstored
            ? undefined
            : `${tag} is said not to have run, and it did`;
        }
        return ledger.noted(tag, "cancelled")
          ? undefined
          : `${tag} is cancelled, and its server never said so`;
      }
      if (!history.cancelled) return `${tag} is cancelled, and nobody wished it`;
      if (outcome.detail !== undefined) {
        const tried = (record.settledAt ?? 0) - (record.cancel?.requestedAt ?? 0);
        return history.clockWasSet || tried >= DEFAULT_TIMING.cancelGraceMs
          ? undefined
          : `${tag} is given up as not to be cancelled after ${tried} ms`;
      }
      // A server that only acknowledged is given its time (2026-07-28), unless it says that the task is gone.
      const { acknowledgedAt } = record.cancel ?? {};
      const waited = acknowledgedAt !== undefined && (record.settledAt ?? 0) - acknowledgedAt;
      const early = waited !== false && waited < DEFAULT_TIMING.cancelGraceMs && !history.clockWasSet;
      if (early && !ledger.noted(tag, "unknown task")) return `${tag} counts as cancelled after ${waited} ms`;
      // A call whose outcome is unknown is not made again once it is cancelled.
      if (record.taskId === undefined && history.troubled) return undefined;
      // Of a reply whose `createdAt` moves it is not certain that it is about this task.
      const taken = ["cancel acknowledged", "cancel refused", "cancelled"];
      if (taken.some((note) => ledger.noted(tag, note))) return undefined;
      return ledger.notes(tag).some((note) => note.startsWith("tasks/cancel: ") || note === "unknown task")
        ? undefined
        : `${tag} is cancelled, and no server took the wish`;
    }
    case "expired": {
      const age = now - (record.acceptedAt ?? record.createdAt);
      const silence = now - (record.silentSince ?? now);
      // Servers state wrong TTLs: none ends a task that the server still answers for.
      if (
        !history.clockWasSet &&
        silence < DEFAULT_TIMING.unreachableMs &&
        !ledger.noted(tag, "unknown task")
      )
        return `${tag} expired, and its server never said that it is gone`;
      return history.clockWasSet || age >= ledger.ttl(tag)
        ? undefined
        : `${tag} expired after ${age} ms of ${ledger.ttl(tag)}`;
    }
    case "lost":
      if (record.taskId === undefined)
        return history.troubled ? undefined : `${tag} is lost, and its call had a reply`;
      // The record alone does not show a process that the clock was set since a doubt was stored.
      return ledger.noted(tag, "unknown task") || (history.clockWasSet && record.doubt !== undefined)
        ? undefined
        : `${tag} is lost, and its server never said that it is gone`;
  }
}
