import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";
import { manifest } from "./manifest.ts";
import { noStringCode } from "./no-string-code.ts";

const root = import.meta.dirname;

/** The pages: popup, side panel and options. The worker is built after them, by `vite.worker.config.ts`. */
export default defineConfig({
  root,
  base: "",
  plugins: [emitManifest(), noStringCode()],
  resolve: {
    alias: {
      "@rjsf/validator-ajv8": join(root, "../ui/form/no-ajv.ts"),
      // As in the console: its entry for browsers needs a document, and Markdown is read in a worker.
      "decode-named-character-reference": join(
        root,
        "../node_modules/decode-named-character-reference/index.js",
      ),
    },
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: ["popup", "panel", "options"].map((page) => join(root, `${page}.html`)),
      onLog(level, log, report) {
        // Every file of the component kit says "use client", which means nothing here.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
    },
  },
});

function emitManifest(): Plugin {
  return {
    name: "holdfast-manifest",
    generateBundle() {
      const { version } = JSON.parse(readFileSync(join(root, "../package.json"), "utf8")) as {
        version: string;
      };
      const source = JSON.stringify(manifest(version), undefined, 2);
      this.emitFile({ type: "asset", fileName: "manifest.json", source });
    },
  };
}
