import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { build } from "vite";
import { type StaticServer, serveFolder } from "../servers/static-server.ts";
import { ROOT } from "./documents.ts";
import type { Example } from "./guide.ts";

/** An example as a reader would have it: its files in a folder of their own, with the packages it installs and no others. */
export class ExampleApp {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async of(example: Example): Promise<ExampleApp> {
    const folder = await mkdtemp(join(tmpdir(), `holdfast-example-${example.name}-`));
    for (const [path, code] of [...example.files, ["package.json", `{ "type": "module" }`] as const]) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), code);
    }
    for (const name of example.packages) {
      const link = join(folder, "node_modules", name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(name === "holdfast" ? ROOT : join(ROOT, "node_modules", name), link, "junction");
    }
    return new ExampleApp(folder);
  }

  /** The complaints of its compiler, for an example in TypeScript. */
  async typeErrors(): Promise<string> {
    const compiler = join(this.folder, "node_modules/typescript/bin/tsc");
    try {
      await promisify(execFile)(process.execPath, [compiler, "-p", this.folder]);
      return "";
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  }

  build(): Promise<unknown> {
    const own = join(this.folder, "vite.config.js");
    const configFile = existsSync(own) && own;
    return build({ root: this.folder, configFile, logLevel: "error", build: { target: "es2023" } });
  }

  /** Serves what was built. */
  serve(): Promise<StaticServer> {
    return serveFolder(join(this.folder, "dist"));
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
