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

const call = (hold: string, key = "same", session = "session") => ({
  ...{ hold, key, session },
  ...{ at: now, until: now + MINUTE },
});

function hold(name: string, id: string, key = "same"): Promise<void> {
  return group.hold(call(name, key), id, now - 10 * MINUTE);
}

function join(name: string, key = "same", { session = "session", shared = false } = {}) {
  return group.join(call(name, key, session), { since: now - 10 * MINUTE, shared });
}

const gone = (afterMs = 0) => ({ kind: "gone", at: now + afterMs }) as const;

test("a call whose client gave up is joined, once", async () => {
  await hold("first", "task-1");
  await group.release("first", gone());
  expect(await join("second")).toMatchObject({ kind: "joined", id: "task-1" });
  expect(await join("third")).toEqual({ kind: "waiting" });
});

test("a call that a client still waits for is not joined, unless its wait must be over", async () => {
  await hold("first", "task-1");
  expect(await join("second")).toEqual({ kind: "waiting" });
  now += 2 * MINUTE;
  expect(await join("third")).toEqual({ kind: "joined", id: "task-1" });
});

test("a call whose result was delivered starts again when it is repeated", async () => {
  await hold("first", "task-1");
  await group.release("first", { kind: "delivered" });
  expect(await join("second")).toEqual({ kind: "none" });
});

test("a result written to a client that gave up does not count as delivered", async () => {
  await hold("first", "task-1");
  await group.release("first", gone());
  await group.release("first", { kind: "delivered" });
  expect(await join("second")).toMatchObject({ kind: "joined", id: "task-1" });
});

test("a call that was answered with a running result is joined, until its result is delivered", async () => {
  await hold("first", "task-1");
  await group.release("first", { kind: "told" });
  now += 9 * MINUTE;
  expect(await join("second")).toEqual({ kind: "joined", id: "task-1" });
  await group.release("second", { kind: "delivered" });
  expect(await join("third")).toEqual({ kind: "none" });
});

test("a call from another session joins what is still waited for", async () => {
  await hold("first", "task-1");
  expect(await join("second", "same", { session: "other" })).toEqual({ kind: "joined", id: "task-1" });
  await group.release("second", { kind: "delivered" });
  await group.release("first", gone());
  expect(await join("third")).toEqual({ kind: "none" });
});

test("a call of a tool whose effect is the same joins what its session waits for", async () => {
  await hold("first", "task-1");
  expect(await join("second", "same", { shared: true })).toEqual({ kind: "joined", id: "task-1" });
});

test("the time after which a client gave up is remembered until the result is delivered", async () => {
  await hold("first", "task-1");
  expect(await group.gaveUpAfter("task-1")).toBeUndefined();
  await group.release("first", gone(15_000));
  now += 16_000;
  expect(await join("second")).toEqual({ kind: "joined", id: "task-1", gaveUpAfterMs: 15_000 });
  await group.release("second", { kind: "told" });
  expect(await group.gaveUpAfter("task-1")).toBe(15_000);
  await group.delivered("task-1");
  expect(await group.gaveUpAfter("task-1")).toBeUndefined();
});

test("calls are not joined after the window, with other arguments, or once the result was delivered otherwise", async () => {
  await hold("first", "task-1");
  await group.release("first", gone());
  expect(await join("second", "other")).toEqual({ kind: "none" });
  await group.delivered("task-1");
  expect(await join("third")).toEqual({ kind: "none" });
  await hold("fourth", "task-2");
  await group.release("fourth", gone());
  now += 11 * MINUTE;
  expect(await join("fifth")).toEqual({ kind: "none" });
});
