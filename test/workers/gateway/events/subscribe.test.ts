import type { JsonObject } from "holdfast";
import { expect, test } from "vitest";
import { Callback, newSecret } from "./callback.ts";
import { DECLARED, EventClient, subscription } from "./event-client.ts";

test("events/list names the four types, with a schema of the arguments and of the payload", async () => {
  const { result } = await new EventClient().ask("events/list", {});
  const events = result?.events as unknown as JsonObject[];
  expect(events.map(({ name }) => name)).toEqual([
    "task.completed",
    "task.failed",
    "task.cancelled",
    "task.input_required",
  ]);
  for (const event of events)
    expect(event).toMatchObject({
      delivery: ["webhook"],
      inputSchema: { type: "object", properties: { taskId: {}, tool: {} } },
      payloadSchema: { type: "object", required: expect.arrayContaining(["taskId", "status"]) },
    });
});

test("server/discover advertises events as a capability and as an extension", async () => {
  const { result } = await new EventClient().ask("server/discover", {});
  expect(result?.capabilities).toMatchObject({
    events: {},
    extensions: { "io.modelcontextprotocol/events": {}, "io.modelcontextprotocol/tasks": {} },
  });
});

test("a subscription has the same id each time, and another one for another key", async () => {
  const alice = new EventClient();
  const callback = new Callback();
  const first = await alice.subscribed(callback);
  expect((await alice.subscribed(callback)).id).toBe(first.id);
  const others = [
    await alice.subscribed(callback, { name: "task.failed" }),
    await alice.subscribed(callback, { arguments: { tool: "acquire_paper" } }),
    await alice.subscribed(new Callback()),
    await new EventClient().subscribed(callback),
  ];
  expect(new Set([first, ...others].map(({ id }) => id)).size).toBe(5);
});

test("a callback is challenged once for each principal, with a signed message", async () => {
  const alice = new EventClient();
  const callback = new Callback();
  await alice.subscribed(callback);
  await alice.subscribed(callback, { name: "task.failed" });
  expect(callback.challenges).toHaveLength(1);
  const [{ headers, redirect } = { headers: new Headers(), redirect: undefined }] = callback.challenges;
  expect(headers.get("webhook-id")).toMatch(/^msg_verification_/);
  expect(headers.get("x-mcp-subscription-id")).toMatch(/^sub_/);
  expect(redirect).toBe("manual");
  await new EventClient().subscribed(callback);
  expect(callback.challenges).toHaveLength(2);
});

test.each<readonly [reason: string, reply: () => Response]>([
  ["challenge_failed", () => new Response(null, { status: 204 })],
  ["challenge_failed", () => Response.json({ challenge: "another one" })],
  ["challenge_failed", () => Response.redirect("https://hooks.example/elsewhere", 307)],
  ["challenge_failed", () => new Response("x".repeat(4_096))],
  ["connection_refused", () => new Response("x".repeat(100_000))],
  ["http_4xx", () => new Response(null, { status: 404 })],
  ["http_5xx", () => new Response("the secret of the callback", { status: 500 })],
])("a callback that fails the challenge (%s) is not subscribed", async (reason, reply) => {
  const alice = new EventClient();
  const callback = new Callback();
  callback.answer = reply;
  const { error } = await alice.subscribe(callback);
  expect(error).toMatchObject({ code: -32015, data: { reason } });
  expect(JSON.stringify(error)).not.toContain("secret");
  expect((await alice.unsubscribe(callback)).error).toMatchObject({ code: -32011 });
});

test("a callback that nobody answers at is not subscribed", async () => {
  const { url, secret } = new Callback();
  const delivery = { mode: "webhook", url: `${url}/nobody`, secret };
  const { error } = await new EventClient().ask("events/subscribe", { name: "task.completed", delivery });
  expect(error).toMatchObject({ code: -32015, data: { reason: "connection_refused" } });
});

test.each<readonly [what: string, change: (callback: Callback) => JsonObject]>([
  ["no secret", ({ url }) => ({ delivery: { url } })],
  [
    "a secret that is no whsec_",
    ({ url }) => ({ delivery: { url, secret: "a secret of the caller's own choice" } }),
  ],
  ["a secret of 16 bytes", ({ url }) => ({ delivery: { url, secret: `whsec_${btoa("x".repeat(16))}` } })],
  ["a secret of 65 bytes", ({ url }) => ({ delivery: { url, secret: `whsec_${btoa("x".repeat(65))}` } })],
  ["an address without TLS", ({ secret }) => ({ delivery: { url: "http://hooks.example/", secret } })],
  ["this machine", ({ secret }) => ({ delivery: { url: "https://127.0.0.1/", secret } })],
  ["a private network", ({ secret }) => ({ delivery: { url: "https://10.0.0.7/", secret } })],
  ["a cloud's metadata", ({ secret }) => ({ delivery: { url: "https://169.254.169.254/", secret } })],
  ["a name that leads inward", ({ secret }) => ({ delivery: { url: "https://10.0.0.7.nip.io/", secret } })],
  ["no address", ({ secret }) => ({ delivery: { url: "hooks", secret } })],
  ["an unknown argument", () => ({ arguments: { severity: "P1" } })],
  ["another endpoint", () => ({ arguments: { endpoint: "sample-2025" } })],
  ["a negative lifetime", () => ({ ttlMs: -1 })],
])(
  "a subscription with %s is refused as invalid params, and nothing is sent to it",
  async (_what, change) => {
    const callback = new Callback();
    const { error } = await new EventClient().subscribe(callback, change(callback));
    expect(error).toMatchObject({ code: -32602 });
    expect(callback.received).toEqual([]);
  },
);

test("errors have the codes of SEP-3415 for clients that declare the extension, and those of its draft for others", async () => {
  const alice = new EventClient();
  const callback = new Callback();
  const failing = new Callback();
  failing.answer = () => new Response(null, { status: 204 });
  const { url, secret } = callback;
  const cases: readonly (readonly [
    sep: number,
    draft: number,
    method: string,
    params: JsonObject,
    data: object,
  ])[] = [
    [-32023, -32011, "events/subscribe", subscription(callback, { name: "task.x" }), { kind: "event" }],
    [
      -32023,
      -32011,
      "events/unsubscribe",
      { name: "task.failed", delivery: { url } },
      { kind: "subscription" },
    ],
    [
      -32026,
      -32014,
      "events/subscribe",
      subscription(callback, { delivery: { mode: "push", url, secret } }),
      { feature: "deliveryMode", value: "push" },
    ],
    [-32027, -32015, "events/subscribe", subscription(failing), { reason: "challenge_failed" }],
  ];
  for (const [sep, draft, method, params, data] of cases) {
    expect((await alice.ask(method, params, DECLARED)).error).toMatchObject({ code: sep, data });
    expect((await alice.ask(method, params)).error).toMatchObject({ code: draft, data });
  }
});

test("a principal has at most 50 subscriptions, and may renew each of them", async () => {
  const alice = new EventClient();
  const callback = new Callback();
  for (let n = 0; n < 50; n++) await alice.subscribed(callback, { arguments: { tool: `tool-${n}` } });
  const { error } = await alice.subscribe(callback, { arguments: { tool: "one more" } });
  expect(error).toMatchObject({ code: -32013, data: { limit: "subscriptions", max: 50 } });
  await alice.subscribed(callback, { arguments: { tool: "tool-7" } });
  await alice.unsubscribe(callback, "task.completed", { tool: "tool-8" });
  await alice.subscribed(callback, { arguments: { tool: "one more" } });
});

test("a principal has at most 20 callbacks challenged within a minute", async () => {
  const alice = new EventClient();
  const failing = new Callback();
  failing.answer = () => new Response(null, { status: 204 });
  const codes: unknown[] = [];
  for (let n = 0; n < 25; n++) codes.push((await alice.subscribe(failing)).error?.data);
  expect(codes).toContainEqual({ limit: "verifications", retryAfterMs: expect.any(Number) });
  // A moment gives back what a moment's pace is.
  expect(failing.challenges.length).toBeLessThan(25);
});

test("a lifetime is granted within bounds", async () => {
  const alice = new EventClient();
  const callback = new Callback();
  const granted = async (more: JsonObject): Promise<number> => {
    const before = Date.now();
    const { refreshBefore } = await alice.subscribed(callback, more);
    return Math.round((Date.parse(String(refreshBefore)) - before) / 10_000) * 10_000;
  };
  expect(await granted({})).toBe(3_600_000);
  expect(await granted({ ttlMs: 1 })).toBe(10_000);
  expect(await granted({ ttlMs: 600_000 })).toBe(600_000);
  expect(await granted({ ttlMs: 1e12 })).toBe(86_400_000);
  expect(await granted({ ttlMs: null })).toBe(86_400_000);
});

test("a task that has ended, or is somebody else's, cannot be subscribed to by its id", async () => {
  const alice = new EventClient();
  const callback = new Callback();
  const taskId = await alice.acquire();
  await expect.poll(async () => (await alice.ask("tasks/get", { taskId })).result?.status).toBe("completed");
  const ended = await alice.subscribe(callback, { arguments: { taskId } });
  expect(ended.error).toMatchObject({ code: -32602, message: expect.stringContaining("completed") });
  expect((await alice.unsubscribe(callback, "task.completed", { taskId })).error).toMatchObject({
    code: -32011,
  });

  const other = await new EventClient().acquire({ stage_ms: 60_000 });
  for (const unknown of [other, "no-such-task"])
    expect((await alice.subscribe(callback, { arguments: { taskId: unknown } })).error).toMatchObject({
      code: -32011,
      data: { kind: "task" },
    });
});

test("a rotated secret is not challenged again", async () => {
  const alice = new EventClient();
  const callback = new Callback();
  await alice.subscribed(callback);
  callback.rotate();
  await alice.subscribed(callback);
  expect(callback.challenges).toHaveLength(1);
  expect(newSecret()).not.toBe(callback.secret);
});
