import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import budget from "../../bench/budget.json" with { type: "json" };
import { bundled } from "./bundled.ts";
import { MANIFEST, PackageBuild } from "./package-build.ts";

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

/**
 * What each may weigh, minified and gzipped, without the SDK: what it must not outgrow unnoticed. The aim for the second is
 * 10,240 bytes: docs/performance.md says where it stands.
 */
test.each(Object.entries(budget.bytes))("%s weighs at most %i bytes", async (names, limit) => {
  const { minified, gzipped } = await sizeOf(names.split(" + "), PEERS);
  console.log(`${names}: ${minified} bytes minified, ${gzipped} gzipped`);
  expect(gzipped).toBeGreaterThan(1_000);
  expect(gzipped).toBeLessThanOrEqual(limit);
});

test("in an app with a client, no binding weighs 1 KB more than that of React", async () => {
  const withClient = async (binding: string): Promise<number> =>
    (await sizeOf(["holdfast", binding], PEERS)).gzipped;
  const limit = (await withClient("holdfast/react")) + 1_000;
  for (const binding of ["holdfast/vue", "holdfast/svelte", "holdfast/solid", "holdfast/observe"]) {
    expect(await withClient(binding), binding).toBeLessThanOrEqual(limit);
  }
});

/** An app with a client of these parts: bundlers drop the others. */
async function coreWith(
  parts: string,
): Promise<{ readonly size: Size; readonly modules: readonly string[] }> {
  const entry = build.entryPoints.find(({ specifier }) => specifier === "holdfast/core");
  const names = ["createTaskClient", ...(parts.match(/\w+/g) ?? [])];
  const { code, modules } = await bundled(
    `import { ${names.join(", ")} } from ${JSON.stringify(entry?.code)};
    export const client = (store, endpoints) => createTaskClient({ store, endpoints, parts: [${parts}] });`,
    "browser",
    { minify: true, external: PEERS },
  );
  const size = { minified: Buffer.byteLength(code), gzipped: gzipSync(code, { level: 9 }).length };
  return { size, modules };
}

test.each(Object.entries(budget.core))(
  "holdfast/core with %s weighs at most %i bytes",
  async (parts, limit) => {
    const { minified, gzipped } = (await coreWith(parts === "no parts" ? "" : parts)).size;
    console.log(`holdfast/core with ${parts}: ${minified} bytes minified, ${gzipped} gzipped`);
    expect(gzipped).toBeGreaterThan(1_000);
    expect(gzipped).toBeLessThanOrEqual(limit);
  },
);

test.each([
  ["tasks2026", /(revision-2026.*|parameter-headers)\.js$/],
  ["tasks2025", /revision-2025/],
  ["questions", /(engine\/(input|attribution|answer-request)|protocol\/answer|runtime\/asking)\.js$/],
  ["recovery", /(engine\/(recovery|unclaimed-tasks)|runtime\/(lost-calls|shared-list))\.js$/],
  ["explanations", /(failure-text|network-cause)\.js$/],
  ["push", /runtime\/push(-feed)?\.js$/],
  [
    "tabs()",
    /runtime\/(tab-.*|call-locks|database-locks|followed-tasks)\.js$|engine\/(ownership|claim)\.js$/,
  ],
])("an app of holdfast/core ships %s only if it names it", async (part, files) => {
  const others = ["tasks2025", "tasks2026", "questions", "recovery", "explanations", "push", "tabs()"]
    .filter((other) => other !== part)
    .join(", ");
  expect((await coreWith(others)).modules.filter((path) => files.test(path))).toEqual([]);
  expect((await coreWith(part)).modules.filter((path) => files.test(path))).not.toEqual([]);
});

test("holdfast/extension/page has no engine, no store and no SDK in it", async () => {
  const page = build.entryPoints.find(({ specifier }) => specifier === "holdfast/extension/page");
  const { modules } = await bundled(`export * from ${JSON.stringify(page?.code)};`, "browser");
  expect(modules.some((path) => path.endsWith("extension/extension-task-client.js"))).toBe(true);
  const engine =
    /\/(client\/.*|runtime\/.*|engine\/(transition|plan|poll|call|cancel|input|result|observe))\.js$/;
  expect(modules.filter((path) => engine.test(path))).toEqual([]);
  expect(modules.filter((path) => /@modelcontextprotocol|idb-keyval|indexeddb/.test(path))).toEqual([]);
});

test("holdfast ships no ticks, by which only the polls of a Durable Object fall", async () => {
  const modulesOf = async (name: string): Promise<readonly string[]> => {
    const entry = build.entryPoints.find(({ specifier }) => specifier === name);
    const { modules } = await bundled(`export * from ${JSON.stringify(entry?.code)};`, "workerd", {
      external: PEERS,
    });
    return modules.filter((path) => path.endsWith("engine/ticks.js"));
  };
  expect(await modulesOf("holdfast")).toEqual([]);
  expect(await modulesOf("holdfast/durable-object")).not.toEqual([]);
});

test("holdfast has no transport in it, and leaves reading the errors of one to its connector", async () => {
  const entry = build.entryPoints.find(({ specifier }) => specifier === "holdfast");
  const { modules } = await bundled(`export * from ${JSON.stringify(entry?.code)};`, "browser");
  expect(modules.some((path) => path.endsWith("channel/endpoint.js"))).toBe(true);
  const ofConnectors =
    /channel\/(request-failed|http-error|exchange|event-stream|handshake|transport|.*-connector)\.js$/;
  expect(modules.filter((path) => ofConnectors.test(path))).toEqual([]);
});

test("holdfast/durable-object ships neither tabs, nor push, nor a page's platform", async () => {
  const entry = build.entryPoints.find(({ specifier }) => specifier === "holdfast/durable-object");
  const { modules } = await bundled(`export * from ${JSON.stringify(entry?.code)};`, "workerd");
  expect(modules.some((path) => path.endsWith("hosts/durable-object-host.js"))).toBe(true);
  const ofPages =
    /\/(tab-.*|push|push-feed|call-locks|database-locks|browser-host|online|indexeddb|network-cause)\.js$/;
  expect(modules.filter((path) => ofPages.test(path))).toEqual([]);
});
