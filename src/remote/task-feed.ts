import { readEventStream, type StreamedEvent } from "../channel/event-stream.ts";
import type { Clock } from "../clock.ts";
import { backoffDelay, DEFAULT_TIMING } from "../engine/schedule.ts";
import type { TaskMirror } from "../mirror/task-mirror.ts";
import type { Waits } from "../mirror/waits.ts";
import { isObject } from "../protocol/json.ts";
import { randomId } from "../random-id.ts";
import type { RemoteApi } from "./remote-api.ts";
import { malformed, RemoteApiError, unreachable } from "./remote-api-error.ts";

/** The worker sends something every 15 s: a stream silent for longer than this, in ms, is dead. */
export const SILENCE_MS = 45_000;

export interface TaskFeedOptions {
  readonly api: RemoteApi;
  readonly clock: Clock;
  readonly waits: Waits;
  /** Receives the events, and learns when the stream opens. */
  readonly mirror: Pick<TaskMirror, "connected" | "receive">;
  /** The stream broke, or could not be opened; it is tried again. */
  readonly troubled: (error: RemoteApiError) => void;
}

/** One `GET /v1/events`, opened again wherever it breaks, from where it was. */
export class TaskFeed {
  readonly #options: TaskFeedOptions;
  /** Spreads the reconnections of many clients. */
  readonly #key: string = randomId();
  #stream: AbortController | undefined;
  /** The id of the last event that was handled. */
  #position = "";

  constructor(options: TaskFeedOptions) {
    this.#options = options;
  }

  open(): void {
    if (this.#stream) return;
    const stream = new AbortController();
    this.#stream = stream;
    void this.#follow(stream.signal);
  }

  /** The position is kept, for the next `open`. */
  close(): void {
    this.#stream?.abort();
    this.#stream = undefined;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { waits, troubled } = this.#options;
    for (let failures = 1; !signal.aborted; failures++) {
      const { ready, error } = await this.#read(signal);
      if (signal.aborted) return;
      if (ready) failures = 1;
      troubled(error);
      const demanded = error.retryAfterMs;
      const backoff = backoffDelay(this.#key, failures, DEFAULT_TIMING);
      const wait = waits.wait(Math.max(demanded ?? 0, backoff), demanded !== undefined, signal);
      await wait.catch(() => undefined);
    }
  }

  /** Reads one stream to its end, which always comes, and always is an error. */
  async #read(signal: AbortSignal): Promise<{ readonly ready: boolean; readonly error: RemoteApiError }> {
    const silence = new AbortController();
    const ended = AbortSignal.any([signal, silence.signal]);
    let callOff = (): void => undefined;
    const heard = (): void => {
      callOff();
      const silent = new Error(`Nothing was heard for ${SILENCE_MS} ms`);
      callOff = this.#options.clock.after(SILENCE_MS, () => silence.abort(silent));
    };
    let ready = false;
    heard();
    try {
      const response = await this.#options.api.open({
        method: "GET",
        path: "/v1/events",
        headers: {
          accept: "text/event-stream",
          ...(this.#position !== "" && { "last-event-id": this.#position }),
        },
        signal: ended,
      });
      const kind = response.headers.get("content-type") ?? "";
      if (!response.body || !kind.startsWith("text/event-stream")) {
        await response.body?.cancel();
        throw malformed(response.status, "The worker's answer is no event stream");
      }
      for await (const event of readEventStream(response.body, { signal: ended, heard })) {
        this.#take(event);
        if (event.type === "ready") ready = true;
      }
      ended.throwIfAborted();
      return { ready, error: unreachable(new Error("The stream ended")) };
    } catch (error) {
      return { ready, error: error instanceof RemoteApiError ? error : unreachable(error) };
    } finally {
      callOff();
    }
  }

  #take({ type, data, lastEventId }: StreamedEvent): void {
    const { mirror, troubled } = this.#options;
    const json = parsed(data);
    if (type === "ready") mirror.connected(isObject(json) && json.resumed === true);
    else if (!mirror.receive(type, json))
      troubled(malformed(200, "The worker sent a task event that holds no task"));
    // What follows must not be taken twice, nor what was handled now.
    if (lastEventId !== "") this.#position = lastEventId;
  }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
