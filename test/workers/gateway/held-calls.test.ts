import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import type { GatewayGroupStub } from "../../../worker/group/group-stub.ts";

const MINUTE = 60_000;

let group: GatewayGroupStub;
let now: number;

beforeEach(() => {
  const name = JSON.stringify([`p-${crypto.randomUUID()}`, "sample-2026", 0]);
  group = env.TASK_GROUP.getByName(name) as unknown as GatewayGroupStub;
  now = 1_800_000_000_000;
});

const call = (hold: string, key = "same") => ({ hold, key, at: now });

function hold(name: string, id: string, key = "same"): Promise<void> {
  return group.hold(call(name, key), id, now - 10 * MINUTE);
}

function join(name: string, key = "same") {
  return group.join(call(name, key), { since: now - 10 * MINUTE, waitingSince: now - MINUTE });
}

test("a call whose client gave up is joined, once", async () => {
  await hold("first", "task-1");
  await group.release("first", { kind: "gone" });
  expect(await join("second")).toEqual({ kind: "joined", id: "task-1" });
  expect(await join("third")).toEqual({ kind: "waiting" });
});

test("a call that is waited for is not joined, but for one whose wait must be over", async () => {
  await hold("first", "task-1");
  expect(await join("second")).toEqual({ kind: "waiting" });
  now += 2 * MINUTE;
  expect(await join("third")).toEqual({ kind: "joined", id: "task-1" });
});

test("a call whose result was delivered is made anew", async () => {
  await hold("first", "task-1");
  await group.release("first", { kind: "delivered" });
  expect(await join("second")).toEqual({ kind: "none" });
});

test("what is written to a client that gave up is not delivered", async () => {
  await hold("first", "task-1");
  await group.release("first", { kind: "gone" });
  await group.release("first", { kind: "delivered" });
  expect(await join("second")).toEqual({ kind: "joined", id: "task-1" });
});

test("a call that was told to be running is joined only until the time given", async () => {
  await hold("first", "task-1");
  await group.release("first", { kind: "told", at: now - 10 * MINUTE + 5_000 });
  now += 4_000;
  expect(await join("second")).toEqual({ kind: "joined", id: "task-1" });
  await group.release("second", { kind: "told", at: now - 10 * MINUTE + 5_000 });
  now += 6_000;
  expect(await join("third")).toEqual({ kind: "none" });
});

test("the window ends, other calls are others, and a result had by another way counts", async () => {
  await hold("first", "task-1");
  await group.release("first", { kind: "gone" });
  expect(await join("second", "other")).toEqual({ kind: "none" });
  await group.delivered("task-1");
  expect(await join("third")).toEqual({ kind: "none" });
  await hold("fourth", "task-2");
  await group.release("fourth", { kind: "gone" });
  now += 11 * MINUTE;
  expect(await join("fifth")).toEqual({ kind: "none" });
});
