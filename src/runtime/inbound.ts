import { askedOf, type Candidates, mayBeNamed } from "../engine/attribution.ts";
import type { TaskEvent } from "../engine/state.ts";
import { oversized } from "../engine/task-request.ts";
import { cutText } from "../protocol/bounds.ts";
import type { Origin, Taken } from "../protocol/inbound.ts";
import { type Question, readQuestion } from "../protocol/input-request.ts";
import { isObject, isShallow, type JsonObject } from "../protocol/json.ts";
import { isRequest, type RpcNotification, type RpcRequest } from "../protocol/json-rpc.ts";
import { protocolOf } from "../protocol/registry.ts";
import { MalformedReplyError } from "../protocol/task-reading.ts";
import { readTaskId, type TaskProgress } from "../protocol/task-snapshot.ts";
import type { RunningEndpoint, RunningTask, TaskTable } from "./task-table.ts";

/** How many questions wait for the reply that names their task. A server that asks more is refused. */
const MAX_UNNAMED = 64;

/** Finds the task that a message of a server is about. */
export interface Inbound {
  /** Takes what a server sent that is not a reply. Returns whether it is about a task of this process. */
  take(name: string, message: RpcRequest | RpcNotification, origin: Origin): Taken;
  /** A call has its reply, which may have named the task of a question. */
  callEnded(): void;
}

/** @param maxResultLength The longest result taken, by the length of its JSON text. */
export function createInbound(
  table: TaskTable,
  maxResultLength: number,
  dispatch: (task: RunningTask, event: TaskEvent) => void,
): Inbound {
  /** Asks again whose a question is that names an unknown task. */
  const unnamed: (() => void)[] = [];

  function ask(endpoint: RunningEndpoint, question: Question, about: string | undefined): Taken {
    const { taskId, request } = question;
    const candidates: Candidates = {
      named: (id) => endpoint.named.get(id)?.state,
      recorded: (id) => endpoint.tasks.get(id)?.state,
      all: () => [...endpoint.tasks.values()].map(({ state }) => state),
    };
    // On a Client's transport, a request that came on no stream of ours may be for the Client.
    const state = askedOf(candidates, { taskId, about }, endpoint.server?.hasOwnTransport === true);
    const task = state && endpoint.tasks.get(state.record.id);
    if (!task) {
      if (unnamed.length >= MAX_UNNAMED || !mayBeNamed(candidates, { taskId, about })) return false;
      return new Promise((resolve) => {
        unnamed.push(() => resolve(ask(endpoint, question, about)));
      });
    }
    dispatch(task, { type: "asked", request });
    // One for which there was no room is refused, like one that nobody can answer.
    const isAsked = (): boolean =>
      table.tasks.get(task.id)?.state.record.inputs.some(({ rpcId }) => rpcId === request.rpcId) ?? true;
    return task.tenure.overtaken?.then(isAsked) ?? isAsked();
  }

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

  return {
    take(name, message, origin) {
      const { method } = message;
      const params = isObject(message.params) ? message.params : {};
      const endpoint = table.endpoint(name);
      // The channel refuses such a request, and the next poll says what such a notification would have said.
      if (!isShallow(params)) return false;
      if (isRequest(message)) {
        const question = readQuestion(message, origin.sessionId, origin.about);
        return question ? ask(endpoint, question, origin.about) : false;
      }
      if (method === "notifications/progress") return progressed(endpoint, params);
      if (method !== "notifications/subscriptions/acknowledged") return notified(endpoint, method, params);
      const agreed = isObject(params.notifications) ? params.notifications.taskIds : undefined;
      endpoint.feed?.acknowledged(Array.isArray(agreed) ? agreed : []);
      return endpoint.feed !== undefined;
    },
    callEnded() {
      for (const again of unnamed.splice(0)) again();
    },
  };
}
