import { hasEnded } from "./record.ts";
import { wantsQuestions } from "./result.ts";
import type { TaskState } from "./state.ts";

/** What a 2025-11-25 server says of the task its question is about, and where the question came in. */
export interface Provenance {
  /** The task its `_meta` names (tasks, "Associating Task-Related Messages"). */
  readonly taskId: string | undefined;
  /** The record of the request on whose response stream it came, if the transport tells. */
  readonly about: string | undefined;
}

/**
 * The call or task that a question belongs to, of those of one endpoint. The task it names decides, then the stream
 * it came on, then whether it can belong to just one. Never a guess: another caller would see the question.
 * @param alone Nobody else uses the connection, so that the question must be for one of these.
 */
export function askedOf(
  states: readonly TaskState[],
  { taskId, about }: Provenance,
  alone: boolean,
): TaskState | undefined {
  const named = taskId === undefined ? undefined : states.findLast(({ record }) => record.taskId === taskId);
  if (named) return named;
  const calls = states.filter(isCallInFlight);
  if (about !== undefined) {
    // A task may ask before the reply to its call has named it.
    const own = taskId === undefined ? states : calls;
    return own.find(({ record }) => record.id === about);
  }
  if (!alone || taskId !== undefined) return undefined;
  const tasks = states.filter(({ record }) => record.stage === "running" && !hasEnded(record));
  const asking = tasks.filter(({ record }) => record.snapshot?.status === "input_required");
  const likeliest = [asking.filter(wantsQuestions), calls, asking, tasks].find(({ length }) => length > 0);
  return likeliest && only(likeliest);
}

/**
 * Whether the reply to a call in flight may name the task of a question that belongs to nobody yet: a server may ask before
 * it has answered the call, on another stream. To guess which call it is for could show it to the wrong caller.
 */
export function mayBeNamed(states: readonly TaskState[], { taskId, about }: Provenance): boolean {
  if (taskId === undefined || about !== undefined) return false;
  return states.some((state) => isCallInFlight(state) && state.record.call.asTask);
}

function isCallInFlight({ record, inFlight }: TaskState): boolean {
  return record.stage === "calling" && inFlight.has("call");
}

function only(states: readonly TaskState[]): TaskState | undefined {
  return states.length === 1 ? states[0] : undefined;
}
