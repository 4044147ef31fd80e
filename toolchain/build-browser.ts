import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/**
 * Builds `holdfast/browser.js` into one minified file, over what `tsc` made of its source, or to the path given. The source map
 * names the sources that the package ships.
 */
const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const manifestOf = (path: string) =>
  JSON.parse(readFileSync(at(path), "utf8")) as {
    readonly name: string;
    readonly version: string;
    readonly license: string;
  };
const [own, stored] = [manifestOf("package.json"), manifestOf("node_modules/idb-keyval/package.json")];
const titleOf = ({ name, version, license }: typeof own): string => `${name} ${version} (${license})`;

await build({
  entryPoints: [at("src/browser.ts")],
  outfile: process.argv[2] ?? at("dist/browser.js"),
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2023",
  sourcemap: true,
  sourcesContent: false,
  legalComments: "none",
  banner: { js: `/*! ${titleOf(own)}, with ${titleOf(stored)} */` },
  logLevel: "warning",
});
