import { type Outcome, openInputs, RECORD_VERSION, type TaskRecord } from "./engine/record.ts";
import type { Trouble } from "./engine/state.ts";
import type { InputRequest } from "./protocol/input-request.ts";
import type { JsonObject } from "./protocol/json.ts";
import type { Generation, TaskProgress, TaskSnapshot } from "./protocol/task-snapshot.ts";
import { type SharedState, sharedState } from "./shared-state.ts";
import { resultApart } from "./store/long-result.ts";
import { statusOf, type TaskStatus } from "./task-status.ts";

/** A part of a task that lists and events leave out where it is long. */
export type OmittedPart = "arguments" | "inputRequests" | "outcome";

/** A task as one process tells another of it: over HTTP, in an event, in a message. Times are ms since 1970. */
export interface TaskJson {
  readonly id: string;
  readonly endpoint: string;
  readonly generation: Generation;
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly status: TaskStatus;
  /** Raised with every change that is stored: of two, the higher is later. */
  readonly rev: number;
  readonly createdAt: number;
  readonly settledAt?: number;
  /** The server's id of the task. */
  readonly taskId?: string;
  readonly immediateResponse?: string;
  readonly snapshot?: TaskSnapshot;
  readonly progress?: TaskProgress;
  /** Questions that can be answered now. */
  readonly inputRequests: readonly InputRequest[];
  /** Cancelled by the app; the outcome is not known yet. */
  readonly cancelling: boolean;
  readonly trouble?: Trouble;
  /** When it was to be polled next when this was told; absent where that was not known. */
  readonly nextPollAt?: number;
  /** In lists and events a completed one has an empty result, and `apart: true`: it is had with the task itself. */
  readonly outcome?: Outcome;
  /**
   * Long parts that a list or an event leaves out; the task itself has them. Arguments and questions are then empty, and the
   * error of a failed outcome lacks its data.
   */
  readonly omitted?: readonly OmittedPart[];
}

/** @param withResult Whether the result of a completed task goes along. */
export function taskJson(
  { record, progress, trouble, nextPollAt }: SharedState,
  withResult: boolean,
): TaskJson {
  const { id, endpoint, generation, call, rev, createdAt, settledAt, taskId, snapshot, immediateResponse } =
    record;
  const outcome = withResult ? record.outcome : withoutResult(record.outcome);
  return {
    id,
    endpoint,
    generation,
    tool: call.name,
    arguments: call.arguments ?? {},
    status: statusOf(record),
    rev,
    createdAt,
    ...(settledAt !== undefined && { settledAt }),
    ...(taskId !== undefined && { taskId }),
    ...(immediateResponse !== undefined && { immediateResponse }),
    ...(snapshot && { snapshot }),
    ...(progress && { progress }),
    inputRequests: openInputs(record).map(({ key, method, params }) => ({ key, method, params })),
    cancelling: record.cancel !== undefined && record.outcome === undefined,
    ...(trouble && { trouble }),
    ...(nextPollAt !== undefined && { nextPollAt }),
    ...(outcome && { outcome }),
  };
}

/** What a handle needs of it: the record as far as the other process told of it. */
export function stateOf(task: TaskJson): SharedState {
  const { id, endpoint, generation, tool, rev, createdAt, settledAt, taskId, snapshot, immediateResponse } =
    task;
  const record: TaskRecord = {
    v: RECORD_VERSION,
    rev,
    id,
    endpoint,
    generation,
    stage: stageOf(task),
    call: {
      name: tool,
      arguments: task.arguments,
      asTask: taskId !== undefined,
      recovery: "none",
      rounds: 0,
    },
    createdAt,
    inputs: task.inputRequests.map((request) => ({ ...request, askedAt: createdAt, state: "open" })),
    ...(settledAt !== undefined && { settledAt }),
    ...(taskId !== undefined && { taskId }),
    ...(immediateResponse !== undefined && { immediateResponse }),
    ...(snapshot && { snapshot }),
    ...(task.cancelling && { cancel: { requestedAt: createdAt } }),
    ...(task.outcome && { outcome: task.outcome }),
  };
  return sharedState(record, task, task.nextPollAt);
}

function stageOf(task: TaskJson): TaskRecord["stage"] {
  if (task.outcome) return "settled";
  if (task.taskId !== undefined) return "running";
  return task.status === "input_required" ? "asking" : "calling";
}

function withoutResult(outcome: Outcome | undefined): Outcome | undefined {
  return outcome?.kind === "completed" ? resultApart(outcome.result) : outcome;
}
