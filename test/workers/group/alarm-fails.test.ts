import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { countTotals } from "../../../worker/operations/counters.ts";
import { GroupLife, until } from "./group-life.ts";

it("an alarm that fails is tried again, and its tasks settle", async () => {
  const life = new GroupLife("2026-07-28");
  await life.clearServer();
  const failures = async () => (await countTotals(env)).alarm_failures ?? 0;
  const before = await failures();
  await life.start({ stage_ms: 300 });
  // Evicted, so that the next alarm has to read the table, which it cannot.
  await evictDurableObject(life.group);
  const rename = (from: string, to: string) =>
    runInDurableObject(life.group, (_object, { storage }) => {
      storage.sql.exec(`ALTER TABLE task RENAME COLUMN ${from} TO ${to}`);
    });
  await rename("record", "unreadable");
  await until(async () => ((await failures()) > before ? true : undefined));
  await rename("unreadable", "record");
  expect((await life.settlesByItself()).status).toBe("completed");
});
