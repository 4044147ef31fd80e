import type { Policy } from "./policy.ts";
import { endedAsPlainCall, isCall, type TaskRecord } from "./record.ts";
import type { Command, Effects, TaskEvent, TaskState, Transition } from "./state.ts";

/** The state of a new call, as its record is first written. */
export function begun(state: TaskState, policy: Policy): TaskState {
  const made: TaskState = { ...state, attended: true };
  return isPlain(made, policy) ? { ...made, ephemeral: true } : made;
}

/**
 * Marks a call that has just turned out to be plain as ephemeral. It is persisted once the server names its task, and before it
 * is queued again with fresh metadata: then it may be sent as a task.
 */
export function withEphemeral(before: TaskState, after: TaskState, policy: Policy): TaskState {
  const plain = isPlain(after, policy);
  if (!after.ephemeral)
    return plain && before.record.stage === "queued" ? { ...after, ephemeral: true } : after;
  const mayBeTask = after.record.taskId !== undefined || (isCall(after.record) && !plain);
  return mayBeTask ? persisted(after) : after;
}

export function persisted(state: TaskState): TaskState {
  return { ...state, ephemeral: undefined };
}

/** The transition with what it has its driver persist and publish. */
export function withEffects(
  before: TaskState,
  after: TaskState,
  commands: readonly Command[],
  events: readonly TaskEvent[],
  policy: Policy,
): Transition {
  let publish: Transition["publish"] = looksChanged(before, after) ? "everywhere" : undefined;
  for (const { type } of events) {
    if (type === "started") publish = "everywhere";
    else if (type === "woken") publish ??= "here";
  }
  return {
    state: after,
    commands,
    persist: persistOf(before, after, policy),
    publish,
    leavesQueue: leavesQueue(before, after),
  };
}

/** Whether the call counts as sent from here on: it is queued no longer, or no longer marked as still to be sent. */
function leavesQueue({ record: before }: TaskState, { record: after }: TaskState): boolean {
  if (after.stage !== "calling" || after.call.refused) return false;
  return before.stage !== "calling" || before.call.refused === true;
}

function persistOf(before: TaskState, after: TaskState, policy: Policy): Effects["persist"] {
  if (after.record === before.record || (before.ephemeral && after.ephemeral)) return undefined;
  // Should the page end, another one must not find the plain call queued, and send it again.
  if (after.ephemeral) return policy.shared ? "writeThenRemove" : "remove";
  if (!isSpent(after, policy)) return "write";
  return policy.shared ? "removeOncePublished" : "remove";
}

/**
 * A plain call of this process ends with the page, like any other request, unless its end is to be delivered, its response
 * stream can be resumed, or it can be repeated under its idempotency key.
 */
function isPlain({ record, attended }: TaskState, { persistPlain }: Policy): boolean {
  const { stage, call, stream, addressees } = record;
  const survives = persistPlain || addressees || stream || call.idempotency;
  return stage === "calling" && !call.asTask && attended === true && !survives;
}

/** A plain call whose caller has its end in hand: nobody will look for it in the store. */
function isSpent({ record, attended, ephemeral }: TaskState, { persistPlain }: Policy): boolean {
  return !persistPlain && attended === true && !ephemeral && endedAsPlainCall(record);
}

/** Fields whose change no app sees: most polls change nothing else. */
const UNSHOWN: ReadonlySet<keyof TaskRecord> = new Set(["rev", "polledAt", "doubt", "search", "stream"]);

function looksChanged(before: TaskState, after: TaskState): boolean {
  if (before.progress !== after.progress || before.retry !== after.retry) return true;
  return before.record !== after.record && differs(before.record, after.record);
}

function differs(a: TaskRecord, b: TaskRecord): boolean {
  const fields = Object.keys({ ...a, ...b }) as (keyof TaskRecord)[];
  return fields.some((field) => !UNSHOWN.has(field) && a[field] !== b[field]);
}
