import { join } from "node:path";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  publicDir: "public",
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
      onLog(level, log, report) {
        // Every file of the component kit says "use client", which means nothing here.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
    },
  },
});
