import type { TaskEvent } from "../engine/state.ts";
import { oversized } from "../engine/task-request.ts";
import { cutText } from "../protocol/bounds.ts";
import type { Origin, Taken } from "../protocol/inbound.ts";
import { isObject, isShallow, type JsonObject } from "../protocol/json.ts";
import { isRequest, type RpcNotification, type RpcRequest } from "../protocol/json-rpc.ts";
import { protocolOf } from "../protocol/registry.ts";
import { MalformedReplyError } from "../protocol/task-reading.ts";
import { readTaskId, type TaskProgress } from "../protocol/task-snapshot.ts";
import type { Asking } from "./asking.ts";
import type { RunningEndpoint, RunningTask, TaskTable } from "./task-table.ts";

/** Takes what a server sent that is not a reply. Returns whether it is about a task of this process. */
export type Inbound = (name: string, message: RpcRequest | RpcNotification, origin: Origin) => Taken;

/** @param maxResultLength The longest result taken, by the length of its JSON text. */
export function createInbound(
  table: TaskTable,
  maxResultLength: number,
  asking: Asking | undefined,
  dispatch: (task: RunningTask, event: TaskEvent) => void,
): Inbound {
  function progressed(endpoint: RunningEndpoint, params: JsonObject): boolean {
    const { progressToken, progress, total, message } = params;
    // The token is the record's own id, so it still means the same after a reload.
    const task = endpoint.tasks.get(progressToken as string);
    if (!task || typeof progress !== "number") return false;
    const seen: TaskProgress = {
      progress,
      ...(typeof total === "number" && { total }),
      ...(typeof message === "string" && { message: cutText(message) }),
    };
    dispatch(task, { type: "progressed", progress: seen });
    return true;
  }

  function notified(endpoint: RunningEndpoint, method: string, params: JsonObject): boolean {
    const task = endpoint.named.get(readTaskId(params.taskId) ?? "");
    if (!task) return false;
    try {
      const reading = protocolOf(task.state.record.generation).decodeNotification(method, params);
      if (!reading) return false;
      const event: TaskEvent = { type: "notified", reading };
      // One too large is left to the poll, which says so.
      if (!oversized(event, maxResultLength)) dispatch(task, event);
    } catch (error) {
      // A notification is only a hint: a malformed one changes nothing, and the polls go on.
      if (!(error instanceof MalformedReplyError)) throw error;
    }
    return true;
  }

  return (name, message, origin) => {
    const { method } = message;
    const params = isObject(message.params) ? message.params : {};
    const endpoint = table.endpoint(name);
    // The channel refuses such a request, and the next poll says what such a notification would have said.
    if (!isShallow(params)) return false;
    if (isRequest(message)) return asking?.take(endpoint, message, origin) ?? false;
    if (method === "notifications/progress") return progressed(endpoint, params);
    if (method !== "notifications/subscriptions/acknowledged") return notified(endpoint, method, params);
    const agreed = isObject(params.notifications) ? params.notifications.taskIds : undefined;
    endpoint.feed?.acknowledged(Array.isArray(agreed) ? agreed : []);
    return endpoint.feed !== undefined;
  };
}
