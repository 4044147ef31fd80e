import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { anchorsOf, localLinksOf, ROOT, spansOf, textOf } from "../examples/documents.ts";
import { ARROWS } from "./arrows.ts";

/** What contributors read. README.md and docs/ have tests of their own, which also run their examples. */
const DOCUMENTS = ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];

describe.each(DOCUMENTS)("%s", (document) => {
  it("links only to files and headings that exist", () => {
    const links = localLinksOf(document);
    expect(links.length).toBeGreaterThan(3);
    const missing = links.filter((link) => {
      const [path = "", anchor] = link.split("#");
      const target = join(dirname(document), path || basename(document));
      return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
    });
    expect(missing).toEqual([]);
  });

  it("names a linked file by its own name", () => {
    const links = [...textOf(document).matchAll(/\[`?([\w.-]+\.(?:ts|tsx|md|json))`?\]\(([^)\s]+)\)/g)];
    const misnamed = links
      .filter(([, name = "", target = ""]) => !target.endsWith(name))
      .map(([link]) => link);
    expect(misnamed).toEqual([]);
  });

  it("names only folders that exist", () => {
    const spans = spansOf(document);
    const trees = /^(src|front|proxy|worker|ui|web|extension|test|bench)\/[\w./-]*\w$/;
    expect(spans.filter((span) => trees.test(span) && !existsSync(join(ROOT, span)))).toEqual([]);
  });
});

describe("the import rules in ARCHITECTURE.md", () => {
  const section = textOf("ARCHITECTURE.md")
    .split("\n## ")
    .find((text) => text.startsWith("Import rules"));
  const rows = section?.match(/^\| .*`.*$/gm) ?? [];
  const layers = rows.map((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, member = ""]) => member));
  const layerOf = (room: string): number =>
    layers.findIndex((members) =>
      members.some((member) => member === room || (member === "worker/*" && room.startsWith("worker/"))),
    );

  it("have each room of test/bundle/arrows.ts in a layer", () => {
    expect(layers.length).toBeGreaterThan(5);
    expect(ARROWS.map(([room]) => room).filter((room) => layerOf(room) === -1)).toEqual([]);
    const rooms = new Set(ARROWS.map(([room]) => room));
    const unknown = layers.flat().filter((member) => member !== "worker/*" && !rooms.has(member));
    expect(unknown.filter((member) => !existsSync(join(ROOT, member)))).toEqual([]);
  });

  it("allow every import of test/bundle/arrows.ts", () => {
    const broken = ARROWS.flatMap(([from, targets]) =>
      targets.filter((to) => layerOf(to) > layerOf(from)).map((to) => `${from} -> ${to}`),
    );
    expect(broken).toEqual([]);
  });
});

it("CI runs scripts of package.json", () => {
  const workflows = globSync(".github/workflows/*.yml", { cwd: ROOT }).map((path) =>
    readFileSync(join(ROOT, path), "utf8"),
  );
  expect(workflows.length).toBeGreaterThan(0);
  const commands = workflows.flatMap((text) =>
    [...text.matchAll(/run: (.+)$/gm)].map(([, command = ""]) => command),
  );
  expect(commands).toContain(".ci/run");
  const scripts = commands.flatMap((command) => command.match(/^npm run ([\w:]+)$/)?.[1] ?? []);
  expect(scripts.filter((script) => !(script in manifest.scripts))).toEqual([]);
});
