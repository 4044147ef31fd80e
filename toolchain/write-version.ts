import { readFileSync, writeFileSync } from "node:fs";

/** Run by `npm version`: copies the version of package.json into the one source file that holds it. */
const at = (path: string): URL => new URL(`../${path}`, import.meta.url);
const { version } = JSON.parse(readFileSync(at("package.json"), "utf8")) as { readonly version: string };
const source = readFileSync(at("src/version.ts"), "utf8");
writeFileSync(at("src/version.ts"), source.replace(/"[^"]+";\n$/, `"${version}";\n`));
