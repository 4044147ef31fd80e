import type { JsonObject } from "holdfast";
import { beforeEach, expect, test } from "vitest";
import { ModernClient, messagesOf } from "./modern-client.ts";

let alice: ModernClient;
let bob: ModernClient;

beforeEach(() => {
  alice = new ModernClient(`alice-${crypto.randomUUID()}`, "sample-2026");
  bob = new ModernClient(`bob-${crypto.randomUUID()}`, "sample-2026");
});

async function acquire(client: ModernClient, args: JsonObject = {}): Promise<string> {
  const call = { name: "acquire_paper", arguments: { doi: "10.1/kelp", stage_ms: 150, ...args } };
  const { result } = await client.ask("tools/call", call);
  expect(result).toMatchObject({ resultType: "task" });
  return String(result?.taskId);
}

test("a subscription reports each change of the caller's own tasks, to the result", async () => {
  const mine = await acquire(alice);
  const bobs = await acquire(bob);
  const reply = await alice.send("subscriptions/listen", { notifications: { taskIds: [mine, bobs, "x"] } });
  const statuses: unknown[] = [];
  for await (const { method, params } of messagesOf(reply)) {
    expect(params._meta).toEqual({ "io.modelcontextprotocol/subscriptionId": "r1" });
    if (method === "notifications/subscriptions/acknowledged") {
      expect(params.notifications).toEqual({ taskIds: [mine] });
      continue;
    }
    expect(method).toBe("notifications/tasks");
    expect(params.taskId).toBe(mine);
    statuses.push(params.status);
    if (params.status !== "working") {
      expect(params.result).toMatchObject({ structuredContent: { doi: "10.1/kelp" } });
      break;
    }
  }
  expect(statuses.at(-1)).toBe("completed");
});

test("a client that does not declare tasks can neither subscribe to them nor ask for them", async () => {
  const taskId = await acquire(alice);
  const refused = [
    await alice.send("subscriptions/listen", { notifications: { taskIds: [taskId] } }, {}),
    await alice.send("tasks/get", { taskId }, {}),
  ];
  for (const reply of refused) {
    const { error } = await reply.json<{ error: object }>();
    const requiredCapabilities = { extensions: { "io.modelcontextprotocol/tasks": {} } };
    expect(error).toMatchObject({ code: -32021, data: { requiredCapabilities } });
  }
});

test("a task is its principal's alone, and its endpoint's", async () => {
  const taskId = await acquire(alice, { stage_ms: 5_000 });
  for (const method of ["tasks/get", "tasks/cancel"]) {
    const foreign = await bob.ask(method, { taskId });
    const unknown = await bob.ask(method, { taskId: "no-such-task" });
    expect(foreign.error).toMatchObject({ code: -32602 });
    expect(foreign.error).toEqual(unknown.error);
  }
  expect((await alice.ask("tasks/get", { taskId })).result).toMatchObject({ status: "working" });
});

test("an answer to a question that precedes the task starts the task of the same call, and of no other", async () => {
  const call = { name: "acquire_paper", arguments: { doi: "10.1/first", stage_ms: 50, mode: "ask_first" } };
  const abilities = { elicitation: {}, extensions: { "io.modelcontextprotocol/tasks": {} } };
  const asked = (await (await alice.send("tools/call", call, abilities)).json()) as { result: JsonObject };
  expect(asked.result).toMatchObject({ resultType: "input_required" });
  const { requestState, inputRequests } = asked.result as { requestState: string; inputRequests: JsonObject };
  const [key = ""] = Object.keys(inputRequests);
  const inputResponses = { [key]: { action: "accept", content: { edition: "preprint" } } };

  const answer = { requestState, inputResponses };
  const other = { ...call, arguments: { ...call.arguments, doi: "10.1/other" } };
  for (const refused of [
    await alice.send("tools/call", { ...other, ...answer }, abilities),
    await bob.send("tools/call", { ...call, ...answer }, abilities),
    await alice.send("tools/call", { ...call, ...answer, requestState: "holdfast:made.up" }, abilities),
  ])
    expect(await refused.json()).toMatchObject({ error: { code: -32602 } });

  const made = (await (await alice.send("tools/call", { ...call, ...answer }, abilities)).json()) as {
    result: JsonObject;
  };
  expect(made.result).toMatchObject({ resultType: "task" });
});
