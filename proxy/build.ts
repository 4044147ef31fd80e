import { chmodSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const SDK = "@modelcontextprotocol/client";
const USED = ["auth", "computeScopeUnion", "extractWWWAuthenticateParams", "StreamableHTTPClientTransport"];

const shared: BuildOptions = {
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

/**
 * Puts the SDK into the file as a text that is compiled when a remote server is configured: it is two thirds of the code,
 * and V8 keeps 7 MB for code that it has only scanned.
 */
const sdkAsText: Plugin = {
  name: "sdk-as-text",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^${SDK}$`) }, ({ path }) => ({ path, namespace: "sdk-as-text" }));
    onLoad({ filter: /./, namespace: "sdk-as-text" }, async () => {
      const contents = `export { ${USED.join(", ")} } from "${SDK}";`;
      const stdin = { contents, resolveDir: at(".") };
      const { outputFiles = [] } = await build({ ...shared, stdin, write: false });
      const text = `(function (module, require) {${outputFiles[0]?.text ?? ""}\n})`;
      return {
        contents: `const { Script } = require("node:vm");
          new Script(${JSON.stringify(text)}, { filename: "${SDK}" }).runInThisContext()(module, require);`,
      };
    });
  },
};

// A file of an earlier build would be packed too.
rmSync(at("../dist/proxy"), { recursive: true, force: true });
/** Builds the command into one file with everything inside. */
await build({
  ...shared,
  entryPoints: [at("main.ts")],
  outfile: at("../dist/proxy/holdfast.cjs"),
  plugins: [sdkAsText],
  // The sources resolve the package's own name to themselves: one copy of each class.
  alias: { holdfast: at("../src/index.ts"), "holdfast/agent": at("../src/agent/index.ts") },
  banner: { js: "#!/usr/bin/env node" },
});
chmodSync(at("../dist/proxy/holdfast.cjs"), 0o755);
