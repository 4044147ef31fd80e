import { chmodSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { nodeCommand } from "./node-command.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const SDK = "@modelcontextprotocol/client";
const USED = ["auth", "computeScopeUnion", "extractWWWAuthenticateParams", "StreamableHTTPClientTransport"];

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
      const { outputFiles = [] } = await build({ ...nodeCommand, stdin, write: false });
      const text = `(function (module, require) {${outputFiles[0]?.text ?? ""}\n})`;
      return {
        contents: `const { Script } = require("node:vm");
          new Script(${JSON.stringify(text)}, { filename: "${SDK}" }).runInThisContext()(module, require);`,
      };
    });
  },
};

/** `holdfast serve` is a file of its own: the proxy's process need not read its code. */
const serveApart: Plugin = {
  name: "serve-apart",
  setup({ onResolve }) {
    onResolve({ filter: /\/serve-command\.ts$/ }, () => ({ path: "../serve/serve.cjs", external: true }));
  },
};

// A file of an earlier build would be packed too.
rmSync(at("../dist/proxy"), { recursive: true, force: true });
/** Builds the command into one file with everything inside. */
await build({
  ...nodeCommand,
  entryPoints: [at("main.ts")],
  outfile: at("../dist/proxy/holdfast.cjs"),
  plugins: [sdkAsText, serveApart],
  // The sources resolve the package's own name to themselves: one copy of each class.
  alias: { holdfast: at("../src/index.ts"), "holdfast/agent": at("../src/agent/index.ts") },
  banner: { js: "#!/usr/bin/env node" },
});
chmodSync(at("../dist/proxy/holdfast.cjs"), 0o755);
