/**
 * Holdfast's client for tasks that live in a Holdfast worker.
 * @module
 */

export {
  EventStreamParser,
  type ReadOptions,
  readEventStream,
  type StreamedEvent,
} from "../channel/event-stream.ts";
export { type Following, followEvents } from "../channel/follow-events.ts";
export { type MirrorOptions, TaskMirror, type TaskSource } from "../mirror/task-mirror.ts";
export type { TokenSource } from "./remote-api.ts";
export { RemoteApiError, type RemoteRefusal } from "./remote-api-error.ts";
export { type RemoteProblem, RemoteTaskClient, type RemoteTaskClientOptions } from "./remote-task-client.ts";
