import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { countTotals } from "../../../worker/operations/counters.ts";
import { GroupLife, until } from "./group-life.ts";

const TASKS = 1_000;

it(`${TASKS} tasks in one object settle, and what they cost is printed`, { timeout: 240_000 }, async () => {
  const life = new GroupLife("2026-07-28");
  await life.clearServer();
  const before = await countTotals(env);
  const begun = Date.now();
  const ids = Array.from({ length: TASKS }, () => `${life.identity.endpoint}.0.${crypto.randomUUID()}`);
  for (let first = 0; first < TASKS; first += 50) {
    await Promise.all(
      ids.slice(first, first + 50).map((id) => life.start({ stage_ms: 4_000 }, { id }, 10_000)),
    );
  }
  const started = Date.now() - begun;
  await until(async () => ((await life.group.active()).tasks === 0 ? true : undefined));
  const settled = Date.now() - begun;
  const counted = await until(async () => {
    const totals = await countTotals(env);
    const since = (name: string): number => (totals[name] ?? 0) - (before[name] ?? 0);
    return since("settled:completed") === TASKS ? since : undefined;
  });
  const each = (name: string): string =>
    `${name} ${counted(name)} (${(counted(name) / TASKS).toFixed(2)} a task)`;
  const costs = ["wakeups", "upstream_requests", "polls", "rows_written", "rows_read"].map(each);
  console.log(
    `${TASKS} tasks of 16 s: started in ${started} ms, settled in ${settled} ms; ${costs.join(", ")}`,
  );
  // A row for the call, one for its handle, one for each of four messages seen, one for the outcome: and alarms are shared.
  expect(counted("rows_written") / TASKS).toBeLessThanOrEqual(7.5);
  expect(counted("wakeups")).toBeLessThan(TASKS / 10);
});
