import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { bundled } from "./bundle.ts";

const SDK = join(import.meta.dirname, "../sdk");
/** Imports of Node, and of servers that listen on a port. */
const ONLY_NODE =
  /from "(?:node:(?!crypto)|\.\/(?:quirks|bare-server|breaking-proxy|everything-server|oauth-server|everyday-use|disturbing-proxy|bad-network)\.ts)/;

/** The test files of the connectors whose servers are functions of `fetch`. */
async function portableFiles(): Promise<readonly string[]> {
  const names = (await readdir(SDK)).filter((name) => name.endsWith(".test.ts")).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(SDK, name), "utf8")));
  return names.filter((_name, index) => !ONLY_NODE.test(texts[index] ?? ""));
}

/** A script that runs the connector suite and hands its report to `globalThis.report`. */
export async function suiteScript(): Promise<string> {
  const files = await portableFiles();
  const imports = files.map(
    (name) => `${JSON.stringify(name)}: () => import(${JSON.stringify(`../sdk/${name}`)}),`,
  );
  return bundled(`
    import { runSuite } from "./run-suite.ts";
    globalThis.runSuite = () => runSuite({ ${imports.join("\n")} });
  `);
}
