import { expect, test } from "vitest";
import budget from "../../bench/budget.json" with { type: "json" };
import type { TaskRecord } from "../../src/engine/record.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { runningRecord, snapshotOf } from "../fixtures/records.ts";
import { SESSION_2026 } from "../fixtures/scripted-server.ts";

const TASKS = 10_000;
const ROUNDS = 7;

const RECORDS = Array.from({ length: TASKS }, (_, index): TaskRecord => {
  const taskId = `task-${index}`;
  return runningRecord({ id: `record-${index}`, taskId, snapshot: snapshotOf({ taskId }) });
});

/** Milliseconds until there is a handle of each task. Their server never answers. */
async function resumed(): Promise<number> {
  const store = memoryStore();
  for (const record of RECORDS) await store.save(record);
  const client = new TaskClient({
    store,
    host: timerHost(),
    endpoints: {
      [RECORDS[0]?.endpoint ?? ""]: {
        address: "silent",
        renewable: false,
        connect: async () => ({
          session: SESSION_2026,
          request: () => new Promise(() => undefined),
          respond: async () => undefined,
          refuse: async () => undefined,
          close: async () => undefined,
        }),
      },
    },
  });
  const start = performance.now();
  const tasks = await client.resume();
  const elapsed = performance.now() - start;
  expect(tasks).toHaveLength(TASKS);
  await client.close();
  return elapsed;
}

/** Milliseconds that this machine takes now to copy the same records: what a store does at the least. */
function copied(): number {
  const start = performance.now();
  expect(RECORDS.map((record) => structuredClone(record))).toHaveLength(TASKS);
  return performance.now() - start;
}

test(`${TASKS} tasks are resumed in at most ${budget.resumeRatio} times what it takes to copy their records`, async () => {
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const floor = copied();
    ratios.push((await resumed()) / floor);
  }
  console.log(`resuming ${TASKS} tasks: ${ratios.map((ratio) => ratio.toFixed(1)).join(", ")} times a copy`);
  // The least disturbed round: what else the machine does is not ours.
  expect(Math.min(...ratios)).toBeLessThanOrEqual(budget.resumeRatio);
});
