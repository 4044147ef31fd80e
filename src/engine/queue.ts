import { HEADER_MISMATCH, METHOD_NOT_FOUND, UNSUPPORTED_PROTOCOL_VERSION } from "../protocol/json-rpc.ts";
import { protocolOf } from "../protocol/registry.ts";
import type { Session } from "../protocol/session.ts";
import type { ToolFacts } from "../protocol/tool-facts.ts";
import { end, failed, failureOf } from "./outcome.ts";
import type { Policy } from "./policy.ts";
import { isClientError, type RequestFailure, wasRefused } from "./request-failure.ts";
import { ATTEMPTS, landed, retryLater } from "./retry.ts";
import { revise, revisedCall } from "./revise.ts";
import type { Timing } from "./schedule.ts";
import type { FailedRequest, TaskState } from "./state.ts";

/** What a call must know of its server and its tool before it can be sent. */
export interface ToolDescription {
  readonly session: Session;
  /** What `tools/list` says of the tool; `undefined` if the server does not list it. */
  readonly facts: ToolFacts | undefined;
  /** The facts were remembered from earlier, and may be out of date. */
  readonly cached: boolean;
}

/**
 * Whether the tools are listed even if what they said is known. After a failure, and in a later process, the list shows first
 * that the server can be reached: it may be asked for again, and the call may not.
 */
export function describesAnew({ record, attended, retry }: TaskState): boolean {
  const { stage, call } = record;
  return stage === "queued" && (call.stale === true || !attended || retry !== undefined);
}

/** Takes in how the call is made: it leaves the queue. One that has left it before was only to be connected for. */
export function described(
  before: TaskState,
  { session, facts, cached }: ToolDescription,
  now: number,
  { recovery }: Pick<Policy, "recovery">,
): TaskState {
  const state: TaskState = { ...landed(before, "describe"), refusal: undefined, reached: true };
  const { record } = state;
  const { refusal } = before;
  if (record.stage !== "queued") return state;
  const { call } = record;
  const { generation } = session;
  // The server rejected the call itself, since nothing about how it is made has changed.
  if (refusal && record.generation === generation && !rejectsMetadata(refusal))
    return end(state, failed(failureOf(refusal)), now);
  const protocol = protocolOf(generation);
  const asTask = protocol.mayBecomeTask(session.serverCapabilities, facts, call.prefer ?? "task", call.name);
  const repeatable = call.repeatable ?? facts?.repeatable ?? false;
  const next: TaskState = { ...state, cached, mayCall: true };
  return revise(next, {
    generation,
    stage: "calling",
    call: revisedCall(record, {
      asTask,
      headers: facts?.headers && protocol.parameterHeaders?.(facts.headers, call.arguments ?? {}),
      stale: undefined,
      // `tasks/list` names only calls that asked for a task.
      recovery: repeatable
        ? "repeat"
        : asTask && recovery && protocol.canList(session.serverCapabilities)
          ? "list"
          : "none",
    }),
  });
}

/** Whether the server may have rejected how the call was made, by cached metadata, and not the call. */
export function rejectsCached({ cached, record }: TaskState, failure: RequestFailure): boolean {
  if (!cached || record.call.rounds > 0) return false;
  if (rejectsMetadata(failure)) return true;
  // It rejects the version, or answers as a server does that does not know the version or the session.
  if (failure.kind === "rpc") return failure.error.code === UNSUPPORTED_PROTOCOL_VERSION;
  return failure.kind === "http" && (failure.status === 400 || failure.status === 404);
}

/** The server does not take the call as a task, or only as one, or its headers do not match its arguments. */
function rejectsMetadata(failure: RequestFailure): boolean {
  return failure.kind === "rpc" && [METHOD_NOT_FOUND, HEADER_MISMATCH].includes(failure.error.code);
}

/** The call goes back to the queue: the server did nothing with it. `refusal` is why, if the server rejected the metadata. */
export function requeued(state: TaskState, refusal?: RequestFailure): TaskState {
  const { record } = state;
  const call = revisedCall(record, { refused: undefined, stale: refusal ? true : record.call.stale });
  const next: TaskState = { ...state, mayCall: false, refusal: refusal ?? state.refusal };
  return revise(next, { stage: "queued", call });
}

/**
 * Connecting failed, or listing the tools. The call waits for what may pass (a lost network, a busy server), and fails for
 * what does not (no MCP server at the address). A missing sign-in fails the call of an app that waits for it; later
 * processes wait until somebody has signed in.
 */
export function describeFailed(
  state: TaskState,
  failure: RequestFailure,
  now: number,
  timing: Timing,
  { method = "initialize" }: FailedRequest = {},
): TaskState {
  if (state.record.stage !== "queued") return state;
  const next = retryLater(state, failure, now, timing);
  const { silentSince = now } = next.record;
  // A page that is opened a week later must not fail the call at its first failure.
  const silent = next.failures >= ATTEMPTS && now >= silentSince + timing.unreachableMs;
  if (!silent && !lasts(failure, state.attended === true)) return next;
  const { refusal } = state;
  const ended = { ...state, record: next.record };
  return end(ended, failed(refusal ? failureOf(refusal) : { ...failureOf(failure), unsent: method }), now);
}

function lasts(failure: RequestFailure, attended: boolean): boolean {
  switch (failure.kind) {
    case "network":
    case "timeout":
      return false;
    case "unauthorized":
      return attended;
    case "rpc":
      return (failure.status ?? 0) < 500 && failure.status !== 429;
    case "http":
      // A redirect that is not followed may be to a sign-in.
      return failure.status < 400 ? attended : isClientError(failure) && !wasRefused(failure);
    default:
      return true;
  }
}
