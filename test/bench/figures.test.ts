import { expect, test } from "vitest";
import { rowPlot } from "../../bench/plot.ts";
import type { Row } from "../../bench/row.ts";
import { growth, median, quantile } from "../../bench/statistics.ts";
import { rowTable } from "../../bench/table.ts";

function costs(cost: (x: number) => number): { subject: string; x: number; samples: number[] }[] {
  return [1, 10, 100, 1_000].map((x) => ({ subject: "Holdfast", x, samples: [cost(x)] }));
}

const ROW: Row = {
  id: "heap",
  title: "Heap for each task",
  unit: "bytes",
  better: "less",
  points: [
    { subject: "Holdfast", samples: [30, 10, 20] },
    { subject: "a <peer>", samples: [40] },
    { subject: "another", samples: [80] },
    { subject: "a third", samples: [] },
  ],
  aim: { text: "at most 25", met: true },
};

test("quantiles lie between the samples in proportion", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(quantile([10, 20, 30], 0.25)).toBe(15);
});

test.each([
  ["constant", () => 7],
  ["less than linear", (x: number) => Math.sqrt(x)],
  ["linear", (x: number) => 3 * x],
  ["worse than linear", (x: number) => x ** 2],
  // A handshake must not hide that the polls are linear.
  ["linear", (x: number) => 20 + x],
] as const)("a cost that is %s is called so", (name, cost) => {
  expect(growth(costs(cost))?.name).toBe(name);
});

test("the table has median, spread, the ratio to the best peer, and who cannot", () => {
  const lines = rowTable(ROW).split("\n");
  expect(lines).toContain("| Holdfast | 20 bytes (10–30), × 0.50 |");
  expect(lines).toContain("| another | 80 bytes |");
  expect(lines).toContain("| a third | cannot |");
  expect(lines).toContain("Aim: at most 25: **met**.");
});

test("a plot is an SVG on paper of its own that names every subject", () => {
  const svg = rowPlot(ROW);
  expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  expect(svg).toContain('<rect width="100%" height="100%" fill="#ffffff">');
  for (const name of ["Holdfast", "a &lt;peer&gt;", "another", "a third", "cannot"])
    expect(svg).toContain(name);
});
