import type { Failure, Outcome } from "./engine/record.ts";

/** Which call an error is about. */
export interface TaskReference {
  /** Ours: what `TaskClient.get` takes. */
  readonly id: string;
  readonly endpoint: string;
  readonly tool: string;
  /** The server's, if one was ever seen. */
  readonly taskId?: string;
}

/** Copies the reference out of a view. */
function referenceOf({ id, endpoint, tool, taskId }: TaskReference): TaskReference {
  return { id, endpoint, tool, ...(taskId !== undefined && { taskId }) };
}

/** A task ended without a result. `task` says which. */
export abstract class TaskError extends Error {
  declare readonly task: TaskReference;

  constructor(task: TaskReference, message: string) {
    const name = task.taskId === undefined ? `call of ${task.tool}` : `task ${task.taskId} (${task.tool})`;
    super(`The ${name} on ${task.endpoint} ${message}`);
    this.task = referenceOf(task);
  }
}

/** The request failed: the server answered with a JSON-RPC error, or refused it. Mend the cause, then call again. */
export class TaskFailedError extends TaskError {
  override readonly name = "TaskFailedError";
  declare readonly failure: Failure;

  constructor(task: TaskReference, failure: Failure) {
    super(task, `failed: ${failure.message}`);
    this.failure = failure;
  }
}

/** The task was cancelled. `confirmed` is false if the server acknowledged the wish and never said it was done. */
export class TaskCancelledError extends TaskError {
  override readonly name = "TaskCancelledError";
  declare readonly confirmed: boolean;

  constructor(task: TaskReference, confirmed: boolean, detail?: string) {
    super(
      task,
      confirmed
        ? "was cancelled"
        : `was cancelled, which its server never confirmed${detail ? `. ${detail}` : ""}`,
    );
    this.confirmed = confirmed;
  }
}

/** The task's TTL passed before its result was had. Call again, with a longer `ttlMs` where the server heeds it. */
export class TaskExpiredError extends TaskError {
  override readonly name = "TaskExpiredError";
  declare readonly detail: string;

  constructor(task: TaskReference, detail: string) {
    super(task, `expired. ${detail}`);
    this.detail = detail;
  }
}

/** It cannot be known what became of the call: it may have been done. Check before you call again. */
export class TaskLostError extends TaskError {
  override readonly name = "TaskLostError";
  declare readonly detail: string;
  /** Tasks of the server that might be this one. */
  declare readonly candidates: readonly string[];

  constructor(task: TaskReference, detail: string, candidates: readonly string[]) {
    super(task, `is lost. ${detail}`);
    this.detail = detail;
    this.candidates = candidates;
  }
}

/** The TaskClient was closed while this was waited for. The task goes on at its server; the store keeps it. */
export class ClientClosedError extends Error {
  override readonly name = "ClientClosedError";

  constructor() {
    super("The TaskClient was closed");
  }
}

/** No endpoint of that name was given to the TaskClient. */
export class UnknownEndpointError extends Error {
  override readonly name = "UnknownEndpointError";
  declare readonly endpoint: string;
  declare readonly known: readonly string[];

  constructor(endpoint: string, known: readonly string[]) {
    super(`There is no endpoint ${JSON.stringify(endpoint)}; there are: ${known.join(", ") || "none"}`);
    this.endpoint = endpoint;
    this.known = known;
  }
}

/** An answer that does not fit its question, or to a question that is not open. Nothing was sent; answer again. */
export class InputError extends Error {
  override readonly name = "InputError";
  declare readonly task: TaskReference;
  declare readonly key: string;

  constructor(task: TaskReference, key: string, message: string) {
    super(message);
    this.task = referenceOf(task);
    this.key = key;
  }
}

/** Returns the error of an outcome without a result. `task` may be a view. */
export function errorOf(task: TaskReference, outcome: Exclude<Outcome, { kind: "completed" }>): TaskError {
  switch (outcome.kind) {
    case "failed":
      return new TaskFailedError(task, outcome.error);
    case "cancelled":
      return new TaskCancelledError(task, outcome.confirmed, outcome.detail);
    case "expired":
      return new TaskExpiredError(task, outcome.detail);
    case "lost":
      return new TaskLostError(task, outcome.detail, outcome.candidates ?? []);
  }
}
