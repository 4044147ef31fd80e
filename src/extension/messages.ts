import { isObject, type JsonObject } from "../protocol/json.ts";
import type { TaskPreference } from "../protocol/task-protocol.ts";
import type { TaskProgress } from "../protocol/task-snapshot.ts";
import type { TaskView } from "../task-view.ts";
import type { WireError } from "./wire-error.ts";

/** The name of the ports, and with it the version of what is said on them. */
export const PORT_NAME = "holdfast.tasks/1";
/** How the names of all versions begin. */
export const PORT_FAMILY = "holdfast.tasks/";

/** What a page asks of the worker. Every one may be asked again: it is done once. */
export type PageRequest =
  | { readonly method: "endpoints" }
  | { readonly method: "tools"; readonly endpoint: string }
  | {
      readonly method: "call";
      /** Made by the page: under the same id it is the same call. */
      readonly id: string;
      readonly endpoint: string;
      readonly tool: string;
      readonly args: JsonObject;
      readonly prefer?: TaskPreference | undefined;
      readonly ttlMs?: number | undefined;
      readonly repeatable?: boolean | undefined;
      readonly idempotencyKey?: boolean | string | undefined;
      readonly notify?: readonly string[] | undefined;
    }
  /** Without their results. */
  | { readonly method: "tasks"; readonly which: "all" | "unfinished" }
  /** With its result. */
  | { readonly method: "task"; readonly id: string }
  | { readonly method: "answer"; readonly id: string; readonly key: string; readonly response: JsonObject }
  | { readonly method: "cancel"; readonly id: string }
  | { readonly method: "notify"; readonly id: string; readonly addressee: string }
  /** The page makes the receipt: under the same one the same deliveries are returned. Tasks are without their results. */
  | {
      readonly method: "undelivered";
      readonly addressee: string;
      readonly receipt: string;
      readonly leaseMs?: number | undefined;
      /** Only of this task. */
      readonly task?: string | undefined;
    }
  | {
      readonly method: "acknowledge";
      readonly id: string;
      readonly addressee: string;
      readonly receipt: string;
      /** Of a question. */
      readonly key?: string | undefined;
    }
  | { readonly method: "forget"; readonly id: string }
  | { readonly method: "nudge" };

/** What a page sends. */
export interface PageMessage {
  readonly type: "request";
  /** The page's own number of the request, which the reply carries. */
  readonly nr: number;
  /** It may have been sent before, on a port that is gone. */
  readonly again: boolean;
  readonly request: PageRequest;
}

/** What the worker sends. */
export type WorkerMessage =
  /** The first message: the worker sends every change after it. */
  | { readonly type: "ready" }
  /** Last of all: this sender is not spoken with. */
  | { readonly type: "refused"; readonly reason: string }
  | { readonly type: "reply"; readonly nr: number; readonly value: unknown }
  /** Without `nr` where the message was too malformed to have one. */
  | { readonly type: "error"; readonly nr?: number; readonly error: WireError }
  /** Without the result. */
  | { readonly type: "task"; readonly task: TaskView }
  | { readonly type: "progress"; readonly id: string; readonly progress: TaskProgress }
  /** It was deleted. */
  | { readonly type: "forgotten"; readonly id: string };

/** A page's message, or what is wrong with it. */
export type PageReading =
  | { readonly ok: true; readonly message: PageMessage }
  | { readonly ok: false; readonly nr?: number; readonly reason: string };

/** Longer ids are no ids of ours. */
const LONGEST_ID = 200;

/** Reads what came from a page: nothing in it is taken for granted. */
export function readPageMessage(value: unknown): PageReading {
  if (!isObject(value)) return { ok: false, reason: "A message is an object" };
  const { type, nr, again, request } = value;
  if (typeof nr !== "number" || !Number.isSafeInteger(nr)) {
    return { ok: false, reason: "A message has a whole number `nr`" };
  }
  const wrong = (reason: string): PageReading => ({ ok: false, nr, reason });
  if (type !== "request") return wrong("The only message is `request`");
  if (!isObject(request)) return wrong("A request is an object");
  const read = readRequest(request);
  if (typeof read === "string") return wrong(read);
  return { ok: true, message: { type, nr, again: again === true, request: read } };
}

/** The request with nothing else in it, or what is wrong with it. */
function readRequest(request: JsonObject): PageRequest | string {
  const { method, id, endpoint, tool, args, key, response, which, addressee, receipt } = request;
  switch (method) {
    case "endpoints":
    case "nudge":
      return { method };
    case "tools":
      return typeof endpoint === "string" ? { method, endpoint } : "`endpoint` is a text";
    case "tasks":
      return which === "all" || which === "unfinished"
        ? { method, which }
        : "`which` is `all` or `unfinished`";
    case "task":
    case "cancel":
    case "forget":
      return isId(id) ? { method, id } : "`id` is a text";
    case "answer":
      if (!isId(id) || typeof key !== "string") return "`id` and `key` are texts";
      return isObject(response) ? { method, id, key, response } : "`response` is an object";
    case "notify":
      return isId(id) && typeof addressee === "string"
        ? { method, id, addressee }
        : "`id` and `addressee` are texts";
    case "undelivered": {
      if (typeof addressee !== "string" || !isId(receipt)) return "`addressee` and `receipt` are texts";
      const { leaseMs, task } = request;
      if (leaseMs !== undefined && !(typeof leaseMs === "number" && leaseMs >= 0))
        return "`leaseMs` is a number";
      if (task !== undefined && !isId(task)) return "`task` is a text";
      return {
        method,
        addressee,
        receipt,
        ...(leaseMs !== undefined && { leaseMs }),
        ...(task !== undefined && { task }),
      };
    }
    case "acknowledge": {
      if (!isId(id) || typeof addressee !== "string" || !isId(receipt))
        return "`id`, `addressee` and `receipt` are texts";
      if (key !== undefined && typeof key !== "string") return "`key` is a text";
      return { method, id, addressee, receipt, ...(key !== undefined && { key }) };
    }
    case "call": {
      if (!isId(id) || typeof endpoint !== "string" || typeof tool !== "string" || tool === "") {
        return "`id`, `endpoint` and `tool` are texts";
      }
      if (!isObject(args)) return "`args` is an object";
      const { prefer, ttlMs, repeatable, idempotencyKey, notify } = request;
      if (prefer !== undefined && !isPreference(prefer)) return "`prefer` is `task` or `plain`";
      if (ttlMs !== undefined && !(typeof ttlMs === "number" && ttlMs >= 0)) return "`ttlMs` is a number";
      if (repeatable !== undefined && typeof repeatable !== "boolean") return "`repeatable` is true or false";
      if (
        idempotencyKey !== undefined &&
        typeof idempotencyKey !== "boolean" &&
        typeof idempotencyKey !== "string"
      )
        return "`idempotencyKey` is a text, true or false";
      if (notify !== undefined && !isTexts(notify)) return "`notify` is a list of texts";
      const options = {
        ...(prefer !== undefined && { prefer }),
        ...(ttlMs !== undefined && { ttlMs }),
        ...(repeatable !== undefined && { repeatable }),
        ...(idempotencyKey !== undefined && { idempotencyKey }),
        ...(notify !== undefined && { notify }),
      };
      return { method, id, endpoint, tool, args, ...options };
    }
    default:
      return "Its `method` is not known";
  }
}

function isPreference(prefer: unknown): prefer is TaskPreference {
  return prefer === "task" || prefer === "plain";
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function isId(id: unknown): id is string {
  return typeof id === "string" && id !== "" && id.length <= LONGEST_ID;
}
