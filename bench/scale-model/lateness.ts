import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TaskRecord } from "../../src/engine/record.ts";
import { DEFAULT_TIMING, nextPoll, spread } from "../../src/engine/schedule.ts";
import { ticks } from "../../src/engine/ticks.ts";

/**
 * How late the first poll of each task came that it ended, in ms: by the object's alarm, its place among six at a time, and the reply.
 * @param databases The folder with the objects' databases, named by the objects' ids.
 */
export async function latenessOf(databases: string): Promise<readonly number[]> {
  // workerd has them open.
  const copy = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  await cp(databases, copy, { recursive: true });
  const objects = readdirSync(copy).filter((file) => /^[0-9a-f]{64}\.sqlite$/.test(file));
  const late = objects.flatMap((file) => {
    const timing = { ...DEFAULT_TIMING, ticks: ticks(spread(file.slice(0, 64))) };
    const rows = new DatabaseSync(join(copy, file))
      .prepare("SELECT record FROM task WHERE settled = 1")
      .all();
    return rows.flatMap(({ record: text }) => {
      const record = JSON.parse(String(text)) as TaskRecord;
      const { acceptedAt, settledAt } = record;
      if (acceptedAt === undefined || settledAt === undefined) return [];
      return [settledAt - nextPoll(record, timing, acceptedAt)];
    });
  });
  rmSync(copy, { recursive: true, force: true });
  return late;
}
