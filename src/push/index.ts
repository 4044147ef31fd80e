/**
 * Web Push from a Holdfast worker: a page subscribes, and its service worker shows the ends and questions of tasks.
 *
 * ```ts
 * // In the page, from a click:
 * await subscribeToPush({ worker, token, registration: await navigator.serviceWorker.ready, open: "/tasks/{task}" });
 * // In the service worker:
 * self.addEventListener("push", onPush);
 * self.addEventListener("notificationclick", onNotificationClick);
 * ```
 * @module
 */

export { onNotificationClick, onPush, type TaskPush } from "./notifications.ts";
export {
  type PushListing,
  type PushOptions,
  type PushOwner,
  pushSubscription,
  type SubscribeOptions,
  subscribeToPush,
  unsubscribeFromPush,
} from "./subscription.ts";
