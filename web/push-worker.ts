import { onNotificationClick, onPush } from "holdfast/push";

/* The console's service worker. It shows what happens to the worker's tasks, also while no page is open. */
addEventListener("push", onPush);
addEventListener("notificationclick", onNotificationClick);
