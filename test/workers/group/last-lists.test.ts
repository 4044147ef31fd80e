import { beforeEach, expect, test } from "vitest";
import { LastLists } from "../../../worker/group/last-lists.ts";

let rows: Map<string, unknown>;
let writes: number;
let lists: LastLists;

beforeEach(() => {
  rows = new Map();
  writes = 0;
  lists = new LastLists({
    get: (key: string) => rows.get(key),
    put: (key: string, value: unknown) => {
      writes++;
      rows.set(key, value);
    },
    delete: (key: string) => rows.delete(key),
    list: ({ prefix = "" }) => [...rows].filter(([key]) => key.startsWith(prefix)),
  } as unknown as SyncKvStorage);
});

test("LastLists returns each page as it was last noted, and writes none that has not changed", () => {
  const page = { tools: [{ name: "a" }], nextCursor: "2" };
  for (const _time of [1, 2, 3]) lists.note("tools/list", {}, page);
  lists.note("tools/list", { cursor: "2" }, { tools: [] });
  lists.note("prompts/list", {}, {});
  expect(lists.page("tools/list", {})).toEqual(page);
  expect(lists.page("tools/list", { cursor: "2" })).toEqual({ tools: [] });
  expect(lists.page("prompts/list", {})).toEqual({});
  expect(lists.page("resources/list", {})).toBeUndefined();
  expect(writes).toBe(3);
});

test("LastLists forgets the later pages of a list whose first page has changed, and of no other list", () => {
  lists.note("tools/list", {}, { tools: [], nextCursor: "2" });
  lists.note("tools/list", { cursor: "2" }, { tools: [] });
  lists.note("prompts/list", { cursor: "2" }, { prompts: [] });
  lists.note("tools/list", {}, { tools: [], nextCursor: "other" });
  expect(lists.page("tools/list", { cursor: "2" })).toBeUndefined();
  expect(lists.page("prompts/list", { cursor: "2" })).toEqual({ prompts: [] });
});

test("LastLists stays bounded, whatever a server lists", () => {
  for (let cursor = 0; cursor < 1_000; cursor++)
    lists.note("tools/list", { cursor: `${cursor}${"é".repeat(5_000)}` }, { tools: [] });
  expect(rows.size).toBeLessThanOrEqual(64);
  for (const key of rows.keys()) expect(new TextEncoder().encode(key).length).toBeLessThan(2_048);
  lists.note("prompts/list", {}, { prompts: [] });
  lists.note("prompts/list", {}, { prompts: ["x".repeat(1_100_000)] });
  expect(lists.page("prompts/list", {})).toBeUndefined();
});
