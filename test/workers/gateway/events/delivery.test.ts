import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { Callback, isSigned, type Received } from "./callback.ts";
import { EventClient } from "./event-client.ts";

async function received(callback: Callback, count: number, name?: string): Promise<readonly Received[]> {
  await vi.waitFor(() => expect(callback.events(name).length).toBeGreaterThanOrEqual(count), 30_000);
  return callback.events(name);
}

function tasksOf(events: readonly Received[]): unknown[] {
  return events.map(({ body }) => body.data?.taskId);
}

test("a subscriber receives one signed event of a task that completes, without its arguments and its result", async () => {
  const alice = new EventClient();
  const callback = new Callback();
  const { id } = await alice.subscribed(callback);
  const taskId = await alice.acquire();
  const [event] = await received(callback, 1);
  if (!event) throw new Error("No event");
  expect(await isSigned(event, callback.secret)).toBe(true);
  expect(event.redirect).toBe("manual");
  expect(event.headers.get("x-mcp-subscription-id")).toBe(id);
  expect(event.headers.get("webhook-id")).toBe(event.body.eventId);
  expect(event.body).toMatchObject({
    name: "task.completed",
    data: { taskId, endpoint: "sample-2026", tool: "acquire_paper", status: "completed" },
    cursor: expect.any(String),
  });
  expect(event.text).not.toContain("10.1/kelp");
});

test("each type is delivered to those who subscribed to it", async () => {
  const alice = new EventClient();
  const callback = new Callback();
  for (const name of ["task.completed", "task.failed", "task.cancelled", "task.input_required"])
    await alice.subscribed(callback, { name });
  const completed = await alice.acquire();
  const failed = await alice.acquire({ mode: "rpc_error" });
  const asking = await alice.acquire({ mode: "ask" });
  const cancelled = await alice.acquire({ stage_ms: 60_000 });
  await alice.ask("tasks/cancel", { taskId: cancelled });
  expect(tasksOf(await received(callback, 1, "task.completed"))).toEqual([completed]);
  expect(tasksOf(await received(callback, 1, "task.failed"))).toEqual([failed]);
  expect(tasksOf(await received(callback, 1, "task.cancelled"))).toEqual([cancelled]);
  expect(tasksOf(await received(callback, 1, "task.input_required"))).toEqual([asking]);
});

test("the arguments of a subscription select the events", async () => {
  const alice = new EventClient();
  const callback = new Callback();
  const [wanted, other] = [await alice.acquire({ stage_ms: 500 }), await alice.acquire({ stage_ms: 400 })];
  await alice.subscribed(callback, { arguments: { taskId: wanted } });
  const all = new Callback();
  await alice.subscribed(all, { arguments: { tool: "acquire_paper" } });
  const none = new Callback();
  await alice.subscribed(none, { arguments: { tool: "another_tool" } });
  expect(new Set(tasksOf(await received(all, 2)))).toEqual(new Set([wanted, other]));
  expect(tasksOf(await received(callback, 1))).toEqual([wanted]);
  expect(none.events()).toEqual([]);
});

test("a principal receives no events of another one's tasks", async () => {
  const [alice, bob] = [new EventClient(), new EventClient()];
  const [toAlice, toBob] = [new Callback(), new Callback()];
  await alice.subscribed(toAlice);
  await bob.subscribed(toBob);
  const mine = await alice.acquire();
  const his = await bob.acquire();
  expect(tasksOf(await received(toBob, 1))).toEqual([his]);
  expect(tasksOf(await received(toAlice, 1))).toEqual([mine]);
});

test("who unsubscribes receives nothing more", async () => {
  const alice = new EventClient();
  const [gone, here] = [new Callback(), new Callback()];
  await alice.subscribed(gone);
  await alice.subscribed(here);
  await alice.acquire();
  await received(gone, 1);
  expect(await alice.unsubscribe(gone)).toMatchObject({ result: {} });
  await alice.acquire();
  await received(here, 2);
  expect(gone.events()).toHaveLength(1);
});

test("an event that was not accepted comes again, with the same id and a signature of its own", async () => {
  const alice = new EventClient();
  const callback = new Callback();
  await alice.subscribed(callback);
  callback.answer = ({ body }) =>
    body.eventId !== undefined && callback.events().length === 1
      ? new Response(null, { status: 503 })
      : undefined;
  await alice.acquire();
  const [first, second] = await received(callback, 2);
  expect(second?.text).toBe(first?.text);
  expect(second?.headers.get("webhook-id")).toBe(first?.headers.get("webhook-id"));
  expect(second?.headers.get("webhook-timestamp")).not.toBe(first?.headers.get("webhook-timestamp"));
});

test.each([410, 413])("an event that is answered %i is not sent again", async (status) => {
  const alice = new EventClient();
  const callback = new Callback();
  const { id } = await alice.subscribed(callback);
  callback.answer = ({ body }) => (body.eventId === undefined ? undefined : new Response(null, { status }));
  await alice.acquire();
  await received(callback, 1);
  await vi.waitFor(async () => expect(await waitingFor(alice, String(id))).toBe(false), 10_000);
  expect(callback.events()).toHaveLength(1);
});

test("while its secret is rotated, a subscription is signed with both", async () => {
  const alice = new EventClient();
  const callback = new Callback();
  const { secret: before } = callback;
  await alice.subscribed(callback);
  callback.rotate();
  await alice.subscribed(callback);
  await alice.acquire();
  const [event] = await received(callback, 1);
  if (!event) throw new Error("No event");
  expect(await isSigned(event, before)).toBe(true);
  expect(await isSigned(event, callback.secret)).toBe(true);
});

test("a subscription that lapsed goes on from its cursor", async () => {
  const alice = new EventClient();
  const callback = new Callback();
  const { cursor } = await alice.subscribed(callback);
  expect((await alice.unsubscribe(callback)).error).toBeUndefined();
  const missed = await alice.acquire();
  await expect
    .poll(async () => (await alice.ask("tasks/get", { taskId: missed })).result?.status)
    .toBe("completed");
  expect(callback.events()).toEqual([]);
  const granted = await alice.subscribed(callback, { cursor: cursor ?? "" });
  expect(granted).toMatchObject({ cursor, truncated: false });
  expect(tasksOf(await received(callback, 1))).toEqual([missed]);
});

test("a cursor that cannot be read, or lies before what may be replayed, is answered as truncated", async () => {
  const alice = new EventClient();
  expect(await alice.subscribed(new Callback(), { cursor: "not one of ours" })).toMatchObject({
    truncated: true,
  });
  expect(await alice.subscribed(new Callback(), { cursor: "1000" })).toMatchObject({ truncated: true });
  const minute = String(Date.now() - 60_000);
  expect(await alice.subscribed(new Callback(), { cursor: minute })).toMatchObject({ truncated: false });
  expect(await alice.subscribed(new Callback(), { cursor: minute, maxAgeMs: 1_000 })).toMatchObject({
    truncated: true,
  });
});

test("a cursor advances once nothing waits to be delivered, and not before", async () => {
  const alice = new EventClient();
  const callback = new Callback();
  const { cursor } = await alice.subscribed(callback);
  callback.answer = ({ body }) =>
    body.eventId === undefined ? undefined : new Response(null, { status: 503 });
  await alice.acquire();
  await received(callback, 1);
  expect((await alice.subscribed(callback)).cursor).toBe(cursor);
  callback.answer = undefined;
  await received(callback, 2);
  await vi.waitFor(
    async () => expect(Number((await alice.subscribed(callback)).cursor)).toBeGreaterThan(Number(cursor)),
    10_000,
  );
});

async function waitingFor({ principal }: EventClient, subscription: string): Promise<boolean> {
  const group = env.TASK_GROUP.getByName(JSON.stringify([principal, "sample-2026", 0]));
  const { waits } = (await group.subscriptionsChanged(subscription)) as { readonly waits: boolean };
  return waits;
}
