import { expect, it } from "vitest";
import { TaskClient } from "../../../src/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { http } from "../../fixtures/failures.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import * as wire from "../../fixtures/messages-2026-07-28.ts";
import { T0 } from "../../fixtures/records.ts";
import { ScriptedServer, SESSION_2026 } from "../../fixtures/scripted-server.ts";
import { testHost } from "../../fixtures/test-host.ts";

it("a poll that waits for its turn is not sent once the server has asked for a retry later", async () => {
  const clock = new FakeClock(T0);
  const server = new ScriptedServer(SESSION_2026);
  server.tools = [{ name: "plain", inputSchema: { type: "object" } }];
  const host = testHost({ clock, maxConcurrentPolls: 1 });
  const client = new TaskClient({ store: memoryStore(), endpoints: { lab: server }, host, push: false });
  const start = async (taskId: string) => {
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply({ ...wire.createTaskResult, taskId });
    return calling;
  };
  await start("first");
  const second = await start("second");
  await clock.advance(5_000);
  const poll = await server.expect("tasks/get");
  expect(poll.params.taskId).toBe("first");
  expect(server.arrivals, "the second poll waits for its turn").toHaveLength(0);
  void second.cancel();
  await (await server.expect("tasks/cancel")).fail(http(429, 30_000));
  await poll.reply(wire.getTaskResult({ ...wire.working, taskId: "first" }));
  await settled();
  expect(server.arrivals).toHaveLength(0);
  await clock.advance(30_000);
  const later = [await server.expect("tasks/get"), await server.expect("tasks/cancel")];
  expect(later.map(({ params }) => params.taskId)).toContain("second");
  await client.close();
});
