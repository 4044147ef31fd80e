import { abortAllDurableObjects, runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { GroupLife } from "../group/group-life.ts";

const HELD = { timeoutMs: 900_000 };

let life: GroupLife;

beforeEach(async () => {
  life = new GroupLife("2025-11-25");
  await life.clearServer();
});

test("an alarm does not wait for a call that is held, and comes again to keep the object awake", async () => {
  const slow = { tool: "slow_echo", arguments: { text: "kelp", ms: 3_000 }, ...HELD };
  await life.start({}, slow, 300);
  expect((await life.task())?.status).toBe("calling");
  expect(await runDurableObjectAlarm(life.group)).toBe(true);
  expect((await life.task())?.status).toBe("calling");
  expect(await runDurableObjectAlarm(life.group)).toBe(true);
  const task = await life.stands("completed");
  expect(task.outcome).toMatchObject({ result: { content: [{ text: "kelp" }] } });
  expect((await life.wire()).filter((method) => method === "tools/call")).toHaveLength(1);
});

test("a held call that the object loses is reported as lost: it is not repeated and not a success", async () => {
  await life.start({ stage_ms: 5_000 }, { prefer: "plain", ...HELD }, 300);
  await life.sees("tools/call");
  await abortAllDurableObjects();
  const task = await life.stands("lost", "completed", "failed");
  expect(task.outcome).toMatchObject({ kind: "lost" });
  expect((await life.wire()).filter((method) => method === "tools/call")).toHaveLength(1);
});

test("a repeatable call that the object loses is made again", async () => {
  const slow = { tool: "slow_echo", arguments: { text: "kelp", ms: 500 }, ...HELD };
  await life.start({}, slow, 100);
  await life.sees("tools/call");
  await abortAllDurableObjects();
  expect((await life.stands("lost", "completed")).status).toBe("completed");
});
