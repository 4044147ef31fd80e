import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { sectionsOf } from "../examples/documents.ts";

/**
 * Somebody with an empty folder and a page of the documentation, who types its commands and copies its files. Two things
 * differ from the text: the package comes from the checkout, as it is not on npm, and servers have addresses of this machine.
 */
export class Newcomer {
  readonly folder: string = mkdtempSync(join(tmpdir(), "holdfast-newcomer-"));
  readonly #tarball: string;
  readonly #addresses: Readonly<Record<string, string>>;
  readonly #running: ChildProcess[] = [];

  constructor(tarball: string, addresses: Readonly<Record<string, string>>) {
    this.#tarball = tarball;
    this.#addresses = addresses;
  }

  /** Runs the commands of a section, and saves its files: those of a named example without the example's name. */
  async follow(document: string, heading: string): Promise<void> {
    this.save("package.json", '{ "type": "module" }');
    for (const { language, file, code } of this.#blocks(document, heading)) {
      if (language === "sh") for (const command of commandsIn(code)) await this.run(command);
      else if (file !== undefined) this.save(file.split("/").slice(1).join("/"), code);
    }
  }

  /** The code of a section's first block in a language. */
  code(document: string, heading: string, language: string): string {
    const block = this.#blocks(document, heading).find((block) => block.language === language);
    if (!block) throw new Error(`${document} has no block of ${language} under "${heading}"`);
    return block.code;
  }

  save(path: string, text: string): void {
    const placed = Object.entries(this.#addresses).reduce(
      (replaced, [written, real]) => replaced.replaceAll(written, real),
      text,
    );
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), placed);
  }

  /** Resolves with what a command writes to stdout. */
  async run(command: string): Promise<string> {
    const { stdout } = await promisify(execFile)("sh", ["-c", this.typed(command)], {
      cwd: this.folder,
      env: this.environment(),
      maxBuffer: 2 ** 24,
    });
    return stdout;
  }

  /** Starts a command that goes on, and resolves with the first address that it prints. */
  async start(command: string): Promise<string> {
    const child = spawn("sh", ["-c", `exec ${this.typed(command)}`], {
      cwd: this.folder,
      env: this.environment(),
      detached: true,
    });
    this.#running.push(child);
    let said = "";
    return new Promise((resolve, reject) => {
      const read = (text: string): void => {
        said += stripVTControlCharacters(text);
        const [address] = /https?:\/\/(?:localhost|127\.0\.0\.1):\d+\/\S*/.exec(said) ?? [];
        if (address !== undefined) resolve(address);
      };
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", read);
      child.on("exit", (code) => reject(new Error(`${command} ended with ${code}: ${said}`)));
    });
  }

  /** A command as it is typed here: the package by its path. */
  typed(command: string): string {
    const install = /^npm (?:install|i) /.test(command);
    return install
      ? `${command.replace(/(?<= )holdfast(?= |$)/, this.#tarball)} --prefer-offline --no-audit --no-fund`
      : command.replace(/^npx -y holdfast(?= )/, `npx -y file:${this.#tarball}`);
  }

  leave(): void {
    for (const { pid } of this.#running) {
      try {
        if (pid !== undefined) process.kill(-pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    }
    if (existsSync(this.folder)) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #blocks(document: string, heading: string) {
    const section = sectionsOf(document).find((section) => section.heading === heading);
    if (!section) throw new Error(`${document} has no section "${heading}"`);
    return section.blocks;
  }

  /** This machine's, without what npm and vitest add: the commands find no package of the checkout. */
  environment(): Record<string, string> {
    const own = Object.entries(process.env as Record<string, string>).filter(
      ([name]) => !/^(npm_|VITEST|NODE_ENV|NODE_OPTIONS|TEST)/.test(name),
    );
    const folders = process.env.PATH?.split(":").filter((folder) => !folder.includes("node_modules/.bin"));
    return {
      ...Object.fromEntries(own),
      PATH: [dirname(process.execPath), ...(folders ?? [])].join(":"),
      XDG_DATA_HOME: join(this.folder, ".data"),
    };
  }
}

function commandsIn(shell: string): readonly string[] {
  return shell
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.replace(/\s#.*$/, "").trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
