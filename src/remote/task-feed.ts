import type { StreamedEvent } from "../channel/event-stream.ts";
import { followEvents } from "../channel/follow-events.ts";
import type { Clock } from "../clock.ts";
import type { TaskMirror } from "../mirror/task-mirror.ts";
import { isObject, parsedJson } from "../protocol/json.ts";
import type { RemoteApi } from "./remote-api.ts";
import { malformed, RemoteApiError, unreachable } from "./remote-api-error.ts";

export interface TaskFeedOptions {
  readonly api: RemoteApi;
  readonly clock: Clock;
  /** Receives the events, and learns when the stream opens. */
  readonly mirror: Pick<TaskMirror, "connected" | "receive">;
  /** The stream broke, or could not be opened; it is tried again. */
  readonly failed: (error: RemoteApiError) => void;
}

/** One `GET /v1/events`, opened again wherever it breaks, from where it was. */
export interface TaskFeed {
  open(): void;
  /** The position is kept, for the next `open`. */
  close(): void;
}

export function createTaskFeed({ api, clock, mirror, failed }: TaskFeedOptions): TaskFeed {
  let stream: AbortController | undefined;
  /** The id of the last event that was handled. */
  let position = "";

  async function opened(signal: AbortSignal): Promise<Response> {
    const response = await api.open({
      method: "GET",
      path: "/v1/events",
      headers: {
        accept: "text/event-stream",
        ...(position !== "" && { "last-event-id": position }),
      },
      signal,
    });
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
    await response.body?.cancel();
    throw malformed(response.status, "The worker's answer is not an event stream");
  }

  function take({ type, data, lastEventId }: StreamedEvent): void {
    const json = parsedJson(data);
    if (type === "ready") mirror.connected(isObject(json) && json.resumed === true);
    else if (!mirror.receive(type, json))
      failed(malformed(200, "The worker sent a task event that holds no task"));
    // What follows must not be taken twice, nor what was handled now.
    if (lastEventId !== "") position = lastEventId;
  }

  return {
    open() {
      if (stream) return;
      stream = new AbortController();
      const { signal } = stream;
      void followEvents({
        open: opened,
        take,
        async broken(thrown, failures) {
          const error = thrown instanceof RemoteApiError ? thrown : unreachable(thrown);
          failed(error);
          await api.waits.backOff(failures, error.retryAfterMs, signal).catch(() => undefined);
        },
        clock,
        signal,
      });
    },
    close() {
      stream?.abort();
      stream = undefined;
    },
  };
}
