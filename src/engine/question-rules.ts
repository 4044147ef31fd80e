import type { InputRequest } from "../protocol/input-request.ts";
import type { CallReply, TaskPayload } from "../protocol/task-reading.ts";
import type { OnFailure, Policy } from "./policy.ts";
import type { RecordedInput, TaskRecord } from "./record.ts";
import type { TaskEvent, TaskState } from "./state.ts";

/** What happens to a question and its answer. */
export type QuestionEvent = TaskEvent & { type: "asked" | "answered" | "delivered" | "undeliverable" };

/** What the engine does with questions of servers, where the client has that part: functions of `input.ts` and `result.ts`. */
export interface QuestionRules {
  questioned(state: TaskState, event: QuestionEvent, now: number, policy: Policy): TaskState;
  /** The server wants input before it decides on the call (2026-07-28 mrtr). */
  askedFirst(state: TaskState, reply: CallReply & { kind: "input" }, now: number): TaskState;
  /** The questions after a reading that names all that are open. */
  mergeInputs(
    known: readonly RecordedInput[],
    named: readonly InputRequest[],
    now: number,
  ): readonly RecordedInput[];
  /** After a poll: looks after a task that waits for input. */
  watchedForInput(
    state: TaskState,
    before: TaskState,
    named: readonly InputRequest[] | undefined,
    now: number,
  ): TaskState;
  /** The answers that go with the next request. */
  answersToSend(record: TaskRecord): readonly RecordedInput[];
  readonly answerFailed: OnFailure;
  /** Whether `tasks/result` is opened for the questions that it brings (2025-11-25). */
  wantsQuestions(state: TaskState): boolean;
  /** The state after a payload that came before the task's end; `undefined` if it is the end. */
  early(state: TaskState, payload: TaskPayload, now: number, policy: Policy): TaskState | undefined;
}
