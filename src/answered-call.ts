import type { Failure, Outcome } from "./engine/record.ts";
import { RequestFailedError } from "./engine/request-failed.ts";
import type { RequestFailure } from "./engine/request-failure.ts";
import { errorOf, type TaskReference } from "./errors.ts";
import { nextChange, type Task } from "./task.ts";

/** Whether the server has not answered the call: it is queued, or in flight. */
export function isUnanswered({ view: { status } }: Task): boolean {
  return status === "queued" || status === "calling";
}

/**
 * Waits until the server has answered the call: with a task, a question or a result. Rejects with the error that the call
 * came to, and with the signal's reason: then a call that is still queued is cancelled.
 */
export async function answered<T extends Task>(task: T, signal?: AbortSignal): Promise<T> {
  try {
    while (isUnanswered(task)) await nextChange(task, signal);
  } catch (error) {
    if (signal?.aborted && task.view.status === "queued") await task.cancel();
    throw error;
  }
  const { outcome } = task.view;
  if (!outcome || outcome.kind === "completed") return task;
  throw callError(task.view, outcome);
}

/** The error of a call that ended without a result: a RequestFailedError if the call was never sent. */
export function callError(task: TaskReference, outcome: Exclude<Outcome, { kind: "completed" }>): Error {
  const failure = outcome.kind === "failed" ? outcome.error : undefined;
  return failure?.unsent === undefined
    ? errorOf(task, outcome)
    : new RequestFailedError(failure.unsent, unsentFailure(failure), undefined, { endpoint: task.endpoint });
}

/** A call that was never sent has a failure. Its kind decides which fields it has. */
function unsentFailure({ reason, message, rpc, httpStatus, raw }: Failure): RequestFailure {
  return {
    kind: reason === "unreachable" ? "network" : reason,
    message,
    unsent: true,
    ...(rpc && { error: rpc }),
    ...(httpStatus && { status: httpStatus }),
    ...(raw !== undefined && { raw }),
  } as RequestFailure;
}
