import { build } from "esbuild";

const ROOT = new URL("../..", import.meta.url).pathname;

/** A module and all it imports as one script that an app's bundler would make. `name` is what its exports are in a page. */
export async function pageScript(source: string, name: string): Promise<string> {
  const result = await build({
    stdin: { contents: source, resolveDir: ROOT, loader: "ts" },
    bundle: true,
    format: "iife",
    globalName: name,
    target: "es2023",
    platform: "browser",
    conditions: ["import", "module", "browser", "default"],
    minify: true,
    legalComments: "none",
    write: false,
    logLevel: "error",
  });
  return result.outputFiles?.[0]?.text ?? "";
}
