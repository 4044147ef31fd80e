import { describe, expect, test } from "vitest";
import budget from "../../bench/budget.json" with { type: "json" };
import { holdfast } from "../../bench/peers/holdfast.ts";
import { resumeCost, wireCost } from "../../bench/rows/wire/scenario.ts";
import { GENERATIONS, MANNERS, SECONDS } from "../../bench/rows/wire/section.ts";

const SCENARIOS = GENERATIONS.flatMap((generation) =>
  MANNERS.flatMap((manner) => SECONDS.map((seconds) => ({ generation, manner, seconds }))),
);
const RESUMED = GENERATIONS.flatMap((generation) =>
  (["working", "ended"] as const).map((status) => ({ generation, status })),
);

interface Limit {
  readonly requests: number;
  readonly bytes: number;
  readonly lateMs: number;
}

const LIMITS: {
  readonly wire: Readonly<Record<string, Limit>>;
  readonly resume: Readonly<Record<string, number>>;
} = budget;

function budgetOf<T>(budgets: Readonly<Record<string, T>>, name: string): T {
  const found = budgets[name];
  if (found === undefined) throw new Error(`bench/budget.json says nothing of ${name}`);
  return found;
}

describe("a task costs on the wire no more than its budget", () => {
  test.each(SCENARIOS)("$generation, a $manner server, $seconds s", async (scenario) => {
    const { generation, manner, seconds } = scenario;
    const cost = await wireCost(holdfast, { generation, manner, taskMs: seconds * 1_000 });
    const limit = budgetOf(LIMITS.wire, `${generation} ${manner} ${seconds} s`);
    expect(cost?.requests, cost?.sent.slice(0, 50).join(", ")).toBeLessThanOrEqual(limit.requests);
    expect(cost?.bytes).toBeLessThanOrEqual(limit.bytes);
    // Without this limit, a client could meet the budget by polling late.
    expect(cost?.lateMs).toBeLessThanOrEqual(limit.lateMs);
  });
});

describe("a page that resumes a task sends no more than its budget", () => {
  test.each(RESUMED)("$generation, a task that is $status", async ({ generation, status }) => {
    const cost = await resumeCost(holdfast, generation, status);
    const limit = budgetOf(LIMITS.resume, `${generation} ${status}`);
    expect(cost?.requests, cost?.sent.join(", ")).toBeLessThanOrEqual(limit);
  });
});
