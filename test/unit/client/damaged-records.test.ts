import { describe, expect, it } from "vitest";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { lab2026 } from "../../fixtures/client-lab.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import {
  askingRecord,
  callingRecord,
  queuedRecord,
  runningRecord,
  settledRecord,
  T0,
} from "../../fixtures/records.ts";

const DAMAGES: readonly unknown[] = [null, undefined, "damaged", -1, {}, [null]];

const RECORDS: Readonly<Record<string, TaskRecord>> = {
  queued: queuedRecord(),
  calling: callingRecord(),
  asking: askingRecord(),
  running: runningRecord({ cancel: { requestedAt: T0 }, search: { tries: 1, at: T0 }, addressees: ["chat"] }),
  completed: settledRecord(),
  failed: settledRecord({ outcome: { kind: "failed", error: { reason: "reported", message: "No" } } }),
  lost: settledRecord({ outcome: { kind: "lost", detail: "Gone", candidates: ["task-2"] } }),
};

/** The record with each of its fields, and theirs, replaced in turn. */
function* damaged(value: object, damage: unknown): Generator<readonly [field: string, object]> {
  for (const [field, inner] of Object.entries(value)) {
    yield [field, { ...value, [field]: damage }];
    if (typeof inner !== "object" || inner === null) continue;
    for (const [path, changed] of damaged(inner, damage)) {
      const copy = Array.isArray(inner) ? Object.values(changed) : changed;
      yield [`${field}.${path}`, { ...value, [field]: copy }];
    }
  }
}

describe.each(Object.entries(RECORDS))("a damaged record in the store: %s", (_kind, record) => {
  it.each(DAMAGES)(
    "with %j in any field keeps nobody from the other tasks, and none of its own actions hangs",
    async (damage) => {
      for (const [field, stored] of damaged(record, damage)) {
        const store = memoryStore();
        await store.save(stored as TaskRecord);
        await store.save(runningRecord({ id: "whole", taskId: "whole", createdAt: T0 + 1 }));
        const { client } = lab2026({ store });
        const resumed = await client.resume();
        expect(
          resumed.map(({ id }) => id),
          field,
        ).toContain("whole");
        const ids = (await client.list()).map(({ id }) => id);
        expect(ids, field).toContain("whole");
        const task = await client.get(record.id);
        task?.result().catch(() => undefined);
        await task?.cancel();
        await client.forget(record.id, { force: true });
        await settled();
        await client.close();
      }
    },
  );
});
