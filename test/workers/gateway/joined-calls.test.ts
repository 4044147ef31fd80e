import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import type { JsonObject, ToolResult } from "holdfast";
import { beforeEach, describe, expect, test } from "vitest";
import { budgetAfter, idempotencyKeyIn } from "../../../worker/gateway/start-call.ts";
import { LegacyClient, taskOf } from "./legacy-client.ts";
import { ModernClient } from "./modern-client.ts";
import { upstreamCalls } from "./upstream-calls.ts";

const DOI = "10.1/kelp";

let principal: string;

beforeEach(async () => {
  principal = `p-${crypto.randomUUID()}`;
  await exports.default.fetch("https://holdfast.test/samples/demo/wire", { method: "DELETE" });
});

/** A client that opens a session for each request. */
function client(gateway: object): LegacyClient {
  return new LegacyClient({ principal, endpoint: "sample-2025", vars: { GATEWAY: gateway } });
}

/** Not idempotent, and as long as five stages. */
function acquire(
  caller: LegacyClient,
  args: JsonObject = {},
  options?: { patienceMs?: number; meta?: JsonObject },
) {
  return caller.call("acquire_paper", { doi: DOI, stage_ms: 600, ...args }, options);
}

/** Resolves when a call of the principal is written down as waited for. */
async function isHeld(endpoint: string): Promise<void> {
  const group = env.TASK_GROUP.getByName(JSON.stringify([principal, endpoint, 0]));
  const count = () =>
    runInDurableObject(group, (_group, { storage }) => {
      const tables = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'waited_call'").toArray();
      return tables.length && storage.sql.exec("SELECT 1 FROM waited_call").toArray().length;
    });
  await expect.poll(count).toBe(1);
}

function textOf(result: ToolResult | undefined): string {
  return JSON.stringify(result?.content);
}

test("three tries of one call, each in a session of its own, are one task and one upstream call, with the result", async () => {
  const agent = client({ budgetMs: 60_000 });
  // The objects are made: what the client waits for is the tool.
  await agent.call("lookup_doi", { doi: DOI });
  const args = { stage_ms: 2_500 };
  expect(await acquire(agent, args, { patienceMs: 2_000 })).toBeUndefined();
  expect(await acquire(agent, args, { patienceMs: 1_500 })).toBeUndefined();
  expect((await acquire(agent, args))?.structuredContent).toMatchObject({ doi: DOI });
  expect(await upstreamCalls("acquire_paper")).toBe(1);
  // Its result was delivered: the same call is a new one.
  expect((await acquire(agent, args))?.structuredContent).toMatchObject({ doi: DOI });
  expect(await upstreamCalls("acquire_paper")).toBe(2);
});

test("a client of unknown patience that gave up is answered before it gives up again", async () => {
  const agent = client({ budgetMs: 60_000 });
  await agent.call("lookup_doi", { doi: DOI });
  const args = { stage_ms: 8_000 };
  expect(await acquire(agent, args, { patienceMs: 8_000 })).toBeUndefined();
  const running = await acquire(agent, args, { patienceMs: 8_000 });
  expect(taskOf(running)).toBeDefined();
  const check = { task: taskOf(running) ?? "" };
  expect(taskOf(await agent.call("check_task", check, { patienceMs: 8_000 }))).toBe(check.task);
  expect(await upstreamCalls("acquire_paper")).toBe(1);
});

test("a call that was answered with a running result returns to its task, and says that this is safe", async () => {
  const agent = client({ budgetMs: 700 });
  const first = await acquire(agent, { stage_ms: 2_000 });
  const again = await acquire(agent, { stage_ms: 2_000 });
  expect(taskOf(first)).toBeDefined();
  expect(taskOf(again)).toBe(taskOf(first));
  expect(textOf(first)).toContain("Calling acquire_paper again with the same arguments is safe");
  expect(await upstreamCalls("acquire_paper")).toBe(1);
});

test("calls at the same time from several sessions are one task, and with other arguments several", async () => {
  const agent = client({ budgetMs: 60_000 });
  const first = acquire(agent);
  await isHeld("sample-2025");
  const other = acquire(agent, { doi: "10.1/other" });
  const second = acquire(agent);
  expect((await first)?.structuredContent).toMatchObject({ doi: DOI });
  expect((await second)?.structuredContent).toMatchObject({ doi: DOI });
  expect((await other)?.structuredContent).toMatchObject({ doi: "10.1/other" });
  expect(await upstreamCalls("acquire_paper")).toBe(2);
});

test.each([
  ["slow_echo", { text: "kelp", ms: 6_000 }, 1],
  ["acquire_paper", { doi: DOI, stage_ms: 1_200 }, 2],
])(
  "calls of %s at the same time in one session are as many as its hints say",
  async (name, args, upstream) => {
    const agent = new ModernClient(principal, "sample-2026");
    const call = async () => (await agent.send("tools/call", { name, arguments: args }, {})).text();
    const first = call();
    await isHeld("sample-2026");
    for (const text of await Promise.all([first, call()])) expect(text).toContain("kelp");
    expect(await upstreamCalls(name)).toBe(upstream);
  },
);

test("arguments that differ in one value are two tasks, in the order of their keys only are one", async () => {
  const agent = client({ budgetMs: 700 });
  const args = { doi: DOI, stage_ms: 2_000 };
  const first = await agent.call("acquire_paper", args);
  const reordered = await agent.call("acquire_paper", { stage_ms: 2_000, doi: DOI });
  const other = await agent.call("acquire_paper", { ...args, stage_ms: 2_001 });
  expect(taskOf(reordered)).toBe(taskOf(first));
  expect(taskOf(other)).toBeDefined();
  expect(taskOf(other)).not.toBe(taskOf(first));
});

test("a repeated call of a cancelled task starts a new task", async () => {
  const agent = client({ budgetMs: 700 });
  const first = await acquire(agent, { stage_ms: 3_000 });
  await agent.call("cancel_task", { task: taskOf(first) ?? "" });
  const again = await acquire(agent, { stage_ms: 3_000 });
  expect(taskOf(again)).toBeDefined();
  expect(taskOf(again)).not.toBe(taskOf(first));
});

test("a result that was not delivered is joined within joinWindowMs only", async () => {
  const agent = client({ budgetMs: 0, joinWindowMs: 1 });
  const first = await acquire(agent, { stage_ms: 200 });
  const elsewhere = new LegacyClient({ principal, endpoint: "sample-2025" });
  await expect
    .poll(async () => (await elsewhere.request("tasks/get", { taskId: taskOf(first) ?? "" }))?.status)
    .toBe("completed");
  const again = await acquire(agent, { stage_ms: 200 });
  expect(taskOf(again)).not.toBe(taskOf(first));
});

describe("an idempotency key in _meta", () => {
  const key = (text: string) => ({ meta: { "com.example/idempotencyKey": text } });

  test("makes two tasks of two keys, and one result of one key however often it is called", async () => {
    const agent = client({ budgetMs: 60_000 });
    const [one, two] = await Promise.all([acquire(agent, {}, key("one")), acquire(agent, {}, key("two"))]);
    expect(await acquire(agent, {}, key("one"))).toEqual(one);
    expect(two?.structuredContent).toMatchObject({ doi: DOI });
    expect(await upstreamCalls("acquire_paper")).toBe(2);
  });

  test("is refused for another call", async () => {
    const agent = client({ budgetMs: 0 });
    await acquire(agent, {}, key("one"));
    const refused = await acquire(agent, { doi: "10.1/other" }, key("one"));
    expect(refused?.isError).toBe(true);
    expect(textOf(refused)).toContain("The idempotency key was used for another call");
  });

  test.each([
    [{ idempotencyKey: "k" }, "k"],
    [{ "com.example/idempotency-key": "k" }, "k"],
    [{ "com.example/notAnIdempotencyKey": "k" }, undefined],
    [{ idempotencyKey: 7 }, undefined],
    [undefined, undefined],
  ])("of %o is %s", (meta, expected) => expect(idempotencyKeyIn(meta)).toBe(expected));
});

test.each([
  [undefined, 45_000],
  [2_000, 45_000],
  [16_500, 13_500],
  [900_000, 45_000],
])("after a client gave up in %s ms, its next call is held for %i ms", (gaveUpAfterMs, expected) =>
  expect(budgetAfter(gaveUpAfterMs, 45_000)).toBe(expected),
);
