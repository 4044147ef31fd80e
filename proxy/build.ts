import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Builds the command into one file with everything inside. It is parsed by older Nodes too, which then say what is needed. */
await build({
  entryPoints: [at("main.ts")],
  outfile: at("../dist/proxy/holdfast.js"),
  bundle: true,
  minify: true,
  platform: "node",
  // jsonc-parser has UMD as "main", whose requires no bundler can follow.
  mainFields: ["module", "main"],
  format: "esm",
  target: "node18",
  legalComments: "none",
  // The sources resolve the package's own name to themselves: one copy of each class.
  alias: { holdfast: at("../src/index.ts"), "holdfast/agent": at("../src/agent/index.ts") },
  banner: {
    js: '#!/usr/bin/env node\nimport{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
  },
  logLevel: "warning",
});
chmodSync(at("../dist/proxy/holdfast.js"), 0o755);
