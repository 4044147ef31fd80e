import { cutText } from "../protocol/cut-text.ts";
import type { RpcErrorBody } from "../protocol/json-rpc.ts";
import type { TaskView } from "../protocol/task-view.ts";
import type { Fault } from "./fault.ts";
import type { TaskEvent } from "./state.ts";

/** The longest status, progress or error message that is taken of a server, in characters. */
const MESSAGE = 4 * 1024;
/** The longest text for a model. */
const RESPONSE = 16 * 1024;
/** The longest data of a JSON-RPC error, as JSON text. It is left out if it is longer: cut, it would be no JSON. */
const ERROR_DATA = 64 * 1024;
/** The most that a server may ask at once, as JSON text, with the state of a call that it wants back. */
export const MAX_QUESTION_LENGTH: number = 256 * 1024;

/** An event with every text of the server cut to what a record takes. Results and questions are not cut: they must be whole. */
export function bounded(event: TaskEvent): TaskEvent {
  switch (event.type) {
    case "polled":
    case "notified":
      return { ...event, view: boundedView(event.view) };
    case "cancelTaken":
      return event.view ? { ...event, view: boundedView(event.view) } : event;
    case "called": {
      const { reply } = event;
      if (reply.kind !== "task") return event;
      const { immediateResponse: text } = reply;
      return {
        ...event,
        reply: {
          ...reply,
          view: boundedView(reply.view),
          ...(text !== undefined && { immediateResponse: cutText(text, RESPONSE) }),
        },
      };
    }
    case "fetched": {
      const { payload } = event;
      return payload.kind === "error"
        ? { ...event, payload: { ...payload, error: boundedError(payload.error) } }
        : event;
    }
    case "faulted":
      return { ...event, fault: boundedFault(event.fault) };
    case "progressed": {
      const { progress } = event;
      if (progress.message === undefined) return event;
      return { ...event, progress: { ...progress, message: cutText(progress.message, MESSAGE) } };
    }
    default:
      return event;
  }
}

/** How long what the server asks with this event is, as JSON text in characters. */
export function questionLength(event: TaskEvent): number {
  switch (event.type) {
    case "polled":
    case "notified":
      return lengthOf(event.view.inputRequests);
    case "called":
      return event.reply.kind === "input" ? lengthOf(event.reply) : 0;
    case "asked":
      return lengthOf(event.request);
    default:
      return 0;
  }
}

function lengthOf(value: unknown): number {
  return value === undefined ? 0 : JSON.stringify(value).length;
}

function boundedView(view: TaskView): TaskView {
  const { snapshot, payload } = view;
  const { statusMessage } = snapshot;
  return {
    ...view,
    ...(statusMessage !== undefined && {
      snapshot: { ...snapshot, statusMessage: cutText(statusMessage, MESSAGE) },
    }),
    ...(payload?.kind === "error" && { payload: { ...payload, error: boundedError(payload.error) } }),
  };
}

function boundedFault(fault: Fault): Fault {
  const message = cutText(fault.message, MESSAGE);
  return fault.kind === "rpc"
    ? { ...fault, message, error: boundedError(fault.error) }
    : { ...fault, message };
}

function boundedError({ code, message, data }: RpcErrorBody): RpcErrorBody {
  const length = lengthOf(data);
  const text = cutText(message, MESSAGE);
  if (length > ERROR_DATA) return { code, message: `${text} (${length} characters of data left out)` };
  return { code, message: text, ...(data !== undefined && { data }) };
}
