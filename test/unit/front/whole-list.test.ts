import type { JsonObject } from "holdfast";
import { expect, it } from "vitest";
import { wholeList } from "../../../front/whole-list.ts";

const PROMPTS = { method: "prompts/list", field: "prompts", key: "name" };

/** A server's pages by their cursors; the first has none. */
function server(pages: Readonly<Record<string, unknown>>) {
  const asked: unknown[] = [];
  const ask = async ({ cursor = "first" }: JsonObject): Promise<JsonObject> => {
    asked.push(cursor);
    return pages[String(cursor)] as JsonObject;
  };
  return { asked, ask };
}

it("wholeList() reads each page once and stops at a cursor that the server repeats", async () => {
  const { asked, ask } = server({
    first: { prompts: [{ name: "a" }], nextCursor: "second" },
    second: { prompts: [{ name: "b" }, { name: "a", title: "later" }], nextCursor: "second" },
  });
  const { items, cut } = await wholeList(PROMPTS, ask);
  expect(items).toEqual([{ name: "a", title: "later" }, { name: "b" }]);
  expect(asked).toEqual(["first", "second"]);
  expect(cut).toContain("prompts/list");
});

it("wholeList() leaves out entries without an identifier, and takes a page without entries as empty", async () => {
  const { ask } = server({
    first: { prompts: [{ name: 1 }, null, { title: "nameless" }, { name: "a" }], nextCursor: "second" },
    second: { nextCursor: 7 },
  });
  expect(await wholeList(PROMPTS, ask)).toEqual({ items: [{ name: "a" }] });
});
