import type { TaskPreference } from "./protocol/task-protocol.ts";
import type { ListedTool } from "./protocol/tool-facts.ts";
import type { TraceContext } from "./protocol/trace-context.ts";
import type { Task } from "./task.ts";
import type { TaskView } from "./task-view.ts";

export interface CallOptions {
  /** Ends the wait for the handle. What has been sent goes on, and is found by `list()` and `resume()`; a queued call is cancelled. */
  readonly signal?: AbortSignal | undefined;
  /** Where the tool leaves a choice (2025-11-25 `optional`): as a task, which is the default, or plainly. */
  readonly prefer?: TaskPreference | undefined;
  /** How long the server should keep the task, in ms (2025-11-25 `task.ttl`). */
  readonly ttlMs?: number | undefined;
  /** The call may be sent again when its outcome is unknown. By default the tool's own hints decide. */
  readonly repeatable?: boolean | undefined;
  /**
   * Sends an idempotency key in `_meta`, for a server that does the work of a key once: then the call may be sent again when
   * its outcome is unknown, also a plain one after a reload. `true`: a new random key. A text, 1 to 255 characters: this key.
   * `false`: none. By default the endpoint decides (`withIdempotencyKeys`).
   */
  readonly idempotencyKey?: boolean | string | undefined;
  /**
   * Names the addressees of the call's end and of its questions, 16 at most: conversations, devices or services of the app.
   * Each has it in its inbox (`holdfast/inbox`) until it is acknowledged. A plain call with addressees is stored like a task.
   */
  readonly notify?: readonly string[] | undefined;
  /**
   * The W3C trace context that each request about the task carries in its `_meta` (SEP-414), also after a reload. With
   * `holdfast/otel` it is that of the active span.
   */
  readonly trace?: TraceContext | undefined;
}

/** Reads the tasks that a client holds, wherever they run. */
export interface TaskReader {
  /** Resumes all unfinished tasks, and returns them, the earliest first. */
  resume(): Promise<readonly Task[]>;
  /** Returns all tasks that are held, the earliest first. */
  list(): Promise<readonly Task[]>;
  /** Returns one task by its {@link TaskView.id}, or `undefined`. */
  get(id: string): Promise<Task | undefined>;
}

/**
 * A client of tasks, wherever they run: `TaskClient` runs them in this process,
 * `RemoteTaskClient` (`holdfast/remote`) watches those that run in a worker.
 */
export interface TaskClientApi extends TaskReader {
  /** The names of the endpoints tools can be called on. */
  endpoints(): Promise<readonly string[]>;
  /** Starts a tool call. Resolves when it is durable, before its server has been reached. */
  start<Output = unknown, Args extends object = object>(
    endpoint: string,
    tool: string,
    args?: Args,
    options?: CallOptions,
  ): Promise<Task<Output>>;
  /**
   * Calls a tool: `start`, and a wait. Resolves once there is something to hold: a durable handle, a question, or the result.
   * A caller that knows the tool names the types of its `structuredContent` and of its arguments; nothing checks them.
   * @example const task = await tasks.callTool<{ pages: number }>("papers", "acquire_paper", { doi });
   */
  callTool<Output = unknown, Args extends object = object>(
    endpoint: string,
    tool: string,
    args?: Args,
    options?: CallOptions,
  ): Promise<Task<Output>>;
  /** Deletes a settled task. One that runs is left: cancel it first. */
  forget(id: string): Promise<void>;
  /** The tools of an endpoint, as the server defines them. */
  listTools(endpoint: string): Promise<readonly ListedTool[]>;
  /**
   * Calls back after each change of any task. The function returned ends it.
   * @param forgotten Called with the id of each task that was deleted, in whatever tab.
   */
  subscribe(listener: (task: Task) => void, forgotten?: (id: string) => void): () => void;
  /** Tries again at once what waits out a failure. */
  nudge(): void;
  /** Lets go of everything this process holds. The tasks go on. */
  close(): Promise<void>;
}
