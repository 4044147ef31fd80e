import { PROTOCOL_VERSION_META_KEY, SUBSCRIPTION_ID_META_KEY } from "@modelcontextprotocol/server";
import type { JsonObject, TaskView } from "holdfast";
import { detailedTask } from "../../../front/2026-07-28/detailed-task.ts";
import { isObject } from "../../../front/client-capabilities.ts";
import { INVALID_REQUEST } from "../../../front/rpc-error.ts";
import { HEADER_MISMATCH } from "../../../src/protocol/error-codes.ts";
import { STREAM_LIFE_MS } from "../../http/event-stream.ts";
import { follow, pause } from "../../http/follow.ts";
import type { Caller } from "../caller.ts";
import { CallerTasks } from "../caller-tasks.ts";
import { errorResponse, type Frame, metaOf, paramsOf } from "../frame.ts";
import { type MessageStream, messageStream } from "../message-stream.ts";
import { declaresTasks, tasksNeeded } from "./envelope.ts";

/** How many tasks one subscription is agreed to: each is asked after by itself. */
const MOST_WATCHED = 100;

/**
 * The SDK's router knows the core's notifications only, and leaves `taskIds` out of what it agrees to. It knows what to say to
 * who speaks another version.
 */
export function wantsTasks(frame: Frame): boolean {
  const served = metaOf(frame)[PROTOCOL_VERSION_META_KEY] === "2026-07-28";
  return served && frame.method === "subscriptions/listen" && taskIdsOf(frame) !== undefined;
}

/** A `subscriptions/listen` that names tasks: the caller's own are acknowledged, and each of their changes is notified. */
export async function openTaskSubscription(
  caller: Caller,
  request: Request,
  frame: Frame,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Response> {
  const { id } = frame;
  const meta = metaOf(frame);
  if (id === undefined) return errorResponse(400, id, { code: INVALID_REQUEST, message: "No request id" });
  const named =
    request.headers.get("mcp-method") === frame.method &&
    request.headers.get("mcp-protocol-version") === meta[PROTOCOL_VERSION_META_KEY];
  if (!named) {
    const message = "The Mcp-Method or MCP-Protocol-Version header does not match the body";
    return errorResponse(400, id, { code: HEADER_MISMATCH, message });
  }
  if (!declaresTasks(frame)) return errorResponse(400, id, tasksNeeded().body);

  const asked = (taskIdsOf(frame) ?? []).slice(0, MOST_WATCHED);
  const known = await Promise.all(asked.map((taskId) => taskOf(caller, taskId)));
  const tasks = known.filter((task) => task !== undefined);
  const work = async ({ send, signal }: MessageStream): Promise<void> => {
    const notify = (method: string, params: object): void =>
      send({ jsonrpc: "2.0", method, params: { ...params, _meta: { [SUBSCRIPTION_ID_META_KEY]: id } } });
    notify("notifications/subscriptions/acknowledged", {
      notifications: { taskIds: tasks.map((task) => task.id) },
    });
    const sent = new Map(tasks.map((task) => [task.id, task.rev]));
    // By their groups: one stream for each.
    const groups = new Map<string, string[]>();
    const personal = tasks.filter(({ id: taskId }) => caller.endpointOfTask(taskId)?.isPersonal);
    const watched = followPersonal(caller, personal, (task) => notify("notifications/tasks", task), signal);
    for (const { id: taskId } of tasks) {
      if (personal.some((task) => task.id === taskId)) continue;
      const group = taskId.slice(0, taskId.lastIndexOf("."));
      groups.set(group, [...(groups.get(group) ?? []), taskId]);
    }
    await Promise.all([
      watched,
      ...[...groups.values()].map((ids) => watch(caller, ids, sent, notify, signal)),
    ]);
  };
  return messageStream(waitUntil, work, { lifeMs: STREAM_LIFE_MS });
}

/** The changes of tasks that may wait for a person's consent: that is nowhere stored, and no group's stream has it. */
async function followPersonal(
  caller: Caller,
  views: readonly TaskView[],
  notify: (task: JsonObject) => void,
  signal: AbortSignal,
): Promise<void> {
  if (views.length === 0) return;
  const tasks = new CallerTasks(caller, { follows: true });
  const over = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  for (const view of views) {
    let sent = JSON.stringify(detailedTask(view));
    const task = await tasks.handle(view);
    const report = (): void => {
      const detailed = detailedTask(task.latest);
      const text = JSON.stringify(detailed);
      if (text === sent || signal.aborted) return;
      sent = text;
      notify(detailed);
    };
    task.subscribe(report);
    report();
  }
  await over;
  tasks.close();
}

/** The changes of the tasks of one group, from where the stream broke if it did. */
async function watch(
  caller: Caller,
  taskIds: readonly string[],
  sent: Map<string, number>,
  notify: (method: string, params: object) => void,
  signal: AbortSignal,
): Promise<void> {
  const group = caller.groupOfTask(taskIds[0] ?? "");
  if (!group) return;
  let position: string | undefined;
  const report = async (taskId: string): Promise<void> => {
    const task = await taskOf(caller, taskId);
    if (!task || signal.aborted || task.rev <= (sent.get(taskId) ?? -1)) return;
    sent.set(taskId, task.rev);
    notify("notifications/tasks", detailedTask(task));
  };
  await follow({
    open: (aborted) => {
      const query = position === undefined ? "" : `?after=${position}`;
      return group.fetch(`https://group/events${query}`, { signal: aborted });
    },
    take: async ({ type, data, id }) => {
      position = id ?? position;
      // What changed between the acknowledgement and now.
      if (type === "ready") for (const taskId of taskIds) await report(taskId);
      const { id: taskId } = type === "task" ? (JSON.parse(data) as { id?: string }) : {};
      if (taskId !== undefined && sent.has(taskId)) await report(taskId);
    },
    signal,
    pause,
  });
}

async function taskOf(caller: Caller, taskId: string) {
  return caller.groupOfTask(taskId)?.task(taskId);
}

function taskIdsOf(frame: Frame): string[] | undefined {
  const { notifications } = paramsOf(frame);
  const taskIds = isObject(notifications) ? notifications.taskIds : undefined;
  return Array.isArray(taskIds) ? taskIds.filter((taskId) => typeof taskId === "string") : undefined;
}
