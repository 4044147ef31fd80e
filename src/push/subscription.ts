import { type Clock, shortClock } from "../clock.ts";
import { createRemoteApi, type RemoteApi, type TokenSource } from "../remote/remote-api.ts";

/** How often a request to the worker is made in all, if failures pass. */
const ATTEMPTS = 4;
const never = new AbortController().signal;

/** An object with push subscriptions: a service worker's registration, or `window` in browsers with declarative Web Push. */
export interface PushOwner {
  readonly pushManager: PushManager;
}

export interface PushOptions {
  /** Where the worker is: what stands before `/v1`. */
  readonly worker: string | URL;
  /** The bearer token, or a function that returns it. */
  readonly token?: TokenSource;
  readonly registration: PushOwner;
  readonly fetch?: typeof globalThis.fetch;
  readonly clock?: Clock;
}

export interface SubscribeOptions extends PushOptions {
  /** The page that a notification opens. `{task}` in it stands for the id of the task. Relative to the page that subscribes. */
  readonly open: string;
  /** Pushes only what happens to tasks that name this addressee (`notify`). By default, to all tasks of the token's principal. */
  readonly addressee?: string;
  /**
   * Also shows the beginning of a result, of a failure or of a question. By default a notification has the names of the tool and of
   * the endpoint, and nothing else.
   */
  readonly details?: boolean;
  /** Ends a subscription that the registration has with another key: of another account or worker, or of the app's own push. */
  readonly replace?: boolean;
}

/** A subscription as the worker has it. */
export interface PushListing {
  readonly id: string;
  /** The host of the browser's push service. */
  readonly service: string;
  /** ms since 1970. */
  readonly createdAt: number;
  readonly addressee?: string;
  readonly details: boolean;
}

/**
 * Subscribes this browser to the ends and questions of tasks that run in a Holdfast worker. Browsers ask the person for permission:
 * call it from a click. Subscribe again whenever the app is opened, as browsers may end a subscription at any time.
 *
 * Rejects with the DOMException of `PushManager.subscribe()` (`NotAllowedError` without permission), with a `RemoteApiError` if the
 * worker refuses or cannot be reached, and with an Error if the registration has a subscription with another key and `replace` is not set.
 * @example
 * await subscribeToPush({ worker: "https://tasks.example", token: () => session.token, registration, open: "/tasks/{task}" });
 */
export async function subscribeToPush(options: SubscribeOptions): Promise<PushListing> {
  const { registration, open, addressee, details, replace } = options;
  const api = apiOf(options);
  const { key } = (await ask(api, "GET", "/v1/push-key")) as { readonly key: string };
  const { pushManager } = registration;
  const known = await pushManager.getSubscription();
  const other = known?.options.applicationServerKey;
  if (known && other && base64url(other) !== key) {
    if (!replace)
      throw new Error(
        "The service worker's registration is subscribed with the key of another server or account: set `replace` to end that subscription, or use another registration",
      );
    await known.unsubscribe();
  }
  const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  // The braces are encoded in a path.
  const page = new URL(open, globalThis.location?.href).href.replaceAll("%7Btask%7D", "{task}");
  const body = { ...subscription.toJSON(), open: page, addressee, details };
  return (await ask(api, "POST", "/v1/push-subscriptions", body)) as PushListing;
}

/**
 * Returns this browser's subscription as the worker has it, or `undefined`. Rejects with a `RemoteApiError`.
 * @example
 * const subscribed = (await pushSubscription({ worker, token, registration })) !== undefined;
 */
export async function pushSubscription(options: PushOptions): Promise<PushListing | undefined> {
  const subscription = await options.registration.pushManager.getSubscription();
  if (!subscription) return undefined;
  const id = await idOf(subscription);
  const listed = await ask(apiOf(options), "GET", "/v1/push-subscriptions");
  const { subscriptions } = listed as { readonly subscriptions: readonly PushListing[] };
  return subscriptions.find((listing) => listing.id === id);
}

/**
 * Ends this browser's subscription, in the browser and in the worker. Does nothing without one. Rejects with a `RemoteApiError` if the worker
 * cannot be reached: the browser receives no message any more, and the worker removes the subscription when it sends the next.
 * @example
 * await unsubscribeFromPush({ worker, token, registration });
 */
export async function unsubscribeFromPush(options: PushOptions): Promise<void> {
  const subscription = await options.registration.pushManager.getSubscription();
  if (!subscription) return;
  const id = await idOf(subscription);
  await subscription.unsubscribe();
  await ask(apiOf(options), "DELETE", `/v1/push-subscriptions/${id}`);
}

function apiOf({ worker, token, fetch, clock = shortClock }: PushOptions): RemoteApi {
  return createRemoteApi({
    url: worker,
    token,
    fetch,
    clock,
    retrying: () => undefined,
  });
}

async function ask(
  api: RemoteApi,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: object,
): Promise<unknown> {
  const request = { method, path, signal: never, ...(body && { body: JSON.stringify(body) }) };
  return (await api.insist(request, ATTEMPTS)).json;
}

/** The worker's id of a subscription: 16 bytes of the SHA-256 of its address. */
async function idOf({ endpoint }: PushSubscription): Promise<string> {
  return base64url((await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint))).slice(0, 16));
}

function base64url(bytes: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
