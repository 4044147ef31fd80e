import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ROOT } from "./package-build.ts";

const TREES = ["src", "proxy", "worker"];
/** A file that is itself about one protocol: in `protocol/`, or under a name that says which. */
const ROOM = /^src\/protocol\/|\d{4}-\d{2}-\d{2}/;
/** Names of protocols may be data; this decides by them. */
const DECISION = /(?:[!=]==?|\bcase)\s*["']20\d{2}-\d{2}-\d{2}["']|["']20\d{2}-\d{2}-\d{2}["']\s*[!=]==?/;

function decisionsIn(source: string): string[] {
  return source.split("\n").filter((line) => DECISION.test(line));
}

describe("names of protocols", () => {
  test("no file outside src/protocol/ compares a generation with the name of one", () => {
    const files = TREES.flatMap((tree) =>
      readdirSync(ROOT + tree, { recursive: true, encoding: "utf8" })
        .filter((path) => /\.tsx?$/.test(path) && !/(^|\/)(dist|node_modules)\//.test(path))
        .map((path) => `${tree}/${path}`),
    );
    expect(files).toContain("src/channel/handshake.ts");
    const found = files
      .filter((file) => !ROOM.test(file))
      .flatMap((file) =>
        decisionsIn(readFileSync(ROOT + file, "utf8")).map((line) => `${file}: ${line.trim()}`),
      );
    expect(found).toEqual([]);
  });

  test.each([
    ['if (generation === "2025-11-25") {', true],
    ["return '2026-07-28' !== session.generation;", true],
    ['case "2026-07-28":', true],
    ['generation: "2025-11-25",', false],
    ["if (traitsOf(generation).sessions) {", false],
  ])("the test distinguishes decisions from data: %s", (line, decides) => {
    expect(decisionsIn(line)).toHaveLength(decides ? 1 : 0);
  });
});
