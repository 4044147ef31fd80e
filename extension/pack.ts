// Makes the archive for the stores of what has been built: without the key, which is for unpacked extensions only.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const built = join(import.meta.dirname, "dist");
const archives = join(import.meta.dirname, "../results");
const folder = mkdtempSync(join(tmpdir(), "holdfast-store-"));
cpSync(built, folder, { recursive: true });
const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as { key?: string };
delete manifest.key;
writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest, undefined, 2));
const webExt = join(dirname(require.resolve("web-ext")), "bin/web-ext.js");
const options = ["build", "--source-dir", folder, "--artifacts-dir", archives, "--overwrite-dest"];
const { status } = spawnSync(process.execPath, [webExt, ...options], { stdio: "inherit" });
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
