import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Machine, thisMachine } from "./machine.ts";
import { rowPlot } from "./plot.ts";
import type { Row, Section } from "./row.ts";
import { SECTIONS } from "./sections.ts";
import { rowTable } from "./table.ts";

const PUBLISHED = "docs/performance";

interface SectionResult {
  readonly id: string;
  readonly title: string;
  readonly seconds: number;
  readonly rows: readonly Row[];
}

interface RunResult {
  readonly machine: Machine;
  readonly sections: readonly SectionResult[];
}

const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
const chosen = chooseSections(values.only);
const startedAt = new Date();
const sections: SectionResult[] = [];
for (const section of chosen) sections.push(await runSection(section));
const result: RunResult = { machine: thisMachine(startedAt), sections };

write(`results/bench/${startedAt.toISOString().replaceAll(/[:.]/g, "-")}`, result);
// A part of a run would be published beside another machine's or another day's figures.
if (chosen.length === SECTIONS.length) write(PUBLISHED, result);
console.log(`\n${[aims(result), provenance(result)].join("\n\n")}`);
// What a section left open must not keep the run from ending.
process.exit(0);

function chooseSections(only: readonly string[] | undefined): readonly Section[] {
  if (!only) return SECTIONS;
  const ids = only.flatMap((list) => list.split(","));
  const unknown = ids.filter((id) => !SECTIONS.some((section) => section.id === id));
  if (unknown.length > 0) {
    throw new Error(`No section ${unknown.join(", ")}; there are ${SECTIONS.map(({ id }) => id).join(", ")}`);
  }
  return SECTIONS.filter(({ id }) => ids.includes(id));
}

/** Prints each row as it comes: a run that dies has at least said what it knew. */
async function runSection(section: Section): Promise<SectionResult> {
  const startedMs = performance.now();
  const rows: Row[] = [];
  console.log(`\n## ${section.title}\n`);
  const context = { note: (text: string) => process.stderr.write(`${section.id}: ${text}\n`) };
  for await (const row of section.run(context)) {
    rows.push(row);
    console.log(`${rowTable(row)}\n`);
  }
  return {
    id: section.id,
    title: section.title,
    seconds: Math.round((performance.now() - startedMs) / 1_000),
    rows,
  };
}

function write(folder: string, run: RunResult): void {
  // A plot of a row that is no more would be shown for ever.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/results.json`, `${JSON.stringify(run, null, 1)}\n`);
  writeFileSync(`${folder}/results.md`, `${report(run)}\n`);
  for (const row of run.sections.flatMap(({ rows }) => rows)) {
    writeFileSync(`${folder}/${row.id}.svg`, rowPlot(row));
  }
}

/** Everything that was printed, for the page that quotes it. */
function report(run: RunResult): string {
  const tables = run.sections.flatMap(({ title, rows }) => [`## ${title}`, ...rows.map(rowTable)]);
  return ["# The last full run", provenance(run), aims(run), ...tables].join("\n\n");
}

function aims({ sections }: RunResult): string {
  const rows = sections.flatMap((section) => section.rows);
  const lines = rows.flatMap(({ id, aim }) =>
    aim ? [`| ${id} | ${aim.text} | ${aim.met ? "met" : "missed"} |`] : [],
  );
  return ["## Aims", "", "| row | aim | |", "| --- | --- | --- |", ...lines].join("\n");
}

function provenance({ machine, sections }: RunResult): string {
  const { date, commit, cpu, cores, memoryGb, node } = machine;
  const times = sections.map(({ id, seconds }) => `${id} ${seconds} s`).join(", ");
  return `${date}, ${commit}, ${cpu} (${cores} cores, ${memoryGb} GB), Node ${node}; ${times}`;
}
