import { describe, expect, test } from "vitest";
import { ARROWS, TO_REMOVE } from "./arrows.ts";
import { treeArrows } from "./tree-arrows.ts";

const found = treeArrows();
const allowed = new Set(ARROWS.flatMap(([from, targets]) => targets.map((to) => `${from} -> ${to}`)));
const toRemove = new Set(TO_REMOVE.map(([from, to]) => `${from} -> ${to}`));

describe("imports between the rooms of the tree", () => {
  test("no room imports another one that the list does not allow", () => {
    const added = found
      .filter(({ from, to }) => !allowed.has(`${from} -> ${to}`) && !toRemove.has(`${from} -> ${to}`))
      .map(({ from, to, file }) => `${from} -> ${to} (${file})`);
    expect(added).toEqual([]);
  });

  test("the list allows only arrows that there are, and none that points up", () => {
    const present = new Set(found.map(({ from, to }) => `${from} -> ${to}`));
    expect([...allowed, ...toRemove].filter((arrow) => !present.has(arrow))).toEqual([]);
    const order = ARROWS.map(([room]) => room);
    const up = ARROWS.flatMap(([from, targets]) =>
      targets
        .filter((to) => !order.slice(0, order.indexOf(from)).includes(to))
        .map((to) => `${from} -> ${to}`),
    );
    expect(up).toEqual([]);
  });

  test("the trees are read: there are some hundred arrows", () => {
    expect(found.length).toBeGreaterThan(100);
    expect(found).toContainEqual(expect.objectContaining({ from: "src/engine", to: "src/protocol" }));
  });
});
