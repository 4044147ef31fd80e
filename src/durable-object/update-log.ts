import type { TaskJson } from "../task-json.ts";

/** A stored change of a task. `seq` grows with every change in the object, and never starts anew. */
export interface TaskChange {
  readonly seq: number;
  /** How the task stood after it; the result of a completed one is left out. */
  readonly task: TaskJson;
}

/** How many changes of a task are kept for watchers who come back. */
const KEPT = 256;
/** And how long they are together, in characters of up to 3 bytes: a row takes 2 MB, and the record is in it too. */
const KEPT_LENGTH = 256 * 1024;

/** One line a change, without what never changes: they lie in the row of their task, so that a change is one row. */
export function appended(log: string, seq: number, task: TaskJson): string {
  const { arguments: _same, ...changing } = task;
  const lines = [
    ...log
      .split("\n")
      .filter(Boolean)
      .slice(1 - KEPT),
    `${seq} ${JSON.stringify(changing)}`,
  ];
  let text = lines.join("\n");
  while (text.length > KEPT_LENGTH && text.includes("\n")) text = text.slice(text.indexOf("\n") + 1);
  return text;
}

/** The changes after a position. */
export function changesIn(log: string, after: number, args: TaskJson["arguments"]): TaskChange[] {
  const changes: TaskChange[] = [];
  for (const line of log.split("\n")) {
    const space = line.indexOf(" ");
    const seq = Number(line.slice(0, space));
    if (space > 0 && seq > after)
      changes.push({ seq, task: { ...JSON.parse(line.slice(space + 1)), arguments: args } });
  }
  return changes;
}
