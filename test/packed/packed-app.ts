import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** This machine's, without what npm and vitest add: `NODE_ENV=test`, for one, makes Vite build what is for development. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV|TEST)/.test(name)),
);

/** A fresh app outside the repository, with the packed package and packages of the registry. */
export class PackedApp {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @param packages The dependencies beside `holdfast`, with their versions. */
  static async of(
    tarball: string,
    packages: Readonly<Record<string, string>>,
    files: Readonly<Record<string, string>>,
  ): Promise<PackedApp> {
    const app = new PackedApp(mkdtempSync(join(tmpdir(), "holdfast-app-")));
    const { folder } = app;
    const dependencies = { ...packages, holdfast: `file:${tarball}` };
    app.write("package.json", JSON.stringify({ private: true, type: "module", dependencies }));
    for (const [path, text] of Object.entries(files)) app.write(path, text);
    const install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
    await run("npm", install, { cwd: folder });
    return app;
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** Runs a script of the app or of an installed package. Resolves with what it wrote, and whether it succeeded. */
  node(
    script: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly ok: boolean; readonly said: string }> {
    return this.#ran(process.execPath, [join(this.folder, script), ...args], env);
  }

  /** Runs a program that an installed package has. */
  program(path: string, args: readonly string[]): Promise<{ readonly ok: boolean; readonly said: string }> {
    return this.#ran(join(this.folder, "node_modules", path), args, {});
  }

  async #ran(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<{ readonly ok: boolean; readonly said: string }> {
    try {
      const { stdout, stderr } = await run(command, args, {
        cwd: this.folder,
        env: { ...ENVIRONMENT, ...env, NO_COLOR: "1" },
      });
      return { ok: true, said: stdout + stderr };
    } catch (error) {
      const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
      return { ok: false, said: stdout + stderr };
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
