import { join } from "node:path";
import { build, defineConfig, type Plugin } from "vite";

/** Adds the console's service worker: one file, at an address that stays. */
const pushWorker: Plugin = {
  name: "push-worker",
  apply: "build",
  async generateBundle() {
    const built = await build({
      configFile: false,
      root: import.meta.dirname,
      publicDir: false,
      logLevel: "warn",
      build: {
        write: false,
        target: "es2023",
        lib: { entry: join(import.meta.dirname, "push-worker.ts"), formats: ["iife"], name: "holdfast" },
      },
    });
    const [code] = [built].flat().flatMap((result) => ("output" in result ? result.output : []));
    if (code?.type !== "chunk") throw new Error("The service worker was not built");
    this.emitFile({ type: "asset", fileName: "push-worker.js", source: code.code });
  },
};

const ENTRY = join(import.meta.dirname, "main.tsx");
interface ModuleGraph {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null;
}
let first: ReadonlySet<string> | undefined;

/**
 * Whether a module is needed for the first paint. All of those are one file: views that come later share some of them, and as forty
 * files they would weigh 12 kB more, gzipped.
 */
function isFirst(id: string, graph: ModuleGraph): boolean {
  if (!first) {
    const reached = new Set([ENTRY]);
    for (const each of reached)
      for (const imported of graph.getModuleInfo(each)?.importedIds ?? []) reached.add(imported);
    // The entry awaits code that comes later, and that code imports this file: in one file they would wait for each other.
    reached.delete(ENTRY);
    first = reached;
  }
  return first.has(id);
}

export default defineConfig({
  root: import.meta.dirname,
  publicDir: "public",
  plugins: [pushWorker],
  resolve: {
    alias: {
      "@rjsf/validator-ajv8": join(import.meta.dirname, "../ui/form/no-ajv.ts"),
      // Its entry for browsers needs a document, and Markdown is read in a worker.
      "decode-named-character-reference": join(
        import.meta.dirname,
        "../node_modules/decode-named-character-reference/index.js",
      ),
    },
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    modulePreload: { polyfill: false },
    // An asset as a data: address would need a wider policy than the page has.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: (id, graph) => (isFirst(id, graph) ? "first" : null) }],
        },
      },
      onLog(level, log, report) {
        // Every file of the component kit says "use client", which means nothing here.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
    },
  },
});
