import { spawn } from "node:child_process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DataFolder, environment, HOLDFAST } from "./proxied-client.ts";

let folder: DataFolder;
beforeEach(() => {
  folder = new DataFolder();
});
afterEach(() => folder.remove());

/** Runs the command before a program that reads nothing. Resolves with its stderr. */
function unread(args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    // A shell's own pipe: one that Node makes is a socket, to which a write does not fail before the end.
    const child = spawn("sh", ["-c", '"$@" | true', "sh", process.execPath, HOLDFAST, ...args], {
      env: environment(folder, {}),
    });
    let err = "";
    child.stderr.on("data", (text) => {
      err += text;
    });
    child.once("close", () => resolve(err));
  });
}

test
  .skipIf(process.platform === "win32")
  .each([["--help"], ["--version"], ["serve --help"], ["tasks"], ["tasks --json --all"]])(
  "holdfast %s ends without a trace where nobody reads its output",
  async (line) => {
    expect(await unread(line.split(" "))).toBe("");
  },
);
