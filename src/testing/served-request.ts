import { INVALID_PARAMS } from "../protocol/error-codes.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { RequestId } from "../protocol/json-rpc.ts";
import type { ServedTask } from "./scripted-task.ts";

/** One connection of a client, as the server sees it. */
export interface ServedConnection {
  send(message: JsonObject): void;
}

/** A request that the server has to answer. */
export interface ServedRequest {
  readonly id: RequestId;
  readonly connection: ServedConnection;
  readonly method: string;
  readonly params: JsonObject;
  reply(result: JsonObject): void;
  fail(code: number, message: string): void;
}

/** What both generations share: the server's tools and tasks. */
export interface ServedTools {
  readonly pushes: boolean;
  /** The definitions of the tools, as `tools/list` returns them. */
  definitions(): readonly JsonObject[];
  /** How the tool may be called; `undefined` if there is no such tool. */
  taskSupport(tool: string): "required" | "optional" | "forbidden" | undefined;
  /** Starts a call of a tool. */
  start(params: JsonObject, asTask: boolean, ttlMs?: number): ServedTask;
  readonly tasks: ReadonlyMap<string, ServedTask>;
}

/** How a server speaks one generation. */
export interface Wire {
  serve(request: ServedRequest): void;
  /** A task has changed. The measure is for `notifications/progress`. */
  changed(task: ServedTask, progress?: JsonObject): void;
  /** The client answered a request of the server. */
  answered(id: unknown, response: unknown): void;
  /** The client no longer waits for the reply to a request. */
  abandoned(id: unknown, connection: ServedConnection): void;
  closed(connection: ServedConnection): void;
}

/** Finds the task that a request names, or fails the request. */
export function namedTask({ tasks }: ServedTools, request: ServedRequest): ServedTask | undefined {
  const task = tasks.get(String(request.params.taskId));
  if (!task) request.fail(INVALID_PARAMS, "Failed to retrieve task: Task not found");
  return task;
}

/** A moment as servers write it. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
