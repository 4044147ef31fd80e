import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { ROOT } from "./package-build.ts";

/** The folders whose imports are held. */
const TREES = ["src", "front", "proxy", "worker", "ui", "web", "extension"] as const;
/** These have folders that are rooms of their own; each file beside them is one, too. */
const DIVIDED: ReadonlySet<string> = new Set(["src", "worker"]);

/** Specifiers of static and dynamic imports and re-exports, of types as well. */
const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']/g;

/** An import from one room into another, and a file that has it. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly file: string;
}

/** The room of a file: `src/engine`, `src/client.ts`, `worker/http`, `ui`. */
function roomOf(path: string): string {
  const [tree = "", inside = ""] = path.split("/");
  return DIVIDED.has(tree) ? `${tree}/${inside}` : tree;
}

/** Every arrow between two rooms of the tree once. What the package exports is the room `holdfast`. */
export function treeArrows(): readonly Arrow[] {
  const arrows = new Map<string, Arrow>();
  for (const file of TREES.flatMap(sourcesIn))
    for (const [, specifier = ""] of readFileSync(ROOT + file, "utf8").matchAll(SPECIFIER)) {
      const to = targetOf(file, specifier);
      const from = roomOf(file);
      if (to !== undefined && to !== from) arrows.set(`${from} -> ${to}`, { from, to, file });
    }
  return [...arrows.values()];
}

function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return roomOf(normalize(join(dirname(file), specifier)));
  return /^holdfast(\/|$)/.test(specifier) ? "holdfast" : undefined;
}

function sourcesIn(tree: string): string[] {
  return readdirSync(ROOT + tree, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path) && !/(^|\/)(dist|node_modules)\//.test(path))
    .map((path) => `${tree}/${path}`);
}
