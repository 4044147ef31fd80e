import { exports } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import budget from "../../../bench/budget.json" with { type: "json" };
import { GATHER_MS } from "../../../worker/group/gateway-calls.ts";
import { post } from "../whole/whole-worker.ts";
import { LegacyClient, taskOf } from "./legacy-client.ts";
import { ModernClient } from "./modern-client.ts";
import { ObjectTraffic, type Traffic } from "./object-traffic.ts";

const { gateway } = budget;

let principal: string;
let traffic: ObjectTraffic;

beforeEach(async () => {
  principal = `p-${crypto.randomUUID()}`;
  await exports.default.fetch("https://holdfast.test/samples/demo/wire", { method: "DELETE" });
  traffic = await ObjectTraffic.counted();
});

afterEach(() => {
  vi.restoreAllMocks();
});

function client(gateway: object = {}): LegacyClient {
  return new LegacyClient({
    principal,
    endpoint: "sample-2025",
    keepsSession: true,
    vars: { GATEWAY: gateway },
  });
}

/**
 * The objects are made, the endpoint's session is known, and calls are leased. What they do in the background is over. The tool was
 * called once, so that it is not lent yet.
 */
async function warm(call: () => Promise<unknown>): Promise<void> {
  await call();
  await settled();
  traffic.take();
}

/** Resolves when what was begun has been written: timers of the same length go off in the order in which they were set. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve));
}

async function costOf(call: () => Promise<unknown>): Promise<Traffic> {
  traffic.take();
  await call();
  await settled();
  return traffic.take();
}

/**
 * Without reports of counts, of lent calls too: those are made once a second, and nobody waits for them. Nor does anybody wait for the
 * next calls to lend, after the first.
 */
function requestsOf({ requests }: Traffic): readonly string[] {
  return requests.filter((request) => !/^(metrics\.|group\.lentCalls$|directory\.lend$)/.test(request));
}

test(`an ordinary call asks ${gateway.ordinaryCall.requests} object, once, and writes at most ${gateway.ordinaryCall.rows} rows`, async () => {
  const agent = client();
  const call = () => agent.call("lookup_doi", { doi: `10.1/${crypto.randomUUID()}` });
  await warm(call);
  const cost = await costOf(call);
  expect(requestsOf(cost)).toEqual(["group.call"]);
  expect(requestsOf(cost)).toHaveLength(gateway.ordinaryCall.requests);
  // What the directory lends it writes down, once for hundreds of calls. This call is the first of the tool that lends.
  const lends = cost.requests.filter((request) => request === "directory.lend").length;
  expect(lends).toBeLessThanOrEqual(2);
  expect(cost.rows).toBeLessThanOrEqual(gateway.ordinaryCall.rows + lends);
  expect(cost.rows).toBeGreaterThan(0);
  // The tool is in use: the next call is the isolate's, and the object only counts it, with others.
  const lent = await costOf(call);
  expect(requestsOf(lent)).toEqual([]);
  expect(lent.rows).toBe(0);
});

test("an ordinary call of a 2026-07-28 client asks the same object, once", async () => {
  const agent = new ModernClient(principal, "sample-2026");
  const call = async () => {
    const args = { doi: `10.1/${crypto.randomUUID()}` };
    return (await agent.send("tools/call", { name: "lookup_doi", arguments: args }, {})).text();
  };
  await warm(call);
  expect(requestsOf(await costOf(call))).toEqual(["group.call"]);
});

test("an ordinary call at /mcp, in front of several servers, asks the same object, once", async () => {
  const send = async (method: string, params: object): Promise<{ tools: readonly { name: string }[] }> => {
    const accept = "application/json, text/event-stream";
    const reply = await post("/mcp", { jsonrpc: "2.0", id: 1, method, params }, { accept }, "alice-token");
    const text = await reply.text();
    // The SDK answers on a stream, with the reply as its only event.
    return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text).result;
  };
  const { tools } = await send("tools/list", {});
  const [name] = tools.map((tool) => tool.name).filter((shown) => shown.includes("lookup_doi"));
  const call = () => send("tools/call", { name, arguments: { doi: `10.1/${crypto.randomUUID()}` } });
  await warm(call);
  expect(requestsOf(await costOf(call))).toEqual(["group.call"]);
});

test("ordinary calls in a row ask the directory for the next ones in the background, and the sums of counts hardly ever", async () => {
  const agent = client();
  const call = () => agent.call("lookup_doi", { doi: `10.1/${crypto.randomUUID()}` });
  await warm(call);
  const calls = 40;
  const { requests } = await costOf(async () => {
    for (let made = 0; made < calls; made++) await call();
  });
  // Each group request is one call, or stores several.
  const count = (name: string): number => requests.filter((request) => request.startsWith(name)).length;
  expect(count("group.")).toBeLessThanOrEqual(calls);
  expect(count("directory.")).toBeLessThanOrEqual(calls * gateway.directoryRequestsPerCall);
  expect(count("metrics.")).toBeLessThan(calls / 4);
});

test("a call that becomes a task, its check_task and a list of tools ask and write no more than their budgets", async () => {
  const agent = client({ budgetMs: 0 });
  await warm(() => agent.call("lookup_doi", { doi: `10.1/${crypto.randomUUID()}` }));
  let task: string | undefined;
  const started = await costOf(async () => {
    task = taskOf(await agent.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 60_000 }));
  });
  expect(task).toBeDefined();
  expect(requestsOf(started).length).toBeLessThanOrEqual(gateway.startedTask.requests);
  expect(started.rows).toBeLessThanOrEqual(gateway.startedTask.rows);
  const checked = await costOf(() => agent.call("check_task", { task: task ?? "" }));
  expect(requestsOf(checked).length).toBeLessThanOrEqual(gateway.checkTask.requests);
  expect(checked.rows).toBeLessThanOrEqual(gateway.checkTask.rows);
  // The first list is stored, in case the server hangs at a later one.
  await agent.request("tools/list", {});
  const listed = await costOf(() => agent.request("tools/list", {}));
  expect(requestsOf(listed).length).toBeLessThanOrEqual(gateway.toolsList.requests);
  expect(listed.rows).toBeLessThanOrEqual(gateway.toolsList.rows);
});
