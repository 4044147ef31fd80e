import { MAX_KEY } from "../protocol/bounds.ts";
import type { ResponseStream } from "../protocol/response-stream.ts";
import type { RequestFailure } from "./request-failure.ts";
import { withoutFailures } from "./retry.ts";
import { revise } from "./revise.ts";
import type { TaskState } from "./state.ts";

/** How often the last event of a response stream is written, in ms. */
const STREAM_WRITE_MS = 30_000;

/**
 * Takes in where the reply of a plain call can be awaited after this process. A call that asked for a task has its reply
 * at once. The first event is written, and then one in 30 s: with an older one the server replays more.
 */
export function streamed(state: TaskState, stream: ResponseStream, now: number): TaskState {
  const { stage, call, stream: known } = state.record;
  if (stage !== "calling" || call.asTask || !state.inFlight.has("call")) return state;
  const next = withoutFailures(state);
  const isWritten = known?.requestId === stream.requestId && Math.abs(now - known.at) < STREAM_WRITE_MS;
  if (isWritten || stream.lastEventId.length > MAX_KEY) return next;
  return revise(next, { stream: { ...stream, at: now } });
}

export function withoutStream(state: TaskState): TaskState {
  // Each poll comes by here, and to compare the records costs a tenth of it.
  return state.record.stream ? revise(state, { stream: undefined }) : state;
}

/** Whether the reply may yet come on the response stream. A request that timed out was cancelled at the server. */
export function mayResume(failure: RequestFailure): boolean {
  if ("unsent" in failure) return true;
  switch (failure.kind) {
    case "network":
      return !failure.forgotten;
    case "http":
    case "unauthorized":
      return true;
    default:
      return false;
  }
}
