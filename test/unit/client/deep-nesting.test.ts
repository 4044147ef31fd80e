import { expect, it } from "vitest";
import { InputError } from "../../../src/index.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { RELATED_TASK } from "../../../src/protocol/session.ts";
import { lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";

const deep = (levels = 50_000): JsonObject =>
  JSON.parse(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`) as JsonObject;

it.each([1_001, 50_000])(
  "callTool() refuses arguments nested %i levels deep, and sends nothing",
  async (levels) => {
    const { client, server, store } = lab2026();
    await expect(client.callTool("lab", "report", deep(levels))).rejects.toThrow(
      "The arguments of report must be JSON without cycles, nested at most 1000 levels deep",
    );
    expect(server.arrivals).toEqual([]);
    expect(await store.loadActive()).toEqual([]);
    await client.close();
  },
);

it("a 2025-11-25 question nested 50,000 levels deep is refused, and the task goes on", async () => {
  const { client, server, clock } = lab2025();
  const calling = client.callTool("lab", "report");
  await (await server.expect("tools/call")).reply({ task: wire2025.working });
  const task = await calling;
  const { taskId } = wire2025.working;
  const ask = (params: JsonObject, id: number): unknown =>
    server.send({
      jsonrpc: "2.0",
      id,
      method: "elicitation/create",
      params: { message: "?", ...params, _meta: { [RELATED_TASK]: { taskId } } },
    });
  expect(ask({ requestedSchema: deep() }, 1)).toBe(false);
  expect(
    server.send({
      jsonrpc: "2.0",
      method: "notifications/tasks/status",
      params: { ...wire2025.working, x: deep() },
    }),
  ).toBe(false);
  expect(task.view.inputRequests).toEqual([]);
  expect(ask({}, 2)).toBe(true);
  await settled();
  const [question] = task.view.inputRequests;
  await expect(task.answer(question?.key ?? "", { action: "accept", content: deep() })).rejects.toThrow(
    InputError,
  );
  expect(task.view.inputRequests).toHaveLength(1);
  await clock.advance(5_000);
  await (await server.expect("tasks/get")).reply(wire2025.completed);
  await (await server.expect("tasks/result")).reply({ content: [{ type: "text", text: "done" }] });
  expect(task.view.outcome).toMatchObject({ kind: "completed" });
  await client.close();
});

it.each([
  [
    "a question",
    { status: "input_required", inputRequests: { a: { method: "elicitation/create", params: deep() } } },
  ],
  ["an untyped block of a result", { status: "completed", result: { content: [deep()] } }],
])(
  "a 2026-07-28 task whose poll brings %s nested 50,000 levels deep ends with the reason",
  async (_what, fields) => {
    const { client, server, clock } = lab2026();
    const calling = client.callTool("lab", "report");
    await (await server.expect("tools/call")).reply({ ...wire2026.working, resultType: "task" });
    const task = await calling;
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).reply({
      ...wire2026.working,
      resultType: "complete",
      ...fields,
    });
    expect(task.view.outcome).toMatchObject({
      kind: "failed",
      error: { reason: "oversized", message: expect.stringContaining("nested more than 1000 levels deep") },
    });
    await client.close();
  },
);
