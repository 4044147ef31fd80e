import { backoffDelay } from "../engine/schedule.ts";
import { EventStreamParser } from "./event-stream.ts";
import { HttpError } from "./http-error.ts";
import { pause } from "./pause.ts";
import { unreadable } from "./request-failed.ts";
import {
  type Abortable,
  abortable,
  BLANK_LINE,
  cut,
  freeConnection,
  isEventStream,
  isJson,
  takeMessages,
  tooLongOf,
} from "./response-messages.ts";
import type { AwaitedReply } from "./rpc-channel.ts";
import type { LinkSeed } from "./url-connector.ts";

/** The shortest wait before a broken stream is opened again, whatever `retry` the server names, in ms. */
const RESUME_MS = 500;
/** How often a stream is opened again without a sign of life. */
export const MAX_RESUMPTIONS = 8;
/** The same of a stream whose failure its reader bears: it resumes the stream itself. */
const OWN_RESUMPTIONS = 2;
/** How often in a row a resumed stream may end without a byte, before the server counts as having forgotten it. */
const MAX_EMPTY_ENDS = 4;
/**
 * How long a resumed stream stays without an event before it is resumed again, in ms: a tenth of the time that the reply
 * has been awaited, within these bounds. Some servers only store what comes on it, and send that to the next GET.
 */
const MIN_QUIET_MS = 1_000;
const MAX_QUIET_MS = 16_000;
/** Statuses below 500 with which a server that still has a stream may refuse it for now. 409: it takes the broken connection for open. */
const MAY_PASS: ReadonlySet<number> = new Set([401, 403, 408, 409, 425, 429]);

/** Where a response stream can be resumed. */
export interface ResponseSource {
  /** The session id that the server gave last. */
  readonly sessionId: string | undefined;
  /** Sends a GET for the stream behind an event, by default in the session above. */
  get(signal: AbortSignal, lastEventId: string, sessionId: string | undefined): Promise<Response>;
}

/**
 * Reads the response stream of a request until the reply. A stream with event ids that breaks is resumed.
 * @param first Absent if an earlier process read the beginning.
 */
export async function readResponseStream(
  source: ResponseSource,
  { channel, clock, receive }: LinkSeed,
  awaited: AwaitedReply,
  first?: Response,
  resumable = true,
): Promise<void> {
  const startedAt = clock.now();
  const { id, signal, resume, onStream } = awaited;
  // The caller that resumes the stream itself has a backoff of its own.
  const most = onStream ? OWN_RESUMPTIONS : MAX_RESUMPTIONS;
  let [broke, failures, emptyEnds, waitMs] = ["", 0, 0, 0];
  let forgotten = false;
  let odd: string | undefined;
  let response = first;
  let request: Abortable = awaited;
  for (let resumed = !first; ; resumed = true) {
    if (response?.body) {
      const reader = response.body.getReader();
      const parser = new EventStreamParser();
      let [isAlive, stop] = [false, (): void => undefined];
      const expectEvent = (): void => {
        stop();
        if (!resumed) return;
        const ms = Math.min(MAX_QUIET_MS, Math.max(MIN_QUIET_MS, (clock.now() - startedAt) / 10));
        stop = clock.after(ms, () => {
          isAlive = true;
          cut(reader, request);
        });
      };
      broke = "ended without a response";
      expectEvent();
      try {
        for (let over = false; !over; ) {
          const { done, value } = await reader.read();
          over = done;
          isAlive ||= !done;
          // Some servers name the event.
          for (const { data } of parser.push(done ? BLANK_LINE : value)) {
            expectEvent();
            if (data === "" || (done && !isJson(data))) continue;
            const taken = takeMessages(data, awaited, receive, resumed);
            if (taken === "reply") {
              stop();
              return void freeConnection(reader, clock, awaited);
            }
            if (!resumed && !taken) odd ??= data;
          }
          const { lastEventId } = parser;
          if (!lastEventId || lastEventId === awaited.lastEventId) continue;
          awaited.lastEventId = lastEventId;
          const sessionId = resume?.sessionId ?? source.sessionId;
          if (resumable)
            onStream?.({ requestId: id, lastEventId, ...(sessionId !== undefined && { sessionId }) });
        }
        failures = 0;
        emptyEnds += 1;
      } catch (error) {
        if (error instanceof RangeError) {
          stop();
          cut(reader, request);
          return awaited.fail(tooLongOf(error));
        }
        broke = `broke: ${error}`;
      }
      stop();
      if (isAlive) failures = emptyEnds = 0;
      forgotten = emptyEnds === MAX_EMPTY_ENDS;
      waitMs = parser.retryMs ?? waitMs;
    }
    const { lastEventId } = awaited;
    if (odd) return awaited.fail(unreadable(odd));
    if (!resumable || !lastEventId || forgotten || failures === most) {
      const message = `The response stream ${broke}`;
      return awaited.fail({ kind: "network", message, ...(forgotten && { forgotten }) });
    }
    const tries = failures + emptyEnds;
    if (broke)
      await pause(Math.max(RESUME_MS, waitMs, tries && backoffDelay(String(id), tries)), signal, clock);
    if (!channel().awaited(id)) return;
    failures += 1;
    response = undefined;
    try {
      request = abortable(signal);
      const resuming = await source.get(request.signal, lastEventId, resume?.sessionId);
      if (resuming.ok && isEventStream(resuming)) response = resuming;
      else {
        const { status } = resuming;
        const { retryAfterMs = 0 } = await HttpError.of(resuming, clock.now());
        broke = `could not be resumed (HTTP ${status})`;
        waitMs = Math.max(waitMs, retryAfterMs);
        forgotten = status < 500 && !MAY_PASS.has(status);
      }
    } catch (error) {
      broke = `could not be resumed: ${error}`;
    }
  }
}
