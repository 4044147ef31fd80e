import { join } from "node:path";
import { build, type Plugin } from "esbuild";

const ROOT = join(import.meta.dirname, "../..");

/** What needs Node, and what stands in for it in a place that is not Node. */
const STAND_INS: Readonly<Record<string, string>> = {
  "loopback.ts": "remote-loopback.ts",
  "everything-server.ts": "remote-everything.ts",
};

const standIns: Plugin = {
  name: "stand-ins",
  setup({ onResolve }) {
    for (const [name, standIn] of Object.entries(STAND_INS))
      onResolve({ filter: new RegExp(`/${name}$`) }, () => ({ path: join(import.meta.dirname, standIn) }));
  },
};

/** One script without an import, from the text of a module in this folder. */
export async function bundled(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    write: false,
    // A service worker of an extension and `bun file.js` take the same.
    format: "iife",
    platform: "browser",
    target: "es2022",
    // Modules that only set something up have effects, whatever package.json says of the library.
    ignoreAnnotations: true,
    alias: { "node:crypto": join(import.meta.dirname, "random-bytes.ts") },
    plugins: [standIns],
    define: { "process.env.NODE_ENV": '"production"' },
    absWorkingDir: ROOT,
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}
