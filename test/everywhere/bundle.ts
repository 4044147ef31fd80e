import { join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "../..");

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
    define: { "process.env.NODE_ENV": '"production"' },
    absWorkingDir: ROOT,
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}
