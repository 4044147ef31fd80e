import type { Point, Row, Unit } from "./row.ts";
import { growth, median } from "./statistics.ts";

const HOLDFAST = "Holdfast";

/** A row as a Markdown table: a line a subject, a column a place on its x, each with median and spread. */
export function rowTable(row: Row): string {
  const places = placesOf(row);
  const grows = places.length > 1;
  const head = [row.x ? `${row.x.name}${inUnit(row.x.unit)}` : "", ...places.map(placeName)];
  const lines = subjectsOf(row).map((subject) => {
    const own = row.points.filter((point) => point.subject === subject);
    const cells = places.map((x) => cell(row, own, x));
    return grows ? [subject, ...cells, growthText(own)] : [subject, ...cells];
  });
  return [
    `### ${row.title}`,
    "",
    markdownLine(grows ? [...head, "grows"] : head),
    markdownLine((grows ? [...head, ""] : head).map((_, column) => (column === 0 ? "---" : "---:"))),
    ...lines.map(markdownLine),
    "",
    ...(row.aim ? [`Aim: ${row.aim.text}: **${row.aim.met ? "met" : "missed"}**.`] : []),
    ...(row.notes ?? []),
  ]
    .join("\n")
    .trimEnd();
}

export function subjectsOf({ points }: Row): readonly string[] {
  return [...new Set(points.map(({ subject }) => subject))];
}

export function isHoldfast(subject: string): boolean {
  return subject.startsWith(HOLDFAST);
}

/** The peer with the best median at one place, among those that can do it at all. */
export function bestPeer(row: Row, x: number | undefined): Point | undefined {
  const sign = row.better === "less" ? 1 : -1;
  return row.points
    .filter((point) => point.x === x && !isHoldfast(point.subject) && point.samples.length > 0)
    .sort((a, b) => sign * (median(a.samples) - median(b.samples)))[0];
}

function placesOf({ points }: Row): readonly (number | undefined)[] {
  return [...new Set(points.map(({ x }) => x))].sort((a, b) => (a ?? 0) - (b ?? 0));
}

function placeName(x: number | undefined): string {
  return x === undefined ? "" : x.toLocaleString("en");
}

function cell(row: Row, own: readonly Point[], x: number | undefined): string {
  const point = own.find((candidate) => candidate.x === x);
  if (!point) return "";
  if (point.samples.length === 0) return "cannot";
  const value = median(point.samples);
  const lowest = Math.min(...point.samples);
  const highest = Math.max(...point.samples);
  const spread = lowest === highest ? "" : ` (${figure(lowest, row.unit)}–${figure(highest, row.unit)})`;
  const best = isHoldfast(point.subject) ? bestPeer(row, x) : undefined;
  const ratio = best && median(best.samples) > 0 ? `, ${ratioText(value / median(best.samples))}` : "";
  return `${figure(value, row.unit)}${inUnit(row.unit)}${spread}${ratio}`;
}

function ratioText(ratio: number): string {
  return `× ${ratio.toPrecision(2)}`;
}

/** As short as it can be said without pretending to more than was measured. */
function figure(value: number, unit: Unit): string {
  if (unit === "bytes" || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}

function inUnit(unit: string): string {
  return unit === "count" || unit === "" ? "" : ` ${unit}`;
}

function growthText(points: readonly Point[]): string {
  const found = growth(points);
  return found ? `${found.name} (x^${found.exponent.toFixed(2)})` : "";
}

function markdownLine(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
