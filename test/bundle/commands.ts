import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { readCommand } from "../../proxy/command-line/command.ts";
import { words as wordsOf } from "../../proxy/command-line/words.ts";
import { ConfigurationError } from "../../proxy/configuration/variables.ts";
import { serveOptions } from "../../proxy/serve/serve-options.ts";
import { ROOT } from "../examples/documents.ts";
import apps from "../packed/packages.json" with { type: "json" };
import recipes from "../workflows-installed/packages.json" with { type: "json" };

/** Commands that a machine has, or that readers install themselves. */
const SYSTEM: ReadonlySet<string> = new Set(["curl", "printf", "sha256sum", "cd", "cp", "git", "openssl"]);

const PACKAGES: ReadonlySet<string> = new Set([
  manifest.name,
  ...Object.keys(manifest.dependencies),
  ...Object.keys(manifest.peerDependencies),
  ...Object.keys(manifest.devDependencies),
  ...Object.values(recipes).flatMap(Object.keys),
  ...Object.values(apps).flatMap(Object.keys),
]);

const PROJECTS: ReadonlySet<string> = new Set(
  ["vitest.config.ts", "vitest.workers.config.ts"].flatMap((file) =>
    [...readFileSync(join(ROOT, file), "utf8").matchAll(/\bname: "([\w-]+)"/g)].map(([, name = ""]) => name),
  ),
);

const FLAG = /^--[a-z][\w-]*$/;

/** Returns what of a shell text cannot be done in this repository: commands, scripts, files, packages and flags that it does not have. */
export function shellProblems(shell: string): readonly string[] {
  return shell
    .replaceAll("\\\n", " ")
    .split(/\n|&&|(?<!<[^>\s]*)\||;/)
    .map((command) => command.replace(/(^|\s)#.*$/, "").trim())
    .filter((command) => command !== "")
    .flatMap((command) => {
      const failure = commandProblem(command.split(/\s+/).filter((word) => !/^[A-Z_]+=/.test(word)));
      return failure === undefined ? [] : [`${command}: ${failure}`];
    });
}

/** Returns the projects that `--project` names in a text and the configuration of vitest does not have. */
export function unknownProjects(text: string): readonly string[] {
  const named = [...text.matchAll(/--project[ =]([\w-]+)/g)].map(([, name = ""]) => name);
  return named.filter((name) => !PROJECTS.has(name));
}

/** Whether the command, or the sub-command in front, reads this flag. */
export function readsFlag(subcommand: readonly string[], flag: string): boolean {
  // A flag that lacks its value is not refused as unknown.
  return refusal([...subcommand, flag]) === undefined;
}

function commandProblem([command = "", ...words]: readonly string[]): string | undefined {
  switch (command) {
    case "npm":
      return npmProblem(words);
    case "npx":
      return npxProblem(words);
    case "node": {
      const [file = "", ...args] = words;
      return existsSync(join(ROOT, file)) ? flagProblem(file, args) : `there is no ${file}`;
    }
    case manifest.name:
      return holdfastProblem(words.join(" "));
    default:
      return SYSTEM.has(command) ? undefined : "is no command known here";
  }
}

function npmProblem([verb = "", ...words]: readonly string[]): string | undefined {
  const script = verb === "run" ? (words[0] ?? "") : verb;
  switch (verb) {
    case "ci":
    case "pack":
      return undefined;
    case "install": {
      const unknown = words.find((word) => !word.startsWith("-") && !PACKAGES.has(word));
      return unknown === undefined ? undefined : `${unknown} is no package used here`;
    }
    case "run":
    case "test": {
      if (!(script in manifest.scripts)) return `there is no script ${script}`;
      const [, file] = /\bnode ([\w./-]+\.ts)$/.exec(scriptOf(script)) ?? [];
      const end = words.indexOf("--");
      return file === undefined || end === -1 ? undefined : flagProblem(file, words.slice(end + 1));
    }
    default:
      return `npm ${verb} is not known here`;
  }
}

function scriptOf(name: string): string {
  return Object.entries(manifest.scripts).find(([script]) => script === name)?.[1] ?? "";
}

function npxProblem(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => !word.startsWith("-"));
  const [bin = "", ...args] = words.slice(at);
  if (bin in manifest.bin) return holdfastProblem(args.join(" "));
  // A package that a test installs for itself, or whose bin has another name, is called as its package.
  const isKnown = bin in apps || PACKAGES.has(bin) || existsSync(join(ROOT, "node_modules/.bin", bin));
  if (!isKnown) return `${bin} is not installed`;
  if (bin !== "vitest" && bin !== "biome") return undefined;
  const [project] = unknownProjects(words.join(" "));
  if (project !== undefined) return `there is no project ${project}`;
  const missing = args.find((word) => word.includes("/") && !existsSync(join(ROOT, word)));
  return missing === undefined ? undefined : `there is no ${missing}`;
}

/** A program of this repository names each flag that it reads, as text or as a key of `parseArgs`. */
function flagProblem(file: string, args: readonly string[]): string | undefined {
  const source = readFileSync(join(ROOT, file), "utf8");
  const unread = args.filter((arg) => FLAG.test(arg)).find((flag) => !namesFlag(source, flag));
  return unread === undefined ? undefined : `${file} does not read ${unread}`;
}

function namesFlag(source: string, flag: string): boolean {
  const key = flag.slice(2);
  return source.includes(`"${flag}"`) || new RegExp(`[ {]"?${key}"?: \\{ type: `).test(source);
}

/** The arguments as the command's own parser reads them; each flag also alone, since the parser stops at the first that it does not know. */
function holdfastProblem(text: string): string | undefined {
  const args = wordsOf(
    text
      .replace(/<address>/g, "https://papers.example/mcp")
      .replace(/<[^>]*>/g, "1")
      .replace(/[[\]…]/g, ""),
  );
  const end = args.indexOf("--");
  const own = end === -1 ? args : args.slice(0, end);
  const [first = ""] = own;
  const subcommand = /^[a-z]+$/.test(first) ? [first] : [];
  const refused = own.length > 0 ? refusal(own) : undefined;
  const unread = own.filter((word) => FLAG.test(word)).find((flag) => !readsFlag(subcommand, flag));
  if (refused !== undefined || unread !== undefined) return refused ?? `does not read ${unread}`;
  const [started, ...rest] = end === -1 ? [] : args.slice(end + 1);
  return started === "npx" ? npxProblem(rest) : undefined;
}

/** Returns what the command's parser says of arguments that it does not know. Missing files and values do not count. */
function refusal(args: readonly string[]): string | undefined {
  try {
    const command = readCommand(args, {});
    if (command.kind === "serve") serveOptions(command.args);
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return /^Unknown |is not an address/.test(error.message) ? error.message : undefined;
  }
}
