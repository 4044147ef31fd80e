import { describe, expect, it } from "vitest";
import { pushSubscription, subscribeToPush, unsubscribeFromPush } from "../../../src/push/index.ts";
import { RemoteApiError } from "../../../src/remote/index.ts";

const ENDPOINT = "https://push.example/send/abc";
/** The first 16 bytes of the SHA-256 of the address. */
const ID = "cEPJINy_jo9BaOhQDpe2Tg";
const KEY = Buffer.alloc(65, 4).toString("base64url");

/** A browser's PushManager, and what it was asked. */
class FakePushManager {
  subscription: { readonly key: string } | undefined;
  readonly asked: PushSubscriptionOptionsInit[] = [];
  refusal: Error | undefined;

  async getSubscription() {
    return this.subscription ? this.#made(this.subscription.key) : null;
  }

  async subscribe(options: PushSubscriptionOptionsInit) {
    if (this.refusal) throw this.refusal;
    this.asked.push(options);
    this.subscription = { key: String(options.applicationServerKey) };
    return this.#made(this.subscription.key);
  }

  #made(key: string) {
    return {
      endpoint: ENDPOINT,
      options: { applicationServerKey: new Uint8Array(Buffer.from(key, "base64url")).buffer },
      toJSON: () => ({ endpoint: ENDPOINT, expirationTime: null, keys: { p256dh: "p", auth: "a" } }),
      unsubscribe: async () => {
        this.subscription = undefined;
        return true;
      },
    };
  }
}

/** A worker's API for subscriptions, and the requests it received. */
class FakeWorker {
  readonly requests: { readonly line: string; readonly body: unknown; readonly token: string | null }[] = [];
  listed: string[] = [];
  status = 201;

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const line = `${request.method} ${new URL(request.url).pathname}`;
    const body = request.method === "POST" ? await request.json() : undefined;
    this.requests.push({ line, body, token: request.headers.get("authorization") });
    if (line === "GET /v1/push-key") return Response.json({ key: KEY });
    if (line === "GET /v1/push-subscriptions")
      return Response.json({ subscriptions: this.listed.map((id) => ({ id })) });
    if (request.method === "DELETE") return new Response(null, { status: 204 });
    if (this.status >= 400)
      return Response.json({ code: "push-refused", detail: "The keys are wrong" }, { status: this.status });
    return Response.json({ id: ID, service: "push.example", createdAt: 1, details: false }, { status: 201 });
  };
}

function lab() {
  const worker = new FakeWorker();
  const pushManager = new FakePushManager();
  const registration = { pushManager: pushManager as unknown as PushManager };
  const options = { worker: "https://tasks.example/", token: "t0ken", registration, fetch: worker.fetch };
  return { worker, pushManager, options };
}

describe("subscribeToPush()", () => {
  it("subscribes the browser with the worker's key, and the worker with the browser's subscription", async () => {
    const { worker, pushManager, options } = lab();
    const listing = await subscribeToPush({
      ...options,
      open: "https://app.example/tasks/{task}",
      addressee: "phone",
    });
    expect(listing).toMatchObject({ id: ID, service: "push.example" });
    expect(pushManager.asked).toEqual([{ userVisibleOnly: true, applicationServerKey: KEY }]);
    expect(worker.requests.at(-1)).toEqual({
      line: "POST /v1/push-subscriptions",
      token: "Bearer t0ken",
      body: {
        ...{ endpoint: ENDPOINT, expirationTime: null, keys: { p256dh: "p", auth: "a" } },
        ...{ open: "https://app.example/tasks/{task}", addressee: "phone" },
      },
    });
  });

  it("rejects where the registration has a subscription with another key, and ends that with `replace`", async () => {
    const { worker, pushManager, options } = lab();
    const other = Buffer.alloc(65, 9).toString("base64url");
    pushManager.subscription = { key: other };
    const open = "https://app.example/{task}";
    await expect(subscribeToPush({ ...options, open })).rejects.toThrow("another server or account");
    expect(pushManager.subscription.key, "it is left alone").toBe(other);
    expect(worker.requests.map(({ line }) => line)).toEqual(["GET /v1/push-key"]);
    await subscribeToPush({ ...options, open, replace: true });
    expect(pushManager.subscription?.key).toBe(KEY);
  });

  it("rejects with the browser's exception without permission", async () => {
    const { worker, pushManager, options } = lab();
    pushManager.refusal = new DOMException("Permission denied", "NotAllowedError");
    await expect(subscribeToPush({ ...options, open: "https://app.example/" })).rejects.toMatchObject({
      name: "NotAllowedError",
    });
    expect(worker.requests.map(({ line }) => line)).toEqual(["GET /v1/push-key"]);
  });

  it("rejects with a RemoteApiError if the worker refuses", async () => {
    const { worker, options } = lab();
    worker.status = 422;
    const refused = subscribeToPush({ ...options, open: "https://app.example/" });
    await expect(refused).rejects.toThrow(RemoteApiError);
    await expect(refused).rejects.toMatchObject({ status: 422, code: "push-refused" });
  });
});

describe("pushSubscription()", () => {
  it("returns this browser's subscription among those of the worker", async () => {
    const { worker, pushManager, options } = lab();
    expect(await pushSubscription(options)).toBeUndefined();
    expect(worker.requests, "nothing is asked for a browser that has none").toEqual([]);
    pushManager.subscription = { key: KEY };
    worker.listed = ["another"];
    expect(await pushSubscription(options)).toBeUndefined();
    worker.listed = ["another", ID];
    expect(await pushSubscription(options)).toEqual({ id: ID });
  });
});

describe("unsubscribeFromPush()", () => {
  it("ends the subscription in the browser and in the worker", async () => {
    const { worker, pushManager, options } = lab();
    await unsubscribeFromPush(options);
    expect(worker.requests).toEqual([]);
    pushManager.subscription = { key: KEY };
    await unsubscribeFromPush(options);
    expect(pushManager.subscription).toBeUndefined();
    expect(worker.requests.map(({ line }) => line)).toEqual([`DELETE /v1/push-subscriptions/${ID}`]);
  });
});
