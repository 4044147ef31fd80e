import { describe, expect, it } from "vitest";
import { cellText, csvOf, sortedRows, tablesIn } from "../../../ui/result/table-of.ts";

const PAPERS = [
  { doi: "10.1/a", pages: 12, title: "Kelp" },
  { doi: "10.1/b", pages: 3 },
  { doi: "10.1/c", pages: 100, title: null },
];

describe("tablesIn() finds", () => {
  it("a list of objects with about the same members, in the order in which the members first come", () => {
    const [table] = tablesIn(PAPERS);
    expect(table?.path).toBe("");
    expect(table?.columns).toEqual(["doi", "pages", "title"]);
    expect(table?.rows[1]).toEqual(["10.1/b", 3, undefined]);
  });

  it("each such list that is a member of an object", () => {
    const tables = tablesIn({
      total: 3,
      papers: PAPERS,
      authors: [{ name: "A" }, { name: "B" }],
      tags: ["x"],
    });
    expect(tables.map(({ path }) => path)).toEqual(["papers", "authors"]);
  });

  it("a list of lists of the same length", () => {
    const [table] = tablesIn([
      ["Kelp", 1],
      ["Reef", 2],
    ]);
    expect(table?.columns).toEqual(["1", "2"]);
  });

  it("a member called __proto__ like any other", () => {
    const [table] = tablesIn(JSON.parse('[{"__proto__":1,"a":2},{"__proto__":3,"a":4}]'));
    expect(table?.rows).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
});

it.each([
  ["one object", [{ a: 1 }]],
  ["an empty list", []],
  ["a list of texts", ["a", "b"]],
  ["objects with nothing in common", [{ a: 1 }, { b: 1 }, { c: 1 }, { d: 1 }]],
  ["objects and other values", [{ a: 1 }, 2]],
  ["objects without members", [{}, {}]],
  [
    "more columns than anybody reads",
    [0, 1].map(() => Object.fromEntries(Array.from({ length: 30 }, (_, i) => [i, i]))),
  ],
  ["lists of another length each", [[1, 2], [1]]],
  [
    "lists of lists",
    [
      [[1], [2]],
      [[3], [4]],
    ],
  ],
  ["a text", "[]"],
  ["nothing", null],
])("tablesIn() takes %s for no table", (_, value) => {
  expect(tablesIn(value)).toEqual([]);
});

describe("sortedRows()", () => {
  it("orders numbers by size and leaves what lacks the column at the end, both ways", () => {
    const rows = [[10], [9], [undefined], [null], [100]];
    expect(sortedRows(rows, 0, false)).toEqual([[9], [10], [100], [undefined], [null]]);
    expect(sortedRows(rows, 0, true)).toEqual([[100], [10], [9], [undefined], [null]]);
  });

  it("orders texts as a person would, and numbers within them by size", () => {
    expect(sortedRows([["b10"], ["b9"], ["a"]], 0, false)).toEqual([["a"], ["b9"], ["b10"]]);
  });
});

it("csvOf() quotes what has commas, quotes or lines, and disarms texts that a spreadsheet would run", () => {
  const table = {
    path: "",
    columns: ["a", "b"],
    rows: [
      ['say "x", y', -3],
      ["=HYPERLINK(1)", { n: 1 }],
      ["two\nlines", undefined],
    ],
  };
  expect(csvOf(table)).toBe(
    ["a,b", '"say ""x"", y",-3', `'=HYPERLINK(1),"{""n"":1}"`, '"two\nlines",'].join("\r\n"),
  );
});

it("cellText() shows a text as it is and anything else as JSON", () => {
  expect([cellText("a"), cellText(1.5), cellText(false), cellText(null), cellText(undefined)]).toEqual([
    "a",
    "1.5",
    "false",
    "null",
    "",
  ]);
});
