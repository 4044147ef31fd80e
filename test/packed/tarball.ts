import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../bundle/package-build.ts";

/** What `npm pack` makes of the checkout as it is built. */
export class Tarball {
  readonly path: string;
  readonly #folder: string;

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), "holdfast-packed-"));
    const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", this.#folder];
    const [{ filename }] = JSON.parse(execFileSync("npm", pack, { cwd: ROOT, encoding: "utf8" })) as [
      { readonly filename: string },
    ];
    this.path = join(this.#folder, filename);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
