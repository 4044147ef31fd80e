import { existsSync, readFileSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { nodeCommand } from "../node-command.ts";

/** Builds all of `holdfast serve` into dist/serve: its command, the worker, and the console where that has been built. */

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const { exports } = JSON.parse(readFileSync(at("../../package.json"), "utf8")) as {
  exports: Record<string, { default: string }>;
};
const OUT = at("../../dist/serve");
const CONSOLE = at("../../web/dist");

/** Zod names all of its languages where it is used as a namespace: 200 kB that say nothing here. */
const oneLanguage: Plugin = {
  name: "one-language",
  setup({ onLoad }) {
    onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

/** What the package exports, from its sources: whatever lies in dist/ may be older. */
const ownSources: Plugin = {
  name: "own-sources",
  setup({ onResolve }) {
    onResolve({ filter: /^holdfast(\/|$)/ }, ({ path }) => {
      const file = exports[`.${path.slice("holdfast".length)}`]?.default ?? "";
      return { path: at(`../../${file.replace(/^.\/dist\/(.*)\.js$/, "src/$1.ts")}`) };
    });
  },
};

/** As `wrangler deploy` bundles the worker. */
const worker: BuildOptions = {
  bundle: true,
  minify: true,
  format: "esm",
  platform: "neutral",
  target: "es2024",
  conditions: ["workerd", "worker", "browser"],
  mainFields: ["browser", "module", "main"],
  external: ["cloudflare:*"],
  plugins: [ownSources, oneLanguage],
  legalComments: "none",
  logLevel: "warning",
};

// A file of an earlier build would be packed too.
await rm(OUT, { recursive: true, force: true });
await Promise.all([
  build({ ...nodeCommand, entryPoints: [at("serve-command.ts")], outfile: `${OUT}/serve.cjs` }),
  build({ ...worker, entryPoints: [at("../../worker/index.ts")], outfile: `${OUT}/worker.js` }),
  build({
    ...worker,
    entryPoints: [at("../../worker/self-hosted/index.ts")],
    outfile: `${OUT}/self-hosted.js`,
  }),
]);
if (existsSync(CONSOLE)) await cp(CONSOLE, `${OUT}/console`, { recursive: true });
