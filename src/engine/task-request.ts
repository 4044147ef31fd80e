import { MAX_QUESTIONS } from "../protocol/bounds.ts";
import { defined, isShallow, type JsonObject, MAX_DEPTH } from "../protocol/json.ts";
import { protocolOf } from "../protocol/registry.ts";
import type { CallRetry, Frame, TaskId } from "../protocol/task-protocol.ts";
import type { RecordedInput, TaskRecord } from "./record.ts";
import { RequestFailedError } from "./request-failed.ts";
import type { RequestFailure } from "./request-failure.ts";
import type { TaskEvent } from "./state.ts";

/** A request about a task: what to send, and how to read the reply. `read` throws a MalformedReplyError or RequestFailedError. */
export interface TaskRequest {
  readonly frame: Frame;
  readonly read: (reply: unknown) => TaskEvent;
}

/** The requests that need no more than the record. */
export type PlainOperation = "call" | "get" | "result" | "cancel";

export function taskRequest(record: TaskRecord, operation: PlainOperation): TaskRequest {
  return { frame: frameOf(record, operation), read: (reply) => eventOf(reply, record, operation) };
}

/** The frame of a {@link taskRequest}, without the closure that reads its reply: each poll would make one. */
export function frameOf(record: TaskRecord, operation: PlainOperation): Frame {
  const { call, generation } = record;
  const protocol = protocolOf(generation);
  const taskId = wireIdOf(record);
  switch (operation) {
    case "call":
      return protocol.encodeCall(call, retryOf(record));
    case "get":
      return protocol.encodeGet(taskId);
    case "result":
      if (protocol.encodeResult) return protocol.encodeResult(taskId);
      throw new TypeError(`No ${operation} request in ${generation}`);
    case "cancel":
      return protocol.encodeCancel(taskId);
  }
}

/** What the reply to a {@link taskRequest} says. Throws what its `read` throws. */
export function eventOf(reply: unknown, record: TaskRecord, operation: PlainOperation): TaskEvent {
  const { call, generation } = record;
  const protocol = protocolOf(generation);
  const taskId = wireIdOf(record);
  switch (operation) {
    case "call":
      return { type: "called", reply: protocol.decodeCall(call, shallow(reply)) };
    case "get":
      return { type: "polled", reading: protocol.decodeGet(taskId, shallow(reply)) };
    case "result": {
      const decode = protocol.decodeResult as NonNullable<typeof protocol.decodeResult>;
      return { type: "fetched", payload: decode(shallow(reply)) };
    }
    case "cancel": {
      const reading = protocol.decodeCancel(taskId, reply);
      return { type: "cancelTaken", ...(reading && { reading }) };
    }
  }
}

/** Why a reply is larger than this client takes, if it is. Nothing has stored it yet; at the server it stays for its TTL. */
export function oversized(event: TaskEvent, maxResultLength: number): RequestFailure | undefined {
  const payload = payloadOf(event);
  const length = payload === undefined ? 0 : JSON.stringify(payload).length;
  if (length > maxResultLength) return tooLong("result", length, maxResultLength);
  const state = event.type === "called" && event.reply.kind === "input" && event.reply.requestState;
  if (state && state.length > MAX_QUESTIONS)
    return tooLong("state that the server wants back", state.length, MAX_QUESTIONS);
  return undefined;
}

function tooLong(what: string, length: number, most: number): RequestFailure {
  const message = `The ${what} is ${length} characters long, and at most ${most} are taken`;
  return { kind: "oversized", message };
}

function payloadOf(event: TaskEvent): unknown {
  switch (event.type) {
    case "called":
      return event.reply.kind === "result" ? event.reply.result : undefined;
    case "polled":
    case "notified":
      return event.reading.payload;
    case "fetched":
      return event.payload;
    default:
      return undefined;
  }
}

/** A reply that can be compared and stored. Throws a RequestFailedError for one that is nested too deep. */
function shallow(reply: unknown): unknown {
  if (isShallow(reply)) return reply;
  const message = `The reply is nested more than ${MAX_DEPTH} levels deep, which cannot be stored`;
  throw new RequestFailedError("The request", { kind: "oversized", message });
}

/** The id as the server wrote it. */
export function wireIdOf({ taskId = "", snapshot }: TaskRecord): TaskId {
  return snapshot?.numericId ? Number(taskId) : taskId;
}

/** What a call that the server has asked about carries back (mrtr). */
function retryOf({ call: { rounds, requestState }, inputs }: TaskRecord): CallRetry | undefined {
  if (rounds === 0) return undefined;
  const inputResponses = responsesOf(inputs);
  const answered = Object.keys(inputResponses).length > 0;
  return defined({ inputResponses: answered ? inputResponses : undefined, requestState });
}

export function responsesOf(inputs: readonly RecordedInput[]): JsonObject {
  return Object.fromEntries(inputs.flatMap(({ key, response }) => (response ? [[key, response]] : [])));
}
