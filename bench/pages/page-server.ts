import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The timed server in a process of its own, with pages and scripts on its own origin: so no request needs a preflight. */
export class PageServer {
  readonly origin: string;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(origin: string, folder: string, child: ChildProcess) {
    this.origin = origin;
    this.#folder = folder;
    this.#child = child;
  }

  /** @param files Scripts by their names. */
  static async start(files: Readonly<Record<string, string>> = {}): Promise<PageServer> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const child = fork(join(import.meta.dirname, "../servers/timed-process.ts"), [folder]);
    const origin = await new Promise<string>((resolve, reject) => {
      child.once("message", (message) => resolve(String(message)));
      child.once("exit", (code) => reject(new Error(`The timed server ended with ${code}`)));
    });
    return new PageServer(origin, folder, child);
  }

  /** How often each method came since it was asked last. */
  async takeCounts(): Promise<Readonly<Record<string, number>>> {
    return (await fetch(`${this.origin}/counts`)).json() as Promise<Record<string, number>>;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }
}
