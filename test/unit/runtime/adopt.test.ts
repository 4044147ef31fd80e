import { expect, it } from "vitest";
import { claimOf } from "../../../src/engine/claim.ts";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { TaskClient } from "../../../src/index.ts";
import { createFollowedTasks } from "../../../src/runtime/followed-tasks.ts";
import type { HostParts } from "../../../src/runtime/host-parts.ts";
import { alone, type Ownership } from "../../../src/runtime/ownership.ts";
import { adopt } from "../../../src/runtime/residence.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { TaskView } from "../../../src/task-view.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import { queuedRecord, runningRecord, settledRecord, T0 } from "../../fixtures/records.ts";
import { ScriptedServer, SESSION_2026 } from "../../fixtures/scripted-server.ts";
import { testHost } from "../../fixtures/test-host.ts";

/** A tab that leads, what it publishes and hands over, and its server. `stepsDown`: another tab leads from now on. */
async function leader(stored: TaskRecord) {
  const store = { ...memoryStore(), scope: "shared" };
  await store.save(stored);
  const server = new ScriptedServer(SESSION_2026);
  const published: TaskView[] = [];
  const handedOver: TaskRecord[] = [];
  let leadership: Ownership["leadership"] = "leading";
  let parts: HostParts | undefined;
  const ownership = (endpoint: string, own: HostParts): Ownership => {
    parts = own;
    return Object.defineProperty(
      {
        ...alone(endpoint, own),
        claim: (record: TaskRecord) => claimOf(leadership, record, false),
        publish: (view: TaskView) => void published.push(view),
        handOver: (record: TaskRecord) => void handedOver.push(record),
      },
      "leadership",
      { get: () => leadership },
    );
  };
  const host = testHost({ clock: new FakeClock(T0), ownership });
  const client = new TaskClient({ endpoints: { lab: server }, store, host, push: false });
  if (!parts) throw new Error("The client made no ownership");
  const stepsDown = (): void => {
    leadership = "following";
  };
  return { client, parts, server, published, handedOver, stepsDown };
}

const CANCELLING = runningRecord({ rev: 6, cancel: { requestedAt: T0 } });

it("A leader does not resume a task that it settled after the tab that hands it over froze", async () => {
  const ended = settledRecord({ ...CANCELLING, rev: 7, outcome: { kind: "cancelled", confirmed: true } });
  const { parts, server, published } = await leader(ended);
  await adopt(parts, CANCELLING);
  await settled();
  expect(server.methods).toEqual([]);
  expect(published).toMatchObject([{ id: ended.id, outcome: { kind: "cancelled" } }]);
});

it("A leader goes on from the store's record where that is later than the one handed over", async () => {
  const { parts, server } = await leader(
    runningRecord({ rev: 7, cancel: { requestedAt: T0, acknowledgedAt: T0 } }),
  );
  await adopt(parts, CANCELLING);
  await settled();
  expect(server.methods).not.toContain("tasks/cancel");
  expect(parts.runtime.state(CANCELLING.id)?.record.rev).toBe(7);
});

it("A leader runs a record handed over that is later than the store's, or that the store does not hold", async () => {
  const { parts, server } = await leader(runningRecord({ rev: 5 }));
  await adopt(parts, CANCELLING, 5);
  await server.expect("tasks/cancel");
  await adopt(parts, runningRecord({ rev: 3, id: "unstored", taskId: "task-2" }));
  expect(parts.runtime.state("unstored")?.record.rev).toBe(3);
});

it("A tab that stepped down while it read the store hands the record over to the next leader", async () => {
  const { parts, handedOver, stepsDown } = await leader(runningRecord({ rev: 5 }));
  const adopting = adopt(parts, CANCELLING, 5);
  stepsDown();
  await adopting;
  expect(handedOver).toEqual([CANCELLING]);
  expect(parts.runtime.states()).toEqual([]);
});

it("A process that shares its store with no other claims every record, as the table of claims says", async () => {
  const { parts } = await leader(runningRecord());
  const { claim } = alone("lab", parts);
  for (const record of [runningRecord(), queuedRecord()])
    for (const makes of [true, false]) expect(claim(record)).toBe(claimOf("alone", record, makes));
});

it("A leader publishes the outcome of a call whose tab ended before it could publish it", async () => {
  const ended = settledRecord();
  const { parts, server, published } = await leader(ended);
  await createFollowedTasks(parts, ended.endpoint).resumeOrphan(ended.id);
  await settled();
  expect(published).toMatchObject([{ id: ended.id, outcome: { kind: "completed" } }]);
  expect(server.methods).toEqual([]);
});
