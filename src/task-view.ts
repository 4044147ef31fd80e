import { type Outcome, openInputs, type TaskRecord } from "./engine/record.ts";
import type { Retry } from "./engine/state.ts";
import type { InputRequest } from "./protocol/input-request.ts";
import { defined, type JsonObject } from "./protocol/json.ts";
import type { Generation } from "./protocol/registry.ts";
import type { TaskProgress, TaskSnapshot } from "./protocol/task-snapshot.ts";
import type { TraceContext } from "./protocol/trace-context.ts";
import { resultApart } from "./store/long-result.ts";
import { statusOf, type TaskStatus } from "./task-status.ts";

/** A part of a task that lists and events leave out where it is long. */
export type OmittedPart = "arguments" | "inputRequests" | "outcome";

/**
 * Everything an app may show of a task at one moment: plain data, the same in a page, in another tab, over HTTP, in an
 * event, in a message and in a hook. A view never changes; the next state of the task is another view. Times are ms since 1970.
 */
export interface TaskView {
  /** The id that `TaskClient.get` takes: the same in every page. The server's id is {@link taskId}. */
  readonly id: string;
  readonly endpoint: string;
  /** Absent while the call is queued and its server was never reached. */
  readonly generation?: Generation;
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly status: TaskStatus;
  /** The call may become a task, or did. A plain call ends with the process that made it, unless a later one resumes its response stream. */
  readonly asTask?: true;
  /** Raised with every change that is stored: of two views, the one with the higher `rev` is later. */
  readonly rev: number;
  /** When the call was made. */
  readonly createdAt: number;
  /** The trace that the call belongs to: of `CallOptions.trace`, or of `holdfast/otel`. */
  readonly trace?: TraceContext;
  /** Who is to learn of the end and of the questions, as the call named them (`notify`). */
  readonly addressees?: readonly string[];
  /** When the server accepted the call as a task, by this machine's clock: {@link TaskSnapshot.ttlMs} counts from here. */
  readonly acceptedAt?: number;
  readonly settledAt?: number;
  /** The server's id of the task. Absent before the server accepted the call, and for plain calls. */
  readonly taskId?: string;
  /** What the server wants a model to read while the task runs. */
  readonly immediateResponse?: string;
  /** What the server said last. Absent until it has said anything. */
  readonly snapshot?: TaskSnapshot;
  readonly progress?: TaskProgress;
  /** Questions that can be answered now. */
  readonly inputRequests: readonly InputRequest[];
  /** The app cancelled the task; the outcome is not known yet. */
  readonly cancelling: boolean;
  /** The last request failed and will be repeated; the task goes on. */
  readonly retry?: Retry;
  /** When the server is polled next, as known when this view was made. Absent where that is unknown. */
  readonly nextPollAt?: number;
  /** Lists and events leave out the result of a completed task: `apart` is true then, and `Task.result()` fetches it. */
  readonly outcome?: Outcome;
  /**
   * Long parts that a list or an event left out; the task itself has them. Arguments and questions are then empty, and the
   * error of a failed outcome lacks its data.
   */
  readonly omitted?: readonly OmittedPart[];
}

/** The parts of a view that are in no record: they are lost with the process. */
export type LiveParts = Pick<TaskView, "progress" | "retry" | "nextPollAt">;

/** Returns the view of a record. */
export function viewOf(
  record: TaskRecord,
  { progress, retry, nextPollAt }: { [Part in keyof LiveParts]: LiveParts[Part] | undefined } = {},
): TaskView {
  const { id, endpoint, generation, call, rev, createdAt, acceptedAt, settledAt, taskId, immediateResponse } =
    record;
  const { snapshot, outcome, addressees, trace } = record;
  return defined({
    id,
    endpoint,
    generation,
    tool: call.name,
    arguments: call.arguments ?? {},
    status: statusOf(record),
    asTask: call.asTask || undefined,
    rev,
    createdAt,
    trace,
    addressees,
    acceptedAt,
    settledAt,
    taskId,
    immediateResponse,
    snapshot,
    progress,
    inputRequests: openInputs(record).map(({ key, method, params, refusal }) =>
      defined({ key, method, params, refusal }),
    ),
    cancelling: record.cancel !== undefined && outcome === undefined,
    retry,
    nextPollAt,
    outcome,
  });
}

/** Returns the view without the result of a completed task: for lists, events and messages. */
export function withoutResult(view: TaskView): TaskView {
  const { outcome } = view;
  return outcome?.kind === "completed" ? { ...view, outcome: resultApart(outcome.result) } : view;
}

/** Returns the view of a task that was deleted while it ran: its handles end as `lost`. */
export function deletedView(view: TaskView, detail: string): TaskView {
  return { ...view, status: "lost", inputRequests: [], cancelling: false, outcome: { kind: "lost", detail } };
}
