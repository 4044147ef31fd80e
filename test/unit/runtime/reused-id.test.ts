import { expect, it } from "vitest";
import { TaskLostError } from "../../../src/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { lab2026 } from "../../fixtures/client-lab.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire from "../../fixtures/messages-2026-07-28.ts";
import { runningRecord, snapshotOf } from "../../fixtures/records.ts";

/** Two tasks of a server that restarts within a second, counts anew, and stamps whole seconds. */
const EARLIER = { ...wire.working, createdAt: "2026-08-01T12:00:00Z", lastUpdatedAt: "2026-08-01T12:00:00Z" };
const LATER = { ...wire.working, createdAt: "2026-08-01T12:00:01Z", lastUpdatedAt: "2026-08-01T12:00:01Z" };

it("A call whose reply comes after a later call was given the same task id does not take the later one's result", async () => {
  const { client, server, clock } = lab2026();
  const [first, second] = [client.callTool("lab", "plain"), client.callTool("lab", "plain")];
  const [late, early] = [await server.expect("tools/call"), await server.expect("tools/call")];
  await early.reply({ ...LATER, resultType: "task" });
  const task = await second;
  const forgotten = expect(first).rejects.toThrow(TaskLostError);
  await late.reply({ ...EARLIER, resultType: "task" });
  await forgotten;
  await clock.advance(5_000);
  await (await server.expect("tasks/get")).reply(
    wire.getTaskResult({ ...LATER, status: "completed", result: wire.toolResult }),
  );
  expect(task.view.outcome).toMatchObject({ kind: "completed" });
});

it("A process that resumes two calls of one task id knows whose task the server forgot", async () => {
  const store = memoryStore();
  for (const [id, { createdAt, lastUpdatedAt }] of Object.entries({ earlier: EARLIER, later: LATER }))
    await store.save(
      runningRecord({ id, endpoint: "lab", snapshot: snapshotOf({ createdAt, lastUpdatedAt }) }),
    );
  const { client } = lab2026({ store });
  await client.resume();
  await settled();
  expect((await client.get("earlier"))?.view.outcome).toMatchObject({ kind: "lost" });
  expect((await client.get("later"))?.view.outcome).toBeUndefined();
});
