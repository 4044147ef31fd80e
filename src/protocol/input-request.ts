import { cutText, MAX_KEY } from "./bounds.ts";
import { defined, isObject, type JsonObject } from "./json.ts";
import { isRequest, type RequestId } from "./json-rpc.ts";
import { RELATED_TASK } from "./session.ts";
import { readTaskId } from "./task-snapshot.ts";

/** The requests that the specification lets a server put to its client while a call or a task runs. */
export type InputMethod = "elicitation/create" | "sampling/createMessage" | "roots/list";

/** Something the server wants to know before it can go on. */
export interface InputRequest {
  /** Names the request within its task, for {@link Task.answer}. */
  readonly key: string;
  /**
   * An {@link InputMethod}, or one of a later specification or an extension, which this client does not know. Such a
   * request can be declined with `{ action: "decline" }`, or answered by an app that knows the method.
   */
  readonly method: string;
  readonly params: JsonObject;
  /** Why the server refused the latest answer: the request is open again. */
  readonly refusal?: string;
  /** 2025-11-25 only: the JSON-RPC id under which the server waits for the answer. */
  readonly rpcId?: RequestId;
  /** 2025-11-25 only: the MCP session within which {@link rpcId} holds, where the server has sessions. */
  readonly sessionId?: string;
}

const METHODS: ReadonlySet<string> = new Set(["elicitation/create", "sampling/createMessage", "roots/list"]);

export function isInputMethod(method: unknown): method is InputMethod {
  return typeof method === "string" && METHODS.has(method);
}

/**
 * Whether an answer declines a request of an unknown method. Only `elicitation/create` has a result that says no: to
 * others, a request of the server is answered with a JSON-RPC error.
 */
export function declinesUnknown({ method, response }: { method: string; response?: JsonObject }): boolean {
  return !isInputMethod(method) && (response?.action === "decline" || response?.action === "cancel");
}

/** The longest name of a method that is kept, in UTF-16 code units. */
const MAX_METHOD = 200;

/** Reads the `inputRequests` map of 2026-07-28; entries that are not requests are left out. */
export function readInputRequests(value: unknown): InputRequest[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, entry]) =>
    isObject(entry) && typeof entry.method === "string" && key.length <= MAX_KEY
      ? [
          {
            key,
            method: cutText(entry.method, MAX_METHOD),
            params: isObject(entry.params) ? entry.params : {},
          },
        ]
      : [],
  );
}

/** A question that a 2025-11-25 server puts as a request of its own, and the task it says it is about. */
export interface Question {
  readonly request: InputRequest;
  readonly taskId: string | undefined;
}

/** Requests to a client that are never about a task (2025-11-25 tasks, "Associating Task-Related Messages"). */
const NO_QUESTION = /^(ping$|initialize$|tasks\/)/;

/**
 * Reads a question that a 2025-11-25 server puts as a request of its own, and the task it is about, if it says.
 * @param about The record on whose stream it came, if that is known. A request of an unknown method is a question
 *   only where the server names a task or asks on such a stream; any other one is refused.
 */
export function readQuestion(message: unknown, sessionId?: string, about?: string): Question | undefined {
  if (!isRequest(message) || NO_QUESTION.test(message.method)) return undefined;
  if (String(message.id).length > MAX_KEY) return undefined;
  const { _meta, ...params } = message.params ?? {};
  const related = isObject(_meta) ? _meta[RELATED_TASK] : undefined;
  const taskId = isObject(related) ? readTaskId(related.taskId) : undefined;
  if (!isInputMethod(message.method) && taskId === undefined && about === undefined) return undefined;
  const request = defined({
    key: `rpc-${message.id}`,
    method: cutText(message.method, MAX_METHOD),
    params,
    rpcId: message.id,
    sessionId,
  });
  return { request, taskId };
}
