import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** One entry of `exports`: what an app imports, and the files it stands for, below the build's folder. */
export interface EntryPoint {
  readonly specifier: string;
  readonly code: string;
  readonly types: string;
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export const MANIFEST = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as Manifest;

/** A build of the library as it is now; whatever lies in dist/ may be older. */
export class PackageBuild {
  readonly #folder: string;

  constructor() {
    // Below node_modules, so that the peers are found from it.
    mkdirSync(`${ROOT}node_modules/.cache`, { recursive: true });
    this.#folder = mkdtempSync(`${ROOT}node_modules/.cache/holdfast-build-`);
    execFileSync(
      process.execPath,
      ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json", "--outDir", this.#folder],
      { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] },
    );
  }

  /** Every entry of `exports`, `./package.json` and the like excepted. */
  get entryPoints(): readonly EntryPoint[] {
    return Object.entries(MANIFEST.exports).map(([path, conditions]) => {
      const { types, default: code, ...others } = conditions;
      if (!types || !code || Object.keys(others).length > 0) {
        throw new Error(`The export ${path} has not just types and default: ${JSON.stringify(conditions)}`);
      }
      return {
        specifier: path.replace(/^\./, MANIFEST.name),
        code: this.#built(code),
        types: this.#built(types),
      };
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #built(target: string): string {
    if (!target.startsWith("./dist/")) throw new Error(`${target} is not in dist/`);
    return target.replace("./dist", this.#folder);
  }
}
