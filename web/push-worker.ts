import { type NotificationEventLike, onNotificationClick, onPush, type PushEventLike } from "holdfast/push";

/** The console's service worker. It shows what happens to the worker's tasks, also while no page is open. */
addEventListener("push", (event) => void onPush(event as Event & PushEventLike));
addEventListener(
  "notificationclick",
  (event) => void onNotificationClick(event as Event & NotificationEventLike),
);
