import {
  copyFileSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import type { Command } from "../command-line/command.ts";
import { ConfigurationError } from "../configuration/variables.ts";
import { AGENTS, placesOf } from "./known-agents.ts";
import { lineDifference } from "./line-difference.ts";
import { rewritten } from "./rewritten.ts";

/** `holdfast wrap` and `holdfast unwrap`: shows the difference, and writes it when confirmed. Resolves with the exit code. */
export async function wrap({ undo, target, yes, only }: Command & { kind: "wrap" }): Promise<number> {
  try {
    const file = fileOf(target);
    const before = read(file);
    const result = rewritten(before, file, undo, only);
    const text = undo && only.length === 0 ? (untouched(file, before) ?? result.text) : result.text;
    for (const { name, why } of result.left) print(`${name} is left as it is: ${why}.`);
    if (text === before) {
      print(`${file} needs no change.`);
      return 0;
    }
    print(`${file}:`);
    for (const line of lineDifference(before, text)) print(line);
    if (!yes && !(await confirmed())) {
      print("Nothing was changed. Use --yes to write it.");
      return 0;
    }
    // What was there before the first wrap is what unwrap goes back to.
    if (!undo)
      copyFileSync(file, existsSync(backupOf(file)) ? `${backupOf(file)}.${Date.now()}` : backupOf(file));
    write(file, text);
    if (undo) rmSync(backupOf(file), { force: true });
    print(`${undo ? "Restored" : "Wrapped"} ${result.changed.join(", ")}. Restart the agent.`);
    if (!undo) print(`The original file is saved as ${backupOf(file)}.`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`holdfast: ${error.message}\nNothing was changed.\n`);
    return 1;
  }
}

/** The backup, if the file is what wrap made of it: then unwrap restores it to the byte. */
function untouched(file: string, now: string): string | undefined {
  const backup = backupOf(file);
  if (!existsSync(backup)) return undefined;
  const original = readFileSync(backup, "utf8");
  try {
    return rewritten(original, backup, false, []).text === now ? original : undefined;
  } catch {
    return undefined;
  }
}

function fileOf(target: string): string {
  const places = placesOf(target);
  const found = places?.find((place) => existsSync(place));
  if (found) return found;
  if (places) throw new ConfigurationError(`${target} has no configuration at ${places.join(" or ")}`);
  if (existsSync(target)) return resolve(target);
  throw new ConfigurationError(`${target} is neither a file nor one of ${AGENTS.join(", ")}`);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigurationError(
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? "error"})`,
    );
  }
}

/** Beside the file and then in its place, with its mode: an agent that reads it meanwhile sees all of one or the other. */
function write(path: string, text: string): void {
  // A link to a file in a folder of settings must stay one.
  const file = realpathSync(path);
  const beside = `${file}.holdfast-${process.pid}`;
  writeFileSync(beside, text, { mode: statSync(file).mode & 0o777, flag: "wx" });
  renameSync(beside, file);
}

function backupOf(file: string): string {
  return `${file}.before-holdfast`;
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question("Write this? [y/N] ");
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
