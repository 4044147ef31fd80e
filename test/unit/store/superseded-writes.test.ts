import { expect, it } from "vitest";
import { memoryStore } from "../../../src/store/memory.ts";
import { lab2026 } from "../../fixtures/client-lab.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import { runningRecord } from "../../fixtures/records.ts";

it("A task that another tab deletes with force ends as lost in the tab that runs it, and is not written again", async () => {
  const store = memoryStore();
  await store.save(runningRecord());
  const { client, server } = lab2026({ store });
  const [task] = await client.resume();
  await settled();
  // The other tab dies before it notifies this one.
  await store.remove("record-1");
  await task?.cancel();
  await settled();
  expect(task?.view.outcome).toMatchObject({ kind: "lost" });
  expect(await client.list()).toEqual([]);
  expect(await store.loadActive()).toEqual([]);
  const before = server.arrivals.length;
  client.nudge();
  await settled();
  expect(server.arrivals).toHaveLength(before);
  await client.close();
});
