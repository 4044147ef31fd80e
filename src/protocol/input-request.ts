import { isObject, type JsonObject } from "./json.ts";
import { isRequest, type RequestId } from "./json-rpc.ts";
import { RELATED_TASK } from "./session.ts";
import { readTaskId } from "./task-snapshot.ts";

/** The requests a server may put to its client while a call or a task runs. */
export type InputMethod = "elicitation/create" | "sampling/createMessage" | "roots/list";

/** Something the server wants to know before it can go on. */
export interface InputRequest {
  /** Names the request within its task, for {@link Task.answer}. */
  readonly key: string;
  readonly method: InputMethod;
  readonly params: JsonObject;
  /** 2025-11-25 only: the JSON-RPC id under which the server waits for the answer. */
  readonly rpcId?: RequestId;
  /** 2025-11-25 only: the MCP session within which {@link rpcId} holds, where the server has sessions. */
  readonly sessionId?: string;
}

const METHODS: ReadonlySet<string> = new Set(["elicitation/create", "sampling/createMessage", "roots/list"]);

export function isInputMethod(method: unknown): method is InputMethod {
  return typeof method === "string" && METHODS.has(method);
}

/** Reads the `inputRequests` map of 2026-07-28; entries that are no known request are left out. */
export function readInputRequests(value: unknown): InputRequest[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, entry]) =>
    isObject(entry) && isInputMethod(entry.method)
      ? [{ key, method: entry.method, params: isObject(entry.params) ? entry.params : {} }]
      : [],
  );
}

/** A question a 2025-11-25 server puts as a request of its own, and the task it is about, if it says. */
export function readQuestion(
  message: unknown,
  sessionId?: string,
): { readonly request: InputRequest; readonly taskId: string | undefined } | undefined {
  if (!isRequest(message) || !isInputMethod(message.method)) return undefined;
  const { _meta, ...params } = message.params ?? {};
  const related = isObject(_meta) ? _meta[RELATED_TASK] : undefined;
  const taskId = isObject(related) ? readTaskId(related.taskId) : undefined;
  const request = {
    key: `rpc-${message.id}`,
    method: message.method,
    params,
    rpcId: message.id,
    ...(sessionId !== undefined && { sessionId }),
  };
  return { request, taskId };
}
