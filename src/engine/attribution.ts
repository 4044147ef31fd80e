import { hasEnded } from "./record.ts";
import { wantsQuestions } from "./result.ts";
import type { TaskState } from "./state.ts";

/** What a 2025-11-25 server says of the task its question is about, and where the question came in. */
export interface Provenance {
  /** The task its `_meta` names (tasks, "Associating Task-Related Messages"). */
  readonly taskId: string | undefined;
  /** The record of the request on whose response stream it came, if the transport reports it. */
  readonly about: string | undefined;
}

/** The tasks of one endpoint that run in this process. */
export interface Candidates {
  /** The one that the server knows by this id; the latest, where a restarted server has used an id again. */
  named(taskId: string): TaskState | undefined;
  /** The one whose record has this id. */
  recorded(id: string): TaskState | undefined;
  all(): readonly TaskState[];
}

/**
 * The call or task that a question belongs to. The task it names decides, then the stream it came on, then whether it can
 * belong to just one. Never a guess: another caller would see the question.
 * @param alone Nobody else uses the connection, so that the question must be for one of these.
 */
export function askedOf(
  candidates: Candidates,
  { taskId, about }: Provenance,
  alone: boolean,
): TaskState | undefined {
  const named = taskId === undefined ? undefined : candidates.named(taskId);
  if (named) return named;
  if (about !== undefined) {
    const own = candidates.recorded(about);
    // A task may ask before the reply to its call has named it.
    return own && (taskId === undefined || isCallInFlight(own)) ? own : undefined;
  }
  if (!alone || taskId !== undefined) return undefined;
  const states = candidates.all();
  const tasks = states.filter(({ record }) => record.stage === "running" && !hasEnded(record));
  const asking = tasks.filter(({ record }) => record.snapshot?.status === "input_required");
  const calls = states.filter(isCallInFlight);
  const likeliest = [asking.filter(wantsQuestions), calls, asking, tasks].find(({ length }) => length > 0);
  return likeliest?.length === 1 ? likeliest[0] : undefined;
}

/**
 * Whether the reply to a call in flight may name the task of a question that belongs to nobody yet: a server may ask before
 * it has answered the call, on another stream. To guess which call it is for could show it to the wrong caller.
 */
export function mayBeNamed(candidates: Candidates, { taskId, about }: Provenance): boolean {
  if (taskId === undefined || about !== undefined) return false;
  return candidates.all().some((state) => isCallInFlight(state) && state.record.call.asTask);
}

function isCallInFlight({ record, inFlight }: TaskState): boolean {
  return record.stage === "calling" && inFlight.has("call");
}
