import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestProject } from "vitest/node";
import { ROOT } from "../bundle/package-build.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A folder in which the package and workerd are installed. */
    installed: string;
    /** The size of the packed package, in bytes. */
    packedBytes: number;
  }
}

/** Builds and packs the package as the sources are now, and installs it into an empty folder, without the registry. */
export default function install({ provide }: TestProject): () => void {
  for (const script of ["proxy/build.ts", "proxy/serve/build.ts"])
    execFileSync(process.execPath, [script], { cwd: ROOT, stdio: "inherit" });
  const folder = mkdtempSync(join(tmpdir(), "holdfast-packed-"));
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const [{ filename, size }] = JSON.parse(execFileSync("npm", pack, { cwd: ROOT, encoding: "utf8" })) as [
    { filename: string; size: number },
  ];
  const packages = join(folder, "node_modules");
  const home = join(packages, "holdfast");
  mkdirSync(home, { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, filename), "-C", home, "--strip-components=1"]);
  const workerd = dirname(createRequire(import.meta.url).resolve("workerd/package.json"));
  symlinkSync(workerd, join(packages, "workerd"));
  if (!readdirSync(join(home, "dist/serve")).includes("console"))
    throw new Error("The console is not built: vite build web");
  provide("installed", folder);
  provide("packedBytes", size);
  return () => rmSync(folder, { recursive: true, force: true });
}
