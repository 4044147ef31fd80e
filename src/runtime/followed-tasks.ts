import type { TaskReference } from "../errors.ts";
import type { Origin } from "../protocol/inbound.ts";
import { readQuestion } from "../protocol/input-request.ts";
import { isShallow } from "../protocol/json.ts";
import type { RpcNotification, RpcRequest } from "../protocol/json-rpc.ts";
import { type TaskView, viewOf } from "../task-view.ts";
import type { HostParts } from "./host-parts.ts";

/** How long a message of another tab may take to arrive, in ms. */
const PUBLISHED_MS = 1_000;

/** Applies a view that another tab published. `plain`: the task is a plain call that ended, and the store does not hold it. */
export function applyPublished(parts: HostParts, view: TaskView, plain: boolean): void {
  const { options, runtime } = parts;
  runtime.overtakenBy(view);
  if (options.follows(view.id)) options.changed(view);
  else void applyUnknown(parts, view, plain);
}

/** A leader that stepped down published the view: it only shows that the store may hold a later one. */
export function applyOutdated(parts: HostParts, view: TaskView): void {
  parts.runtime.overtakenBy(view);
  if (parts.options.follows(view.id)) void reload(parts, view.id);
}

/** A tab that was frozen for long publishes old views: the view of a task without a handle here is compared with the store. */
async function applyUnknown({ options, stored }: HostParts, view: TaskView, plain: boolean): Promise<void> {
  // A plain call of another tab is news only to a holder of its handle.
  if (plain) return options.over(view.id);
  if (view.outcome) return options.changed(view);
  const record = await stored.record(view.id);
  // Without a record in the store, the task was a plain call that has ended.
  if (record) options.changed(record.rev > view.rev ? viewOf(record) : view);
}

/** Reads the followed tasks of an endpoint that run elsewhere: a tab that was frozen may have missed messages. */
export function refresh(parts: HostParts, endpoint: string): void {
  for (const task of [...parts.options.followed()])
    if (task.endpoint === endpoint) void reload(parts, task.id);
}

async function reload({ options, runtime, stored }: HostParts, id: string): Promise<void> {
  if (runtime.state(id)) return;
  const record = await stored.record(id);
  if (record) options.changed(viewOf(record));
}

/**
 * Reports the end of another tab's queued call that turned out to be plain: it left the store, and ends with its tab.
 * Until then that tab publishes how it ended.
 */
export function followCall({ options, runtime, ownership }: HostParts, task: TaskReference): void {
  const { store, clock, over } = options;
  const { id } = task;
  if (runtime.state(id)) return;
  const look = async (): Promise<void> => {
    if ((await store.load(id)) === undefined) clock.after(PUBLISHED_MS, () => over(id));
  };
  // A store that cannot be read says nothing.
  ownership(task).calls.takeOver(id, () => look().catch(() => undefined));
}

/** A question about a task that another tab runs may come to this tab's connection (2025-11-25). Returns whether it is one. */
export function passOn(
  { options, ownership }: HostParts,
  endpoint: string,
  message: RpcRequest | RpcNotification,
  { about, sessionId }: Origin,
): boolean {
  const asked = isShallow(message.params) ? readQuestion(message, sessionId, about) : undefined;
  const owner = ownership({ endpoint });
  if (!asked || owner.leadership === "alone") return false;
  // One that names no task is for the one task there is, if no other request of this tab brought it.
  const unnamed = asked.taskId === undefined && about === undefined;
  const own = options.endpoint(endpoint)?.hasOwnTransport === true;
  const meant = [...options.followed()].filter(
    ({ endpoint: theirs, taskId }) =>
      theirs === endpoint && taskId !== undefined && (unnamed ? own : taskId === asked.taskId),
  );
  const task = unnamed && meant.length > 1 ? undefined : meant.at(-1);
  // A client that closes meanwhile takes no question: the server asks the next one again.
  if (task) owner.ask({ type: "asked", id: task.id, request: asked.request }).catch(() => undefined);
  return task !== undefined;
}
