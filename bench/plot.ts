/// <reference path="./jsdom.d.ts" />
import * as Plot from "@observablehq/plot";
import { JSDOM } from "jsdom";
import type { Point, Row } from "./row.ts";
import { median } from "./statistics.ts";
import { isHoldfast, subjectsOf } from "./table.ts";

const WIDTH = 760;
const HEIGHT = 360;
const TOP = 44;
const BOTTOM = 44;
const LINE_HEIGHT = 15;
const INK = "#1f2328";
const PAPER = "#ffffff";
/** Holdfast's colour first; then the peers': a reader who cannot distinguish red and green can distinguish these. */
const HOLDFAST_INKS = ["#0550ae", "#1b7c83", "#54aeff"];
const PEER_INKS = ["#bc4c00", "#8250df", "#6e7781", "#b08800"];

interface Mark {
  readonly subject: string;
  readonly x: number;
  readonly middle: number;
  readonly low: number;
  readonly high: number;
}

/** A row as a static SVG on paper of its own, so that it reads alike on a light page and a dark one. */
export function rowPlot(row: Row): string {
  const { document } = new JSDOM("").window;
  const plot = row.x ? curves(row, document) : bars(row, document);
  const svg = plot.tagName === "svg" ? plot : plot.querySelector("svg");
  if (!svg) throw new Error(`Plot drew no SVG for ${row.id}`);
  svg.prepend(paper(document), heading(row, document));
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", row.title);
  return `${svg.outerHTML}\n`;
}

/** Over an x, both axes logarithmic: a straight line is a power, and its slope is what the table names. */
function curves(row: Row, document: Document): Element {
  const marks = row.points.flatMap(markOf).filter(({ low }) => low > 0);
  const xs = [...new Set(marks.map(({ x }) => x))].sort((a, b) => a - b);
  return Plot.plot({
    ...frame(row, document),
    height: HEIGHT,
    marginLeft: 64,
    marginRight: 190,
    // A log scale leaves out the labels of places it does not find round; ours are few, and all shall be named.
    x: {
      transform: Math.log10,
      ticks: xs.map(Math.log10),
      tickFormat: (exponent: number) => plain(10 ** exponent),
      label: named(row.x?.name ?? "", row.x?.unit ?? ""),
    },
    y: { type: "log", label: null, grid: true, tickFormat: plain, ticks: 6 },
    color: inks(row),
    marks: [
      Plot.ruleX(marks, {
        x: "x",
        y1: "low",
        y2: "high",
        stroke: "subject",
        strokeOpacity: 0.4,
        strokeWidth: 4,
      }),
      Plot.line(marks, { x: "x", y: "middle", stroke: "subject", strokeWidth: 2 }),
      Plot.dot(marks, { x: "x", y: "middle", fill: "subject", r: 3.5 }),
      ...labels(marks).map(({ mark, dy }) =>
        Plot.text([mark], {
          x: "x",
          y: "middle",
          text: "subject",
          fill: "subject",
          textAnchor: "start",
          dx: 9,
          dy,
        }),
      ),
    ],
  });
}

/** Each subject's name at the end of its line, moved up where it would lie on the one below. */
function labels(marks: readonly Mark[]): readonly { readonly mark: Mark; readonly dy: number }[] {
  const lowest = Math.log(Math.min(...marks.map(({ low }) => low)));
  const highest = Math.log(Math.max(...marks.map(({ high }) => high)));
  const perLog = (HEIGHT - TOP - BOTTOM) / Math.max(highest - lowest, 0.01);
  const last = new Map(marks.toSorted((a, b) => a.x - b.x).map((mark) => [mark.subject, mark]));
  let free = Number.NEGATIVE_INFINITY;
  return [...last.values()]
    .sort((a, b) => a.middle - b.middle)
    .map((mark) => {
      const height = (Math.log(mark.middle) - lowest) * perLog;
      const shown = Math.max(height, free);
      free = shown + LINE_HEIGHT;
      return { mark, dy: height - shown };
    });
}

function bars(row: Row, document: Document): Element {
  const subjects = subjectsOf(row);
  const marks = row.points.flatMap((point) => markOf({ ...point, x: 0 }));
  const unable = row.points.filter(({ samples }) => samples.length === 0);
  return Plot.plot({
    ...frame(row, document),
    height: TOP + BOTTOM + 30 * subjects.length,
    marginLeft: 290,
    marginRight: 90,
    x: { label: null, grid: true, tickFormat: plain, ticks: 5, zero: true },
    y: { domain: [...subjects], label: null, tickSize: 0 },
    color: inks(row),
    marks: [
      Plot.barX(marks, { y: "subject", x: "middle", fill: "subject", insetTop: 3, insetBottom: 3 }),
      Plot.ruleY(marks, { y: "subject", x1: "low", x2: "high", stroke: INK, strokeWidth: 1.5 }),
      Plot.text(marks, {
        y: "subject",
        x: "high",
        text: ({ middle }: Mark) => plain(middle),
        textAnchor: "start",
        dx: 6,
      }),
      Plot.text(unable, { y: "subject", x: () => 0, text: () => "cannot", textAnchor: "start", dx: 6 }),
    ],
  });
}

function frame(row: Row, document: Document): Plot.PlotOptions {
  return {
    document,
    width: WIDTH,
    marginTop: TOP,
    marginBottom: BOTTOM,
    style: { fontFamily: "system-ui, sans-serif", fontSize: "12px", color: INK, background: PAPER },
    ariaLabel: row.title,
  };
}

/** The style's background is not enough: a viewer that shows the SVG as a picture may drop it. */
function paper(document: Document): Element {
  return element(document, "rect", { width: "100%", height: "100%", fill: PAPER });
}

function heading(row: Row, document: Document): Element {
  const text = element(document, "text", { x: "12", y: "20", "text-anchor": "start", "font-weight": "600" });
  const unit = row.unit === "count" ? "" : `${row.unit}, `;
  text.textContent = `${row.title} (${unit}${row.better} is better)`;
  return text;
}

function element(document: Document, name: string, attributes: Readonly<Record<string, string>>): Element {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

function markOf({ subject, x, samples }: Point): readonly Mark[] {
  if (x === undefined || samples.length === 0) return [];
  return [{ subject, x, middle: median(samples), low: Math.min(...samples), high: Math.max(...samples) }];
}

function inks(row: Row): Plot.ScaleOptions {
  const subjects = subjectsOf(row);
  const ours = subjects.filter(isHoldfast);
  const peers = subjects.filter((subject) => !isHoldfast(subject));
  const range = [
    ...ours.map((_, index) => HOLDFAST_INKS[index % HOLDFAST_INKS.length] ?? INK),
    ...peers.map((_, index) => PEER_INKS[index % PEER_INKS.length] ?? INK),
  ];
  return { domain: [...ours, ...peers], range };
}

function named(name: string, unit: string): string {
  return unit === "" || unit === "count" ? name : `${name} (${unit})`;
}

function plain(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}
