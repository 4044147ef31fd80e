import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { GroupLife } from "./group-life.ts";

const ANSWER = { action: "accept", content: { edition: "published", with_supplement: false } };

const STRIKES = {
  evicted: (life: GroupLife) => evictDurableObject(life.group),
  aborted: () => abortAllDurableObjects(),
} as const;

type Strike = keyof typeof STRIKES;

interface Moment {
  readonly args?: object;
  /** How long the call is waited for, in ms. */
  readonly waitMs?: number;
  /** Before the call. */
  prepare?(life: GroupLife): Promise<void>;
  reach?(life: GroupLife): Promise<void>;
  after?(life: GroupLife): Promise<void>;
  readonly ends: string | ((strike: Strike, life: GroupLife) => string);
}

/** Moments in the life of a task, each reached and then struck. */
const MOMENTS: Readonly<Record<string, Moment>> = {
  "its call is in flight": {
    waitMs: 50,
    prepare: (life) => life.delays("tools/call", 500),
    reach: (life) => life.isMade(),
    // The alarm that watches over requests in flight is a minute away.
    after: async (life) => void (await runDurableObjectAlarm(life.group)),
    // Eviction waits for the reply. Where it never came, 2025-11-25 can list the task, and 2026-07-28 has no way to find it.
    ends: (strike, { generation }) =>
      strike === "aborted" && generation === "2026-07-28" ? "lost" : "completed",
  },
  "its handle has just been given": { ends: "completed" },
  "a poll is in flight": {
    prepare: (life) => life.delays("tasks/get", 500),
    reach: (life) => life.sees("tasks/get"),
    ends: "completed",
  },
  "it has been polled": {
    args: { stage_ms: 200 },
    reach: (life) => life.sees("tasks/get", 2),
    ends: "completed",
  },
  "its question is open": {
    args: { mode: "ask" },
    reach: async (life) => void (await life.stands("input_required")),
    after: answer,
    ends: "completed",
  },
  "its question has been answered": {
    args: { mode: "ask" },
    reach: answer,
    ends: "completed",
  },
  "its answer is in flight": {
    args: { mode: "ask" },
    prepare: (life) => life.delays("tasks/update", 500),
    async reach(life) {
      await answer(life);
      if (life.generation === "2026-07-28") await life.sees("tasks/update");
    },
    ends: "completed",
  },
  "its call asks before there is a task": {
    args: { mode: "ask_first" },
    reach: async (life) => void (await life.stands("input_required")),
    after: answer,
    ends: "completed",
  },
  "it has been cancelled": {
    args: { stage_ms: 2_000 },
    reach: async (life) => void (await life.group.cancel(life.id)),
    ends: "cancelled",
  },
  "its result is being fetched": {
    prepare: (life) => life.delays("tasks/result", 500),
    async reach(life) {
      if (life.generation === "2025-11-25") await life.sees("tasks/result");
      else await life.sees("tasks/get", 2);
    },
    ends: "completed",
  },
  "it has failed": { args: { mode: "rpc_error" }, reach: (life) => life.sees("tasks/get"), ends: "failed" },
  "it has an outcome": { reach: async (life) => void (await life.stands("completed")), ends: "completed" },
};

async function answer(life: GroupLife): Promise<void> {
  const { inputRequests } = await life.stands("input_required");
  const [question] = inputRequests;
  if (!question) throw new Error("It asks nothing");
  const reply = await life.group.answer(life.id, question.key, ANSWER);
  expect(reply.ok).toBe(true);
}

describe.each(["2025-11-25", "2026-07-28"] as const)("a %s task in a Durable Object", (generation) => {
  let life: GroupLife;
  beforeEach(async () => {
    life = new GroupLife(generation);
    await life.clearServer();
  });

  describe.each(Object.keys(STRIKES) as Strike[])("that is %s", (strike) => {
    it.each(Object.keys(MOMENTS))("when %s", async (name) => {
      const moment = MOMENTS[name];
      if (!moment) throw new Error(`No moment ${name}`);
      await moment.prepare?.(life);
      expect(await life.start({ ...moment.args }, {}, moment.waitMs)).toMatchObject({ ok: true });
      await moment.reach?.(life);
      await STRIKES[strike](life);
      await moment.after?.(life);
      const task = await life.settlesByItself();
      expect(task.status).toBe(typeof moment.ends === "string" ? moment.ends : moment.ends(strike, life));
      // Where the server asks before it decides, the answer travels on the call, made once more as the protocol has it.
      const asksFirst = name.includes("before there is a task") && generation === "2026-07-28";
      expect((await life.wire()).filter((method) => method === "tools/call")).toHaveLength(asksFirst ? 2 : 1);
    });
  });
});
