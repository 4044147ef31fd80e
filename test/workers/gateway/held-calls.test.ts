import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import type { Joined } from "../../../worker/group/gateway-group-rpc.ts";
import { HeldCalls } from "../../../worker/group/held-calls.ts";

const MINUTE = 60_000;

let now: number;
let name: string;
/** In the object's memory. */
let calls: HeldCalls | undefined;

beforeEach(() => {
  name = JSON.stringify([`p-${crypto.randomUUID()}`, "sample-2026", 0]);
  now = 1_800_000_000_000;
  calls = undefined;
});

/** In an object of its own. */
function held<T>(use: (calls: HeldCalls, sql: SqlStorage) => T): Promise<T> {
  return runInDurableObject(env.TASK_GROUP.getByName(name), (_group, { storage: { sql } }) => {
    calls ??= new HeldCalls(sql);
    return use(calls, sql);
  });
}

/** The object is evicted: what it knows is what it stored. */
function evict(): void {
  calls = undefined;
}

const group = {
  release: (...args: Parameters<HeldCalls["release"]>) => held((calls) => calls.release(...args)),
  delivered: (id: string) => held((calls) => calls.delivered(id)),
  gaveUpAfter: (id: string) => held((calls) => calls.gaveUpAfter(id)),
};

const call = (hold: string, key = "same", session = "session") => ({
  ...{ hold, key, session },
  ...{ at: now, until: now + MINUTE },
});

function hold(name: string, id: string, key = "same"): Promise<void> {
  return held((calls) => calls.hold(call(name, key), id, now - 10 * MINUTE));
}

function join(name: string, key = "same", { session = "session", shared = false } = {}): Promise<Joined> {
  return held((calls) => calls.join(call(name, key, session), { since: now - 10 * MINUTE, shared }));
}

const rows = () => held((_calls, sql) => sql.exec("SELECT hold FROM waited_call").toArray().length);

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

test("a call in its first look is joined from another session, and writes no row until the look is over", async () => {
  await held((calls) => calls.look(call("first"), "task-1"));
  expect(await join("second")).toEqual({ kind: "waiting" });
  expect(await rows()).toBe(0);
  expect(await join("third", "same", { session: "other" })).toEqual({ kind: "joined", id: "task-1" });
  await held((calls) => calls.looked("first", now - 10 * MINUTE, false));
  expect(await rows()).toBe(2);
});

test("a call that its first look answered is not joined, and has written no row", async () => {
  await held((calls) => calls.look(call("first"), "task-1"));
  await held((calls) => calls.looked("first", now - 10 * MINUTE, true));
  expect(await join("second")).toEqual({ kind: "none" });
  expect(await rows()).toBe(0);
});

test("a call whose client hung up in its first look is joined, also after an eviction", async () => {
  await held((calls) => calls.look(call("first"), "task-1"));
  await group.release("first", gone(100));
  await held((calls) => calls.looked("first", now - 10 * MINUTE, true));
  evict();
  expect(await join("second")).toEqual({ kind: "joined", id: "task-1", gaveUpAfterMs: 100 });
});

test("waits are the same after an eviction", async () => {
  await hold("first", "task-1");
  evict();
  await group.release("first", { kind: "told" });
  evict();
  expect(await join("second")).toEqual({ kind: "joined", id: "task-1" });
  await group.delivered("task-1");
  evict();
  expect(await join("third")).toEqual({ kind: "none" });
});
