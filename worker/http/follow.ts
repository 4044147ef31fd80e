import { followEvents, type StreamedEvent } from "holdfast/remote";

/** The waits between attempts at a stream that breaks, in ms: the first, and the longest. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

/** Resolves after `ms`, and at once when aborted. */
export const pause: Pause = (ms, signal) =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal.aborted) done();
    else signal.addEventListener("abort", done);
  });

export interface Upstream {
  /** Opens the stream, from where it was. */
  readonly open: (signal: AbortSignal) => Promise<Response>;
  /** The next event is read when this has resolved. */
  readonly take: (event: StreamedEvent) => Promise<void>;
  /** The object answered that there is nothing to stream yet. */
  readonly absent?: () => void;
  readonly signal: AbortSignal;
  readonly pause: Pause;
}

/** Reads an object's event stream until aborted, opening it again wherever it breaks. */
export function follow({ open, take, absent, signal, pause }: Upstream): Promise<void> {
  return followEvents({
    async open(ended) {
      const response = await open(ended);
      if (response.status === 404) absent?.();
      return response;
    },
    take,
    // The object was evicted, moved or updated: it is there again when it is asked again.
    broken: (_error, failures) => {
      const ms = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
      // Spread, so that the watchers of a restarted object do not all come at once.
      return pause(ms * (0.5 + Math.random() / 2), signal);
    },
    signal,
  });
}
