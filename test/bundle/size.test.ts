import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundled } from "./bundled.ts";
import { MANIFEST, PackageBuild } from "./package-build.ts";

/**
 * Of the library with its browser storage, minified and gzipped, without the SDK, in bytes: what it must not outgrow
 * unnoticed. The aim is 10,240: the README says where it stands.
 */
const BUDGET = 21_504;
const PEERS = Object.keys(MANIFEST.peerDependencies).flatMap((peer) => [peer, `${peer}/*`]);

let build: PackageBuild;

beforeAll(() => {
  build = new PackageBuild();
});

afterAll(() => build.remove());

interface Size {
  readonly minified: number;
  readonly gzipped: number;
}

async function sizeOf(specifiers: readonly string[], external: readonly string[]): Promise<Size> {
  const exports = specifiers.map((specifier) => {
    const entry = build.entryPoints.find((candidate) => candidate.specifier === specifier);
    if (!entry) throw new Error(`${specifier} is not in the build`);
    return `export * from ${JSON.stringify(entry.code)};`;
  });
  const { code } = await bundled(exports.join("\n"), "browser", { minify: true, external });
  return { minified: Buffer.byteLength(code), gzipped: gzipSync(code, { level: 9 }).length };
}

test(`holdfast with holdfast/indexeddb is at most ${BUDGET} bytes, minified and gzipped, without the SDK`, async () => {
  const rows: (readonly [string, Size])[] = [
    ["holdfast", await sizeOf(["holdfast"], PEERS)],
    ["holdfast + holdfast/indexeddb", await sizeOf(["holdfast", "holdfast/indexeddb"], PEERS)],
    ["holdfast/react, without its peer", await sizeOf(["holdfast/react"], PEERS)],
    ["holdfast/extension, without the SDK", await sizeOf(["holdfast/extension"], PEERS)],
    ["holdfast/extension/page", await sizeOf(["holdfast/extension/page"], [])],
  ];
  const connectors = build.entryPoints.filter(({ specifier }) => specifier.includes("/sdk-"));
  expect(connectors.length).toBeGreaterThan(0);
  for (const { specifier } of connectors) {
    rows.push([`${specifier}, without its peer`, await sizeOf([specifier], PEERS)]);
    rows.push([`${specifier}, with its peer`, await sizeOf([specifier], [])]);
    rows.push([
      `holdfast + indexeddb + ${specifier}, with its peer`,
      await sizeOf(["holdfast", "holdfast/indexeddb", specifier], []),
    ]);
  }
  const lines = rows.map(([name, { minified, gzipped }]) => {
    return `${name.padEnd(56)}${String(minified).padStart(10)}${String(gzipped).padStart(10)}`;
  });
  console.log([`${"bytes".padEnd(56)}${"min".padStart(10)}${"min+gzip".padStart(10)}`, ...lines].join("\n"));

  const gzipped = rows[1]?.[1].gzipped ?? 0;
  expect(gzipped).toBeGreaterThan(2_000);
  expect(gzipped).toBeLessThanOrEqual(BUDGET);
});

/** Of all that a popup or a content script needs, minified and gzipped. */
const PAGE_BUDGET = 6_144;

test(`holdfast/extension/page is at most ${PAGE_BUDGET} bytes, and has no engine, no store and no SDK in it`, async () => {
  const page = build.entryPoints.find(({ specifier }) => specifier === "holdfast/extension/page");
  const { code, modules } = await bundled(`export * from ${JSON.stringify(page?.code)};`, "browser", {
    minify: true,
  });
  expect(modules.some((path) => path.endsWith("extension/extension-task-client.js"))).toBe(true);
  const engine =
    /\/(client|runtime\/.*|engine\/(transition|plan|poll|call|cancel|input|result|observe))\.js$/;
  expect(modules.filter((path) => engine.test(path))).toEqual([]);
  expect(modules.filter((path) => /@modelcontextprotocol|idb-keyval|indexeddb/.test(path))).toEqual([]);
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(PAGE_BUDGET);
});
