import { existsSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import apps from "../packed/packages.json" with { type: "json" };
import recipes from "../workflows-installed/packages.json" with { type: "json" };
import { ROOT } from "./documents.ts";

/** What a machine has that can run the rest. */
const SYSTEM: ReadonlySet<string> = new Set(["curl", "printf", "sha256sum", "cd", "cp", "git", "openssl"]);

const PACKAGES: ReadonlySet<string> = new Set([
  manifest.name,
  ...Object.keys(manifest.dependencies),
  ...Object.keys(manifest.peerDependencies),
  ...Object.keys(manifest.devDependencies),
  ...Object.values(recipes).flatMap(Object.keys),
  ...Object.values(apps).flatMap(Object.keys),
]);

/** What of a shell text cannot be done in this repository: commands, scripts, files and packages that it does not have. */
export function shellFaults(shell: string): readonly string[] {
  return shell
    .replaceAll("\\\n", " ")
    .split(/\n|&&|\||;/)
    .map((command) => command.replace(/(^|\s)#.*$/, "").trim())
    .filter((command) => command !== "")
    .flatMap((command) => {
      const failure = commandFault(command.split(/\s+/).filter((word) => !/^[A-Z_]+=/.test(word)));
      return failure === undefined ? [] : [`${command}: ${failure}`];
    });
}

function commandFault([command = "", ...words]: readonly string[]): string | undefined {
  switch (command) {
    case "npm":
      return npmFault(words);
    case "npx": {
      const [bin = ""] = words.filter((word) => !word.startsWith("-"));
      // What a test installs for itself is called as its package.
      if (bin in manifest.bin || bin in apps) return undefined;
      return binFault(bin) ?? (bin === "vitest" || bin === "biome" ? pathFault(words) : undefined);
    }
    case "node": {
      const [first = ""] = words;
      return existsSync(join(ROOT, first)) ? undefined : `there is no ${first}`;
    }
    default:
      return SYSTEM.has(command) ? undefined : "is no command known here";
  }
}

function npmFault([verb = "", ...words]: readonly string[]): string | undefined {
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
    case "test":
      return script in manifest.scripts ? undefined : `there is no script ${script}`;
    default:
      return `npm ${verb} is not known here`;
  }
}

function binFault(name: string): string | undefined {
  return existsSync(join(ROOT, "node_modules/.bin", name)) ? undefined : `${name} is not installed`;
}

function pathFault(words: readonly string[]): string | undefined {
  const missing = words.find((word) => word.includes("/") && !existsSync(join(ROOT, word)));
  return missing === undefined ? undefined : `there is no ${missing}`;
}
