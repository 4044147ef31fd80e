import { type Estimate, estimate, type Spread } from "./model.ts";

const SPREADS: readonly (readonly [name: string, ofPrincipal: (tasks: number) => number])[] = [
  ["one a principal", () => 1],
  ["100 a principal", () => 100],
  ["all of one principal", (tasks) => tasks],
];
const TASKS = [10_000, 1_000_000, 100_000_000];

/** The table of docs/scale.md, as Markdown. */
export function scaleTable(): string {
  const head = [
    "active tasks",
    "spread",
    "objects",
    "polls a second",
    "CPU cores",
    "rows written a second",
    "USD a month",
    "beyond its limit, the furthest first",
  ];
  const lines = TASKS.flatMap((tasks) =>
    SPREADS.map(([name, ofPrincipal]) => {
      const spread: Spread = { tasks, ofPrincipal: ofPrincipal(tasks) };
      return [count(tasks), name, ...cells(estimate(spread))];
    }),
  );
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function cells({ objects, pollsS, cores, rowsWrittenS, monthUsd, broken }: Estimate): readonly string[] {
  return [
    ...[objects, pollsS, cores, rowsWrittenS, monthUsd].map(count),
    broken.length > 0 ? broken.join(", ") : "nothing",
  ];
}

function count(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString("en", { maximumFractionDigits: 1 });
}
