import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { DeliveryReceipt, TaskView } from "holdfast";
import { expect, it } from "vitest";
import { ask, json, post } from "./whole-worker.ts";

interface Deliveries {
  readonly deliveries: readonly (DeliveryReceipt & { readonly id: string; readonly task: TaskView })[];
}

const CALL = { tool: "acquire_paper", arguments: { doi: "10.1/kelp", stage_ms: 50 } };

const undelivered = (addressee: string, more: object = {}): Promise<Deliveries> =>
  json<Deliveries>(post("/v1/deliveries", { addressee, ...more }));

async function acknowledge({ task, addressee, receipt }: DeliveryReceipt): Promise<boolean> {
  const path = `/v1/tasks/${task.id}/acknowledgements`;
  return (await json<{ acknowledged: boolean }>(post(path, { addressee, receipt }))).acknowledged;
}

async function ended(endpoint: string, more: object = {}): Promise<string> {
  const { id } = await json<TaskView>(post(`/v1/endpoints/${endpoint}/calls`, { ...CALL, ...more }));
  await expect
    .poll(async () => (await json<TaskView>(ask(`/v1/tasks/${id}?wait=5`))).status)
    .toBe("completed");
  return id;
}

it("the ends of two groups are delivered together, once, also after an eviction", async () => {
  const notify = ["chat-1"];
  const ids = [await ended("sample-2026", { notify }), await ended("sample-2025", { notify })];
  const [first] = ids;
  await evictDurableObject(
    env.TASK_GROUP.getByName(JSON.stringify(["demo", "sample-2026", Number(first?.split(".")[1])])),
  );
  const { deliveries } = await undelivered("chat-1", { leaseMs: 60_000 });
  expect(deliveries.map(({ id }) => id)).toEqual(ids);
  expect(deliveries.map(({ task }) => task.outcome)).toMatchObject([{ apart: true }, { apart: true }]);
  expect((await undelivered("chat-1", { leaseMs: 60_000 })).deliveries, "they are leased").toEqual([]);
  const looked = (await undelivered("chat-1")).deliveries;
  expect(looked.map(({ id }) => id)).toEqual(ids);
  for (const [index, delivery] of deliveries.entries()) {
    expect(await acknowledge(delivery)).toBe(true);
    expect(await acknowledge(looked[index] ?? delivery)).toBe(false);
    expect(await acknowledge(delivery), "the same receipt gets the same answer").toBe(true);
  }
  expect((await undelivered("chat-1")).deliveries).toEqual([]);
});

it("the end of one task can be leased before it comes", async () => {
  const slow = { ...CALL, arguments: { doi: "10.1/kelp", stage_ms: 500 }, notify: ["chat-3"] };
  const { id } = await json<TaskView>(post("/v1/endpoints/sample-2026/calls", slow));
  const mine = { leaseMs: 60_000, receipt: "mine", task: id };
  expect((await undelivered("chat-3", mine)).deliveries).toEqual([]);
  await expect
    .poll(async () => (await json<TaskView>(ask(`/v1/tasks/${id}?wait=5`))).status)
    .toBe("completed");
  expect((await undelivered("chat-3", { leaseMs: 60_000 })).deliveries).toEqual([]);
  expect((await undelivered("chat-3", mine)).deliveries).toMatchObject([{ id, receipt: "mine" }]);
});

it("an addressee can be added to a task that has ended, 16 at most", async () => {
  const id = await ended("sample-2026");
  expect((await undelivered("chat-2")).deliveries).toEqual([]);
  expect((await post(`/v1/tasks/${id}/addressees`, { addressee: "chat-2" })).status).toBe(204);
  expect((await undelivered("chat-2")).deliveries.map((delivery) => delivery.id)).toEqual([id]);
  for (let count = 0; count < 15; count++)
    expect((await post(`/v1/tasks/${id}/addressees`, { addressee: `phone-${count}` })).status).toBe(204);
  const refused = await post(`/v1/tasks/${id}/addressees`, { addressee: "one more" });
  expect(refused.status).toBe(422);
  expect(await json(refused)).toMatchObject({ code: "invalid-addressee" });
  expect((await ask(`/v1/tasks/${id}`, { method: "DELETE" })).status).toBe(204);
  expect((await undelivered("chat-2")).deliveries).toEqual([]);
});

it("unknown tasks and unfit requests are refused", async () => {
  const unknown = "sample-2026.0.01936c4e-5b5e-7c1a-9d3e-2f1a4b6c8d0e";
  const receipt = { addressee: "chat", receipt: "r" };
  expect((await post(`/v1/tasks/${unknown}/acknowledgements`, receipt)).status).toBe(404);
  expect((await post(`/v1/tasks/${unknown}/addressees`, { addressee: "chat" })).status).toBe(404);
  expect((await post("/v1/deliveries", { addressee: "chat", task: "none" })).status).toBe(404);
  for (const body of [
    {},
    { addressee: "" },
    { addressee: "chat", leaseMs: -1 },
    { addressee: "x".repeat(257) },
  ])
    expect((await post("/v1/deliveries", body)).status, JSON.stringify(body)).toBe(422);
});
