import type { TaskView } from "../task-view.ts";

/** A stored change of a task. `seq` grows with every change in the object, and never starts anew. */
export interface TaskChange {
  readonly seq: number;
  /** How the task stood after it, without its result and what else is long (`omitted`). */
  readonly task: TaskView;
}

/** How many changes of a task are kept for watchers who come back. */
const KEPT = 256;
/** And how long they are together, in characters of up to 3 bytes: a row takes 2 MB, and the record is in it too. */
const KEPT_LENGTH = 256 * 1024;

/** One line a change, without what never changes: they lie in the row of their task, so that a change is one row. */
export function appended(log: string, seq: number, task: TaskView): string {
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

/** One change as it lies in a log. */
export interface LogLine {
  readonly seq: number;
  /** A TaskView without its arguments, as JSON. */
  readonly text: string;
}

/** The lines of a log after a position, the latest first. */
export function* linesAfter(log: string, after: number): Iterable<LogLine> {
  for (let end = log.length; end > 0; ) {
    const start = log.lastIndexOf("\n", end - 1) + 1;
    const space = log.indexOf(" ", start);
    const seq = Number(log.slice(start, space));
    if (seq <= after) return;
    yield { seq, text: log.slice(space + 1, end) };
    end = start - 1;
  }
}
