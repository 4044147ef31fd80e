import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import type { Command } from "../command-line/command.ts";
import { dataFolder } from "../store/data-folder.ts";
import { type StoredTask, StoredTasks } from "./stored-tasks.ts";
import { plain, taskTable } from "./task-table.ts";

/** For so long after its end a task is listed without `--all`, in ms. */
const RECENT_MS = 24 * 3_600_000;

/** `holdfast tasks`. Resolves with the exit code. */
export async function tasks({ action, args, json, all }: Command & { kind: "tasks" }): Promise<number> {
  const stored = await StoredTasks.open(dataFolder());
  const [prefix = "", key = "", answer = ""] = args;
  try {
    switch (action) {
      case "list": {
        const since = Date.now() - RECENT_MS;
        const listed = (await stored.list()).filter((task) => all || (task.view.settledAt ?? since) >= since);
        if (json) print(JSON.stringify(listed.map(flat), null, 2));
        else if (listed.length === 0) print("There are no tasks.");
        else for (const line of taskTable(listed, Date.now())) print(line);
        return 0;
      }
      case "show": {
        const task = await stored.find(prefix);
        if (json) print(JSON.stringify(flat(task), null, 2));
        else for (const line of described(task)) print(line);
        return 0;
      }
      case "answer":
        return report(
          await stored.wish(prefix, { kind: "answer", key, response: readAnswer(answer) }),
          "Answered",
        );
      case "cancel":
        return report(await stored.wish(prefix, { kind: "cancel" }), "Cancellation requested");
      case "forget":
        return report(await stored.wish(prefix, { kind: "forget" }), "Forgotten");
    }
  } catch (error) {
    process.stderr.write(`holdfast: ${error instanceof Error ? plain(error.message, 500) : String(error)}\n`);
    return 1;
  } finally {
    stored.close();
  }
}

function report(done: "done" | "later", words: string): number {
  print(
    done === "done"
      ? `${words}.`
      : "No process runs this task now. The request is carried out when an agent next starts this configuration.",
  );
  return 0;
}

function readAnswer(text: string): JsonObject {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(`The answer is not JSON, such as '{"action":"accept","content":{}}'`);
  }
  if (!isObject(answer)) throw new Error("The answer must be a JSON object");
  return answer;
}

function flat({ view, configuration, runs }: StoredTask): object {
  const { id, endpoint, ...rest } = view;
  return { task: id, server: endpoint, configuration, runs, ...rest };
}

function described(task: StoredTask): readonly string[] {
  const { view } = task;
  const { outcome, inputRequests } = view;
  return [
    ...taskTable([task], Date.now()),
    "",
    `task           ${view.id}`,
    `configuration  ${plain(task.configuration, 200)}`,
    `arguments      ${plain(JSON.stringify(view.arguments), 2_000)}`,
    ...inputRequests.map(
      ({ key, method, params }) =>
        `asks           ${plain(key, 64)}: ${method} ${plain(JSON.stringify(params), 2_000)}`,
    ),
    ...(outcome ? [`outcome        ${plain(JSON.stringify(outcome), 20_000)}`] : []),
  ];
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
