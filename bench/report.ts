import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Machine } from "./machine.ts";
import { rowPlot } from "./plot.ts";
import type { Row } from "./row.ts";
import { rowTable } from "./table.ts";

/** What a section came to, and where: two sections of one report may be of two runs. */
export interface SectionResult {
  readonly id: string;
  readonly title: string;
  readonly machine: Machine;
  readonly seconds: number;
  readonly rows: readonly Row[];
}

/** Writes samples, tables and plots into a folder of their own. */
export function writeReport(folder: string, sections: readonly SectionResult[]): void {
  // A plot of a row that is no more would be shown for ever.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/results.json`, `${JSON.stringify({ sections }, null, 1)}\n`);
  writeFileSync(`${folder}/results.md`, `${tablesOf(sections)}\n`);
  for (const row of sections.flatMap(({ rows }) => rows)) {
    writeFileSync(`${folder}/${row.id}.svg`, rowPlot(row));
  }
}

/** What an earlier report in the folder has of the sections that were not run anew, in the order of `ids`. */
export function completed(
  folder: string,
  fresh: readonly SectionResult[],
  ids: readonly string[],
): readonly SectionResult[] {
  const file = `${folder}/results.json`;
  const earlier = existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as { readonly sections: readonly SectionResult[] }).sections
    : [];
  return ids.flatMap((id) => [...fresh, ...earlier].find((section) => section.id === id) ?? []);
}

export function aims(sections: readonly SectionResult[]): string {
  const lines = sections.flatMap(({ rows }) =>
    rows.flatMap(({ id, aim }) => (aim ? [`| ${id} | ${aim.text} | ${aim.met ? "met" : "missed"} |`] : [])),
  );
  return ["## Aims", "", "| row | aim | |", "| --- | --- | --- |", ...lines].join("\n");
}

export function provenance({ machine, seconds }: SectionResult): string {
  const { date, commit, cpu, cores, memoryGb, node } = machine;
  return `${date}, ${commit}, ${cpu} (${cores} cores, ${memoryGb} GB), Node ${node}, in ${seconds} s.`;
}

function tablesOf(sections: readonly SectionResult[]): string {
  const tables = sections.flatMap((section) => [
    `## ${section.title}`,
    provenance(section),
    ...section.rows.map(rowTable),
  ]);
  return ["# What the bench measured", aims(sections), ...tables].join("\n\n");
}
