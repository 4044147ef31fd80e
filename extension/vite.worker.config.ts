import { join } from "node:path";
import { defineConfig } from "vite";
import { noStringCode } from "./no-string-code.ts";

const root = import.meta.dirname;

/** The background worker: one file, because a service worker cannot import(). */
export default defineConfig({
  root,
  publicDir: false,
  plugins: [noStringCode()],
  build: {
    outDir: "dist",
    emptyOutDir: false,
    target: "es2023",
    lib: {
      entry: join(root, "background.ts"),
      formats: ["iife"],
      name: "holdfast",
      fileName: () => "background.js",
    },
  },
});
