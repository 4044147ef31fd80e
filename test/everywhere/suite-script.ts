import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { bundled } from "./bundle.ts";

const SDK = join(import.meta.dirname, "../sdk");

/** The test files that run in Node alone, each with its reason. All others run in each place. */
const IN_NODE_ALONE: Readonly<Record<string, string>> = {
  "bad-network.test.ts": "its proxy breaks Node's own sockets",
  "client-beside-holdfast.test.ts": "not tried elsewhere yet",
  "faults-on-the-wire.test.ts": "not tried elsewhere yet",
  "freed-connections.test.ts": "not tried elsewhere yet",
  "redirects.test.ts": "no page can read where a redirect leads (Fetch, opaque-redirect filtered response)",
  "remembered-session.test.ts": "not tried elsewhere yet",
  "reply-bounds.test.ts": "bodies of 64 MiB take too long by the desk",
  "request-limits.test.ts": "not tried elsewhere yet",
  "resumed-call.test.ts": "not tried elsewhere yet",
};

/** The test files of the connectors that run in each place. */
async function portableFiles(): Promise<readonly string[]> {
  const names = (await readdir(SDK)).filter((name) => name.endsWith(".test.ts")).sort();
  return names.filter((name) => !(name in IN_NODE_ALONE));
}

/** A script that defines `runSuite()`, which runs the connector suite. It takes the address of a desk from `globalThis.desk`. */
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
