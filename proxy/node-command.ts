import type { BuildOptions } from "esbuild";

/** How a file of the package's command is built: everything inside, for any Node. */
export const nodeCommand: BuildOptions = {
  bundle: true,
  minify: true,
  platform: "node",
  // jsonc-parser has UMD as "main", whose requires no bundler can follow.
  mainFields: ["module", "main"],
  // Not ESM: its imports of Node's modules are evaluated at the start, all of them, and node:http brings undici (9 MB).
  format: "cjs",
  // Older Nodes can parse the file too, and then say which Node the command needs.
  target: "node18",
  supported: { "dynamic-import": false },
  legalComments: "none",
  logLevel: "warning",
};
