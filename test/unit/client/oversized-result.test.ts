import { describe, expect, it } from "vitest";
import { TaskFailedError } from "../../../src/index.ts";
import { lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";

const long = { content: [{ type: "text", text: "x".repeat(2_000) }] };
const refusal = {
  constructor: TaskFailedError,
  failure: { reason: "oversized", message: expect.stringContaining("at most 1000") },
};

describe("a result that is nested 50,000 levels deep", () => {
  it("ends the task at once, and says why", async () => {
    let deep: unknown[] = [];
    for (let level = 0; level < 50_000; level++) deep = [deep];
    const { client, server, clock } = lab2026();
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply({ ...wire2026.working, resultType: "task" });
    const task = await calling;
    await clock.advance(5_000);
    const result = { content: [], structuredContent: deep };
    await (await server.expect("tasks/get")).reply({ ...wire2026.completed, resultType: "complete", result });
    await expect(task.result()).rejects.toMatchObject({
      constructor: TaskFailedError,
      failure: { reason: "oversized", message: expect.stringContaining("more than 1000 levels deep") },
    });
  });
});

describe("a result longer than the client takes", () => {
  it("of a plain call is refused by name", async () => {
    const { client, server } = lab2026({ maxResultLength: 1_000 });
    const calling = client.callTool("lab", "plain");
    const refused = expect(calling).rejects.toMatchObject(refusal);
    await (await server.expect("tools/call")).reply({ ...long, resultType: "complete" });
    await refused;
  });

  it("of a polled task is its outcome, and nothing of it is stored", async () => {
    const { client, server, clock, store } = lab2026({ maxResultLength: 1_000 });
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply({ ...wire2026.working, resultType: "task" });
    const task = await calling;
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).reply(
      wire2026.getTaskResult({ ...wire2026.completed, result: long }),
    );
    await expect(task.result()).rejects.toMatchObject(refusal);
    expect(JSON.stringify(await store.loadSettled()).length).toBeLessThan(2_000);
  });

  it("of tasks/result (2025-11-25) is its outcome", async () => {
    const { client, server, clock } = lab2025({ maxResultLength: 1_000 });
    server.tools = [
      { name: "slow", execution: { taskSupport: "required" }, inputSchema: { type: "object" } },
    ];
    const calling = client.callTool("lab", "slow");
    await (await server.expect("tools/call")).reply({ task: wire2025.working });
    const task = await calling;
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).reply(wire2025.completed);
    await (await server.expect("tasks/result")).reply(long);
    await expect(task.result()).rejects.toMatchObject(refusal);
  });
});
