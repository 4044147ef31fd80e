import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import type { JsonObject, TaskView } from "holdfast";
import { beforeEach, expect, test } from "vitest";
import { fingerprint } from "../../../worker/directory/fingerprint.ts";
import type { CallReply, GatewayCall } from "../../../worker/group/gateway-group-rpc.ts";
import type { StartCall } from "../../../worker/group/task-group-rpc.ts";
import { GroupLife, until } from "./group-life.ts";

const MINUTE = 60_000;
const LIMITS = { callsInFlight: 100, callsInFlightPerEndpoint: 100, callsPerMinute: 600 };
type Wanted = Pick<StartCall, "tool" | "prefer"> & { readonly arguments: JsonObject };

/** Neither reads only nor can be repeated, and becomes no task. */
const WRITES = {
  tool: "acquire_paper",
  arguments: { doi: "10.1/kelp", stage_ms: 10 },
  prefer: "plain",
} as const;
const READS = { tool: "slow_echo", arguments: { text: "kelp", ms: 0 } } as const;

let life: GroupLife;
let tries: number;

beforeEach(async () => {
  life = new GroupLife("2025-11-25");
  await life.clearServer();
  tries = 0;
});

/** The gateway's call of a client that has a session of its own at each try. */
async function call(wanted: Wanted, waitMs = 2_000): Promise<CallReply> {
  tries += 1;
  const at = Date.now();
  const hold = `try-${tries}`;
  const held = {
    hold,
    key: await fingerprint([wanted.tool, wanted.arguments]),
    session: `session-${tries}`,
    at,
    until: at + MINUTE,
  };
  const asked: GatewayCall = {
    call: { ...wanted, timeoutMs: MINUTE },
    admission: {
      endpoint: life.identity.endpoint,
      limits: LIMITS,
      weight: 100,
      shardCeiling: 100,
      shardBytes: 1e7,
    },
    waitMs,
    wait: { held, since: at - MINUTE, joins: { since: at - MINUTE, shared: false } },
  };
  return life.group.call(life.identity, asked) as Promise<CallReply>;
}

/** The same after the object was killed. */
const again: typeof call = (wanted, waitMs) => until(() => call(wanted, waitMs));

/** How a task ended, once it has. */
function outcomeOf(id: string): Promise<NonNullable<TaskView["outcome"]>> {
  return until(async () => ((await life.group.task(id)) as TaskView | undefined)?.outcome);
}

async function calls(): Promise<number> {
  return (await life.wire()).filter((method) => method === "tools/call").length;
}

function settledRows(): Promise<number> {
  const text = "SELECT id FROM task WHERE settled = 1";
  return runInDurableObject(life.group, (_object, { storage }) => storage.sql.exec(text).toArray().length);
}

test("a call whose object is killed between its reply and the write of its outcome is not made again by the client's retry", async () => {
  const first = await call(WRITES);
  expect(first).toMatchObject({ kind: "started", reply: { value: { outcome: { kind: "completed" } } } });
  const id = first.kind === "started" && first.reply.ok ? first.reply.value.id : "";
  await abortAllDurableObjects();
  expect(await again(WRITES)).toEqual({ kind: "joined", id });
  expect((await outcomeOf(id)).kind).toBe("lost");
  expect(await calls()).toBe(1);
});

test("a call whose object is killed before its server answers is not made again, and once that was said it is a new one", async () => {
  await life.delays("tools/call", 3_000);
  const first = call(WRITES, 5_000).catch((error: unknown) => String(error));
  await life.sees("tools/call");
  await abortAllDurableObjects();
  expect(await first).toEqual(expect.any(String));
  const joined = await again(WRITES);
  expect(joined.kind).toBe("joined");
  expect(await calls()).toBe(1);
  await life.group.delivered(joined.kind === "joined" ? joined.id : "");
  expect((await call(WRITES)).kind).toBe("started");
  expect(await calls()).toBe(2);
});

test("the retry finds a lost call also after an alarm has resumed it and the object was evicted", async () => {
  await call(WRITES);
  await abortAllDurableObjects();
  await until(() => life.group.active([]));
  await abortAllDurableObjects();
  expect((await again(WRITES)).kind).toBe("joined");
  expect(await calls()).toBe(1);
});

test("a call that became a task before its object was killed is returned to, with its result", async () => {
  const wanted = { tool: "acquire_paper", arguments: { doi: "10.1/kelp", stage_ms: 100 } };
  await life.delays("tools/call", 500);
  const first = call(wanted, 5_000).catch(() => undefined);
  await life.isMade();
  await abortAllDurableObjects();
  await first;
  const joined = await again(wanted);
  expect(joined.kind).toBe("joined");
  const id = joined.kind === "joined" ? joined.id : "";
  expect((await outcomeOf(id)).kind).toBe("completed");
  expect(await calls()).toBe(1);
});

test("a call that only reads leaves nothing behind when its object is killed: the retry makes it", async () => {
  // The first call is made before the tool is known to only read: it is written ahead, and its outcome a moment after its reply.
  await call(READS);
  await until(async () => (await settledRows()) === 1 || undefined);
  await call(READS);
  await abortAllDurableObjects();
  expect(await again(READS)).toMatchObject({
    kind: "started",
    reply: { value: { outcome: { kind: "completed" } } },
  });
});
