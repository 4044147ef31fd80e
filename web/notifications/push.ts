import { pushSubscription, subscribeToPush, unsubscribeFromPush } from "holdfast/push";
import { hrefOf } from "../../ui/app/route.ts";
import { workerToken } from "../access/worker-token.ts";

const SCRIPT = "/push-worker.js";

/** Whether the worker pushes to this browser. */
export type PushState =
  | { readonly kind: "unsupported" | "denied" | "off" }
  | { readonly kind: "on"; readonly details: boolean };

/** Rejects with an Error that says what the worker said. */
export async function readPush(): Promise<PushState> {
  if (!("serviceWorker" in navigator && "PushManager" in globalThis)) return { kind: "unsupported" };
  if (Notification.permission === "denied") return { kind: "denied" };
  const registration = await navigator.serviceWorker.getRegistration();
  const known = registration && (await pushSubscription({ ...worker(), registration }));
  return known ? { kind: "on", details: known.details } : { kind: "off" };
}

/** Asks the person for permission if need be: to be called from a click. Rejects with an Error to show. */
export async function switchPush(wanted: PushState): Promise<PushState> {
  if (wanted.kind === "on") {
    await navigator.serviceWorker.register(SCRIPT);
    const registration = await navigator.serviceWorker.ready;
    const open = `${location.origin}/${hrefOf("tasks")}/{task}`;
    // The registration is the console's own: another key is of another person who signed in here.
    await subscribeToPush({ ...worker(), registration, open, details: wanted.details, replace: true });
  } else {
    const registration = await navigator.serviceWorker.getRegistration();
    if (registration) await unsubscribeFromPush({ ...worker(), registration });
  }
  return readPush();
}

function worker() {
  return { worker: location.origin, token: workerToken() ?? "" };
}
