import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import type { ToolResult } from "holdfast";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Bindings } from "../../../worker/bindings.ts";
import { Caller } from "../../../worker/gateway/caller.ts";
import { WaitedCall } from "../../../worker/gateway/start-call.ts";
import { TaskGroup } from "../../../worker/group/task-group.ts";
import { countTotals } from "../../../worker/operations/counters.ts";
import { GroupLife } from "../group/group-life.ts";
import { LegacyClient, taskOf } from "./legacy-client.ts";
import { ModernClient } from "./modern-client.ts";
import { ObjectTraffic } from "./object-traffic.ts";
import { upstreamCalls } from "./upstream-calls.ts";

const LAB = "https://holdfast.test/samples/demo";

let principal: string;
let traffic: ObjectTraffic;

beforeEach(async () => {
  principal = `p-${crypto.randomUUID()}`;
  await exports.default.fetch(`${LAB}/wire`, { method: "DELETE" });
  traffic = await ObjectTraffic.counted();
});

afterEach(() => {
  vi.restoreAllMocks();
});

function client(vars: object = {}): LegacyClient {
  return new LegacyClient({ principal, endpoint: "sample-2025", keepsSession: true, vars });
}

function lookUp(agent: LegacyClient) {
  return agent.call("lookup_doi", { doi: `10.1/${crypto.randomUUID()}` });
}

function echo(agent: LegacyClient, ms: number, text = "kelp", patienceMs?: number) {
  return agent.call("slow_echo", { text, ms }, patienceMs === undefined ? {} : { patienceMs });
}

/** The tool is in use, and its calls are quick: what comes next is made by the isolate. */
async function inUse(call: () => Promise<unknown>): Promise<void> {
  for (let made = 0; made < 4; made++) await call();
}

/** Requests to the groups, since they were taken last. */
function groupRequests(): readonly string[] {
  return traffic.take().requests.filter((request) => request.startsWith("group."));
}

/** How many calls all objects have started, and how many have a result. */
async function counts(): Promise<{ readonly started: number; readonly settled: number }> {
  const { started = 0, "settled:completed": settled = 0 } = await countTotals(env as unknown as Bindings);
  return { started, settled };
}

/** Where the part of a long result ends. */
function endOf(part: ToolResult | undefined): number {
  const { end = Number.NaN } = (part?.structuredContent ?? {}) as { readonly end?: number };
  return end;
}

function tasksOf(): Promise<readonly { status: string; tool: string }[]> {
  const group = env.TASK_GROUP.getByName(JSON.stringify([principal, "sample-2025", 0]));
  return runInDurableObject(group, (_group, { storage }) =>
    storage.sql.exec<{ status: string; tool: string }>("SELECT status, tool FROM task").toArray(),
  );
}

test("a call of a tool in use that only reads asks no object before its reply, leaves no record, and is counted", async () => {
  const agent = client();
  await inUse(() => lookUp(agent));
  // Those that the group made are written after their replies.
  const isWritten = async (): Promise<boolean> =>
    (await tasksOf()).every(({ status }) => status === "completed");
  await expect.poll(isWritten).toBe(true);
  const before = await tasksOf();
  traffic.take();
  const counted = await counts();
  const result = await lookUp(agent);
  expect(result?.structuredContent).toHaveProperty("title");
  expect(groupRequests()).toEqual([]);
  await expect.poll(groupRequests, { timeout: 10_000 }).toContain("group.lentCalls");
  expect(await tasksOf()).toEqual(before);
  await expect.poll(counts, { timeout: 10_000 }).not.toEqual(counted);
  const { started, settled } = await counts();
  expect(started - counted.started).toBeGreaterThan(0);
  expect(started - settled).toBe(0);
});

test("lent calls are counted with the next call that their group makes", async () => {
  const agent = client();
  await inUse(() => lookUp(agent));
  const asked = vi.spyOn(TaskGroup.prototype, "call");
  asked.mockClear();
  let made = 0;
  for (; asked.mock.calls.length === 0; made++) await lookUp(agent);
  const [, { lent } = {}] = asked.mock.calls[0] ?? [];
  expect(lent?.made).toBeGreaterThan(0);
  expect(lent?.made).toBeLessThanOrEqual(made + 4);
});

test("a lent call whose client hung up is stored, and the same call finds it", async () => {
  const agent = client();
  await inUse(() => lookUp(agent));
  const before = (await tasksOf()).length;
  const { only: at } = Caller.of(
    env as unknown as Bindings,
    principal,
    { name: "sample-2025" },
    "https://holdfast.test",
  );
  if (!at) throw new Error("There is no endpoint");
  const call = { tool: "lookup_doi", arguments: { doi: "10.1/kelp" } };
  const begin = (request: string) => {
    const waited = new WaitedCall(at, call, { session: "s", request });
    return { waited, begun: waited.begin(500, new AbortController().signal) };
  };
  const first = begin("1");
  const { task } = await first.begun;
  expect(task.outcome?.kind).toBe("completed");
  expect(await tasksOf()).toHaveLength(before);
  await first.waited.end(undefined);
  expect(await tasksOf()).toHaveLength(before + 1);
  const made = await upstreamCalls("lookup_doi");
  expect((await begin("2").begun).task.id).toBe(task.id);
  expect(await upstreamCalls("lookup_doi")).toBe(made);
});

test("a 2026-07-28 client's call of such a tool asks no object before its reply either", async () => {
  const agent = new ModernClient(principal, "sample-2026");
  const call = async () => {
    const args = { doi: `10.1/${crypto.randomUUID()}` };
    return (await agent.send("tools/call", { name: "lookup_doi", arguments: args }, {})).text();
  };
  await inUse(call);
  traffic.take();
  expect(await call()).toContain("title");
  expect(groupRequests()).toEqual([]);
});

test("a tool that may change something is called by its group", async () => {
  const agent = client({ GATEWAY: { budgetMs: 60_000 } });
  const call = () => agent.call("acquire_paper", { doi: `10.1/${crypto.randomUUID()}`, stage_ms: 10 });
  await inUse(call);
  traffic.take();
  await call();
  expect(groupRequests()).toContain("group.call");
});

test("a call that takes long is its group's: its client returns to it, and the tool is not lent any more", async () => {
  const agent = client({ GATEWAY: { budgetMs: 60_000 } });
  await inUse(() => echo(agent, 0));
  await exports.default.fetch(`${LAB}/wire`, { method: "DELETE" });
  expect(await echo(agent, 5_000, "kelp", 1_500)).toBeUndefined();
  const made = await upstreamCalls("slow_echo");
  expect((await echo(agent, 5_000))?.content).toEqual([{ type: "text", text: "kelp" }]);
  // The isolate gave up, the group called again, and the retry joined that.
  expect(await upstreamCalls("slow_echo")).toBe(made);
  traffic.take();
  await echo(agent, 0, "other");
  expect(groupRequests()).toContain("group.call");
});

test("a call that clients may return to is joined, not made by an isolate: not even once an object has forgotten that it is slow", async () => {
  const agent = new LegacyClient({
    principal,
    endpoint: "sample-2025",
    vars: { GATEWAY: { budgetMs: 700 } },
  });
  const running = await echo(agent, 8_000);
  expect(taskOf(running)).toBeDefined();
  await abortAllDurableObjects();
  await inUse(() => echo(agent, 0, "other"));
  traffic.take();
  await echo(agent, 0, "another");
  expect(groupRequests()).not.toContain("group.call");
  expect(taskOf(await echo(agent, 8_000))).toBe(taskOf(running));
});

test("a lent call that its server fails is made by the group", async () => {
  const agent = client();
  await inUse(() => lookUp(agent));
  await new GroupLife("2025-11-25").fails("tools/call");
  traffic.take();
  expect((await lookUp(agent))?.structuredContent).toHaveProperty("title");
  expect(groupRequests()).toContain("group.call");
});

test("a lent call has its result although the objects were killed", async () => {
  const agent = client();
  await inUse(() => lookUp(agent));
  await abortAllDurableObjects();
  expect((await lookUp(agent))?.structuredContent).toHaveProperty("title");
});

test("lent calls count for callsPerMinute", async () => {
  const most = 100;
  const began = Date.now();
  const agent = client({ LIMITS: { callsPerMinute: most } });
  let made = 0;
  const limited = async (): Promise<boolean> => {
    const result = await lookUp(agent);
    const refused = result?.isError === true;
    if (!refused) made++;
    return refused;
  };
  while (made < 2 * most && !(await limited()));
  // What comes back while the test runs is used, too.
  expect(made).toBeLessThanOrEqual(most + Math.ceil(((Date.now() - began) * most) / 60_000));
  expect(made).toBeGreaterThan(most / 2);
});

test("a long result of a lent call is stored before the reply: its client may read on at once", async () => {
  const agent = client({ GATEWAY: { clients: { legacy: { resultLength: 4_000 } } } });
  await inUse(() => echo(agent, 0));
  traffic.take();
  const text = "kelp ".repeat(794);
  const part = await echo(agent, 0, text);
  expect(new Set(groupRequests())).toEqual(new Set(["group.lentCalls"]));
  const task = taskOf(part) ?? "";
  const rest = await agent.call("read_result", { task, offset: endOf(part) });
  expect(rest?.structuredContent).toMatchObject({ task, length: text.length });
});
