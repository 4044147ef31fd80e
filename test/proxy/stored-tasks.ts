import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type DataFolder, environment, HOLDFAST } from "./proxied-client.ts";

export interface StoredTask {
  readonly task: string;
  readonly server: string;
  readonly tool: string;
  readonly status: string;
  readonly runs: boolean;
  readonly outcome?: { readonly kind: string };
}

/** `holdfast tasks` with these arguments: what it printed. Rejects when it fails. */
export async function tasksCommand(folder: DataFolder, ...args: readonly string[]): Promise<string> {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [HOLDFAST, "tasks", ...args], { env: environment(folder) });
  return stdout;
}

export async function storedTasks(folder: DataFolder): Promise<readonly StoredTask[]> {
  return JSON.parse(await tasksCommand(folder, "list", "--all", "--json")) as readonly StoredTask[];
}
