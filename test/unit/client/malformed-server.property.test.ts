import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";

const COUNT = 10_000;

/** Values as a server gone wrong may send them: anything, or a good task with one field spoilt. */
function spoilt(task: object): readonly unknown[] {
  // Another number in the TTL does not fail the task: it is another TTL, and the task then expires by it.
  const fields = Object.keys(task).filter((field) => !["taskId", "status", "ttl", "ttlMs"].includes(field));
  const oneField = fc
    .tuple(fc.constantFrom(...fields), fc.jsonValue())
    .map(([field, value]) => ({ ...task, [field]: value }));
  const noTask = fc.jsonValue().map((status) => ({ ...task, status }));
  return fc.sample(fc.oneof(fc.jsonValue(), oneField, noTask), { numRuns: COUNT, seed: 20_260_728 });
}

describe.each([
  {
    generation: "2025-11-25",
    lab: lab2025,
    tool: "required",
    created: { task: wire2025.working },
    working: wire2025.working,
    method: "notifications/tasks/status",
    done: wire2025.completed,
  },
  {
    generation: "2026-07-28",
    lab: lab2026,
    tool: "plain",
    created: { ...wire2026.working, resultType: "task" },
    working: wire2026.working,
    method: "notifications/tasks",
    done: wire2026.getTaskResult(wire2026.completed),
  },
])("a running $generation task and a server gone wrong", ({ lab, tool, created, working, method, done }) => {
  it(`outlives ${COUNT} malformed replies and as many notifications`, { timeout: 120_000 }, async () => {
    const { client, server, clock, store } = lab();
    const calling = client.callTool("lab", tool);
    await (await server.expect("tools/call")).reply(created);
    const task = await calling;
    let replies = 0;
    for (const value of spoilt({ ...working, ttl: null, ttlMs: null })) {
      server.send({ jsonrpc: "2.0", method, params: value as never });
      // The longest wait a spoilt interval can ask for.
      await clock.advance(3_600_000);
      for (const request of server.arrivals.splice(0)) {
        replies++;
        await request.reply(value);
      }
      if (task.view.outcome)
        throw new Error(`${JSON.stringify(value)} came to ${JSON.stringify(task.view.outcome)}`);
    }
    expect(replies).toBeGreaterThanOrEqual(COUNT);
    expect(await store.loadActive()).toHaveLength(1);

    for (let round = 0; round < 100 && !task.view.outcome; round++) {
      await clock.advance(3_600_000);
      for (const request of server.arrivals.splice(0)) {
        await request.reply(request.method === "tasks/result" ? wire2025.toolResult : done);
      }
    }
    expect(task.view.outcome?.kind).toBe("completed");
  });
});
