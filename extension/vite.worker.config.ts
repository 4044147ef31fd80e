import { join } from "node:path";
import { defineConfig } from "vite";

const root = import.meta.dirname;

/** The background worker: one file, because a service worker cannot import(). */
export default defineConfig({
  root,
  publicDir: false,
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
