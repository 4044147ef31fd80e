import { expect, it } from "vitest";
import { RELATED_TASK } from "../../../src/protocol/session.ts";
import { lab2025 } from "../../fixtures/client-lab.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire from "../../fixtures/messages-2025-11-25.ts";

it("a 2025-11-25 task takes 200 open questions, and the next one is refused until one of them is answered", async () => {
  const { client, server } = lab2025();
  const calling = client.callTool("lab", "report");
  await (await server.expect("tools/call")).reply({ task: wire.working });
  const task = await calling;
  const _meta = { [RELATED_TASK]: { taskId: wire.working.taskId } };
  const ask = (id: number): unknown =>
    server.send({ jsonrpc: "2.0", id, method: "elicitation/create", params: { message: `${id}?`, _meta } });
  for (let id = 0; id < 200; id++) expect(ask(id), `question ${id}`).toBe(true);
  expect(ask(200)).toBe(false);
  await settled();
  expect(task.view.inputRequests).toHaveLength(200);
  await task.answer(task.view.inputRequests[0]?.key ?? "", { action: "decline" });
  // The answer has to reach the server before its question makes room.
  await settled();
  expect(ask(201), "room again").toBe(true);
  await client.close();
});
