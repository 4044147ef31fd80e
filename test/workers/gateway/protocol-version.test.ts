import type { JsonObject } from "holdfast";
import { expect, test } from "vitest";
import { ask, json, post } from "../whole/whole-worker.ts";
import { ModernClient } from "./modern-client.ts";

const GATEWAY = "/mcp/sample-2025";
const CALL = { name: "lookup_doi", arguments: { doi: "10.1/kelp" } };

function legacy(method: string, params: JsonObject, version?: string): Promise<Response> {
  const headers = {
    accept: "application/json, text/event-stream",
    ...(version !== undefined && { "mcp-protocol-version": version }),
  };
  return post(GATEWAY, { jsonrpc: "2.0", id: 1, method, params }, headers);
}

test("2025-11-25: a request under a version nobody speaks is refused, and starts nothing", async () => {
  const tasks = () => json<{ tasks: object[] }>(ask("/v1/tasks?endpoint=sample-2025"));
  const before = (await tasks()).tasks.length;
  for (const [method, params] of [
    ["tools/call", CALL],
    ["tools/call", { ...CALL, task: {} }],
    ["tasks/list", {}],
    ["ping", {}],
  ] as const) {
    const reply = await legacy(method, params, "1999-01-01");
    expect(reply.status, method).toBe(400);
    expect(await reply.json()).toMatchObject({ jsonrpc: "2.0", error: {} });
  }
  const stream = { accept: "text/event-stream", "mcp-protocol-version": "1999-01-01" };
  expect((await ask(GATEWAY, { headers: stream })).status).toBe(400);
  expect((await tasks()).tasks.length).toBe(before);
});

test.each([undefined, "2025-03-26", "2025-11-25"])("2025-11-25: under %s it is served", async (version) => {
  const reply = await legacy("tasks/list", {}, version);
  expect(reply.status).toBe(200);
  expect(await reply.json()).toMatchObject({ result: { tasks: expect.any(Array) } });
});

test("2026-07-28: a subscription to tasks under a version nobody speaks is refused, like any other", async () => {
  const client = new ModernClient(`p-${crypto.randomUUID()}`, "sample-2026", "2099-01-01");
  for (const notifications of [{ taskIds: ["x"] }, { toolsListChanged: true }]) {
    const reply = await client.send("subscriptions/listen", { notifications });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ error: { code: -32022, data: { requested: "2099-01-01" } } });
  }
});
