import { afterAll, beforeAll, expect, test } from "vitest";
import budget from "../../bench/budget.json" with { type: "json" };
import { SettledObjects } from "../../bench/edge/settled-object.ts";

const TASKS = 12;

let objects: SettledObjects;

beforeAll(async () => {
  objects = await SettledObjects.start(2 ** 20);
});

afterAll(() => objects?.stop());

test(`an object whose ${TASKS} tasks have settled with 1 MB each holds none of it in memory`, async () => {
  const { heapMb } = await objects.settle(TASKS);
  expect(heapMb).toBeLessThan(budget.settledHeapMb);
});
