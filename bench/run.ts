import { parseArgs } from "node:util";
import { thisMachine } from "./machine.ts";
import { aims, completed, provenance, type SectionResult, writeReport } from "./report.ts";
import type { Row, Section } from "./row.ts";
import { SECTIONS } from "./sections.ts";
import { rowTable } from "./table.ts";

const PUBLISHED = "docs/performance";

const { values } = parseArgs({
  options: { only: { type: "string", multiple: true }, publish: { type: "boolean", default: false } },
});
const chosen = chooseSections(values.only);
const machine = thisMachine(new Date());
const results: SectionResult[] = [];
const broken: string[] = [];
for (const section of chosen) {
  try {
    results.push(await runSection(section));
  } catch (error) {
    // What the others came to is not lost with it.
    console.error(error);
    broken.push(section.id);
  }
}

writeReport(`results/bench/${new Date().toISOString().replaceAll(/[:.]/g, "-")}`, results);
const whole = chosen.length === SECTIONS.length;
if ((whole || values.publish) && broken.length === 0) {
  const ids = SECTIONS.map(({ id }) => id);
  writeReport(PUBLISHED, whole ? results : completed(PUBLISHED, results, ids));
}
console.log(
  `\n${[aims(results), ...results.map((result) => `${result.title}: ${provenance(result)}`)].join("\n\n")}`,
);
if (broken.length > 0) console.error(`\nCame to nothing: ${broken.join(", ")}`);
// What a section left open must not keep the run from ending.
process.exit(broken.length > 0 ? 1 : 0);

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
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  return { id: section.id, title: section.title, machine, seconds, rows };
}
