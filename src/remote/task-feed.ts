import type { StreamedEvent } from "../channel/event-stream.ts";
import { followEvents } from "../channel/follow-events.ts";
import type { Clock } from "../clock.ts";
import type { TaskMirror } from "../mirror/task-mirror.ts";
import type { Waits } from "../mirror/waits.ts";
import { isObject } from "../protocol/json.ts";
import { randomId } from "../random-id.ts";
import type { RemoteApi } from "./remote-api.ts";
import { malformed, RemoteApiError, unreachable } from "./remote-api-error.ts";

export interface TaskFeedOptions {
  readonly api: RemoteApi;
  readonly clock: Clock;
  readonly waits: Waits;
  /** Receives the events, and learns when the stream opens. */
  readonly mirror: Pick<TaskMirror, "connected" | "receive">;
  /** The stream broke, or could not be opened; it is tried again. */
  readonly failed: (error: RemoteApiError) => void;
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

  #follow(signal: AbortSignal): Promise<void> {
    const { clock, waits, failed } = this.#options;
    return followEvents({
      open: (ended) => this.#opened(ended),
      take: (event) => this.#take(event),
      broken: async (thrown, failures) => {
        const error = thrown instanceof RemoteApiError ? thrown : unreachable(thrown);
        failed(error);
        await waits.backOff(this.#key, failures, error.retryAfterMs, signal).catch(() => undefined);
      },
      clock,
      signal,
    });
  }

  async #opened(signal: AbortSignal): Promise<Response> {
    const response = await this.#options.api.open({
      method: "GET",
      path: "/v1/events",
      headers: {
        accept: "text/event-stream",
        ...(this.#position !== "" && { "last-event-id": this.#position }),
      },
      signal,
    });
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
    await response.body?.cancel();
    throw malformed(response.status, "The worker's answer is not an event stream");
  }

  #take({ type, data, lastEventId }: StreamedEvent): void {
    const { mirror, failed } = this.#options;
    const json = parsed(data);
    if (type === "ready") mirror.connected(isObject(json) && json.resumed === true);
    else if (!mirror.receive(type, json))
      failed(malformed(200, "The worker sent a task event that holds no task"));
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
