import { isObject, type JsonObject } from "../protocol/json.ts";
import type { TaskStatus } from "../task-status.ts";

/** What happened to a task: it ended, or asks a question (`input_required`). */
export interface TaskPush {
  /** The id of the task. */
  readonly task: string;
  readonly endpoint: string;
  readonly kind: TaskStatus;
}

/** A `push` event of a service worker, as far as it is read: the types of a page do not have it. */
interface PushEventLike {
  readonly data: { json(): unknown } | null;
  waitUntil(work: Promise<unknown>): void;
}

/** A `notificationclick` event of a service worker, as far as it is read. */
interface NotificationEventLike {
  readonly notification: { readonly data: unknown; close(): void };
  waitUntil(work: Promise<unknown>): void;
}

/** A service worker's global scope, as far as it is used: the types of a page do not have it. */
interface WorkerScope {
  readonly registration: Pick<ServiceWorkerRegistration, "showNotification">;
  readonly clients: {
    matchAll(options: {
      readonly type: "window";
      readonly includeUncontrolled: true;
    }): Promise<readonly WindowClientLike[]>;
    openWindow(url: string): Promise<unknown>;
  };
}

interface WindowClientLike {
  readonly url: string;
  focus(): Promise<unknown>;
  navigate(url: string): Promise<WindowClientLike | null>;
}

/**
 * Shows the notification of a push message of a Holdfast worker: `self.addEventListener("push", onPush)`. Returns what happened, or
 * `undefined` for a message of another sender, which is left to others.
 * @example
 * self.addEventListener("push", onPush);
 */
export function onPush(event: Event): TaskPush | undefined {
  const push = event as Event & PushEventLike;
  const message = messageIn(push);
  const shown = message?.web_push === 8030 ? message.notification : undefined;
  if (!isObject(shown) || !isTaskPush(shown.data)) return undefined;
  const { title, navigate, data, ...options } = shown;
  push.waitUntil(
    scope().registration.showNotification(String(title), { ...options, data: { ...data, navigate } }),
  );
  return data;
}

/**
 * Opens the page of the task: `self.addEventListener("notificationclick", onNotificationClick)`. A window that shows the same document
 * changes its hash and receives the focus; else a window is opened. Returns `undefined` for a notification of another sender.
 * @example
 * self.addEventListener("notificationclick", onNotificationClick);
 */
export function onNotificationClick(event: Event): TaskPush | undefined {
  const click = event as Event & NotificationEventLike;
  const { data } = click.notification;
  if (!isTaskPush(data) || typeof data.navigate !== "string") return undefined;
  click.notification.close();
  click.waitUntil(show(data.navigate));
  return data;
}

async function show(url: string): Promise<void> {
  const { clients } = scope();
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = windows.find((client) => documentOf(client.url) === documentOf(url));
  try {
    const shown = open && (open.url === url ? open : await open.navigate(url));
    if (shown) return void (await shown.focus());
  } catch {
    // The window is not controlled by this service worker.
  }
  await clients.openWindow(url);
}

function documentOf(url: string): string {
  return url.replace(/#.*/s, "");
}

function messageIn({ data }: PushEventLike): JsonObject | undefined {
  try {
    const message = data?.json();
    return isObject(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

function isTaskPush(data: unknown): data is TaskPush & JsonObject {
  return isObject(data) && [data.task, data.endpoint, data.kind].every((value) => typeof value === "string");
}

function scope(): WorkerScope {
  return globalThis as unknown as WorkerScope;
}
