import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { bundled } from "../../../test/bundle/bundled.ts";

/** What is shipped: the source of a bundle, and the packages that are left out of it. */
export interface Shipment {
  readonly subject: string;
  readonly source: string;
  readonly without?: readonly string[];
}

const SDKS = ["@modelcontextprotocol/client", "@modelcontextprotocol/sdk"].flatMap((name) => [
  name,
  `${name}/*`,
]);

export const LIBRARIES: readonly Shipment[] = [
  { subject: "Holdfast", source: all("holdfast"), without: SDKS },
  { subject: "Holdfast + IndexedDB", source: all("holdfast", "holdfast/indexeddb"), without: SDKS },
  { subject: "ext-tasks", source: all("@modelcontextprotocol/ext-tasks/client"), without: SDKS },
];

export const STACKS: readonly Shipment[] = [
  {
    subject: "Holdfast + IndexedDB + its own transport",
    source: all("holdfast", "holdfast/indexeddb", "holdfast/http"),
  },
  {
    subject: "Holdfast + IndexedDB + v1 transport",
    source: all("holdfast", "holdfast/indexeddb", "holdfast/sdk-v1"),
  },
  {
    subject: "Holdfast + IndexedDB + v2 transport",
    source: all("holdfast", "holdfast/indexeddb", "holdfast/sdk-v2"),
  },
  {
    subject: "ext-tasks + v2 Client",
    source: `${all("@modelcontextprotocol/ext-tasks/client")}
      export { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";`,
  },
  {
    subject: "v1 Client",
    source: `export { Client } from "@modelcontextprotocol/sdk/client/index.js";
      export { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";`,
  },
];

export const PAGES: readonly Shipment[] = [
  { subject: "Holdfast, its own transport", source: page("holdfast-http") },
  { subject: "Holdfast, v1 transport", source: page("holdfast-v1") },
  { subject: "Holdfast, v2 transport", source: page("holdfast-v2") },
  { subject: "ext-tasks + v2 Client", source: page("ext-tasks") },
  { subject: "v1 Client, callToolStream", source: page("v1-client") },
];

/** Minified and gzipped, in bytes. `entries`: where the library's own entry points lie, if not in dist/. */
export async function shippedBytes(
  { source, without = [] }: Shipment,
  entries: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { code } = await bundled(source, "browser", { minify: true, external: without, alias: entries });
  return gzipSync(code, { level: 9 }).length;
}

function all(...specifiers: readonly string[]): string {
  return specifiers.map((specifier) => `export * from ${JSON.stringify(specifier)};`).join("\n");
}

function page(name: string): string {
  return readFileSync(new URL(`pages/${name}.ts`, import.meta.url), "utf8");
}
