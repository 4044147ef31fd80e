import { type Clock, shortClock } from "../clock.ts";
import { readEventStream, type StreamedEvent } from "./event-stream.ts";

/** A Holdfast worker and its objects write at least every 15 s: a stream silent for longer than this, in ms, is dead. */
const SILENCE_MS = 45_000;

export interface Following {
  /** Opens the stream, from where it was. May reject. */
  readonly open: (signal: AbortSignal) => Promise<Response>;
  /** The next event is read when this has resolved. */
  readonly take: (event: StreamedEvent) => void | Promise<void>;
  /**
   * The stream ended, broke, fell silent or could not be opened, for the `failures`th time since an event was read. The
   * stream is opened again when this has resolved.
   */
  readonly broken: (error: unknown, failures: number) => Promise<void>;
  /** Ends the following. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/**
 * Reads an event stream, and opens it again wherever it breaks. Resolves when aborted.
 * @example
 * await followEvents({
 *   open: (signal) => fetch("https://tasks.example/v1/events", { signal }),
 *   take: ({ type, data }) => console.log(type, data),
 *   broken: (_error, failures) => sleep(1_000 * failures),
 *   signal,
 * });
 */
export async function followEvents(following: Following): Promise<void> {
  const { open, take, broken, signal, clock = shortClock } = following;
  for (let failures = 0; !signal.aborted; ) {
    const silence = new AbortController();
    const ended = AbortSignal.any([signal, silence.signal]);
    let callOff = (): void => undefined;
    const restartTimer = (): void => {
      callOff();
      const silent = new Error(`No data arrived for ${SILENCE_MS} ms`);
      callOff = clock.after(SILENCE_MS, () => silence.abort(silent));
    };
    restartTimer();
    try {
      const { ok, status, body } = await open(ended);
      if (!ok || !body) {
        await body?.cancel();
        throw new Error(`The stream was answered with ${status}`);
      }
      for await (const event of readEventStream(body, { signal: ended, received: restartTimer })) {
        failures = 0;
        await take(event);
      }
      ended.throwIfAborted();
      throw new Error("The stream ended");
    } catch (error) {
      callOff();
      if (!signal.aborted) await broken(error, ++failures);
    }
  }
}
