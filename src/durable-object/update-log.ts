import type { TaskView } from "../task-view.ts";
import type { SqlRow } from "./storage.ts";

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

/** The most that is replayed to a watcher who comes back, in characters of the log. */
const REPLAY_LENGTH = 512 * 1024;

/** One change as it lies in a log. */
interface LogLine {
  readonly seq: number;
  /** A TaskView without its arguments, as JSON. */
  readonly text: string;
}

/** The lines of a log after a position, the latest first. */
function* linesAfter(log: string, after: number): Iterable<LogLine> {
  for (let end = log.length; end > 0; ) {
    const start = log.lastIndexOf("\n", end - 1) + 1;
    const space = log.indexOf(" ", start);
    const seq = Number(log.slice(start, space));
    if (seq <= after) return;
    yield { seq, text: log.slice(space + 1, end) };
    end = start - 1;
  }
}

interface ChangeLine extends LogLine {
  readonly id: string;
}

/**
 * Returns the changes of several tasks after a position, in order, or `undefined` if they are longer than what is replayed.
 * @param tasks Rows with their ids.
 * @param logOf Reads the log of a task.
 * @param argumentsOf Reads the arguments of a task, of which its log has none: when its change is asked for.
 */
export function replayed(
  tasks: readonly SqlRow[],
  after: number,
  logOf: (id: string) => string,
  argumentsOf: (id: string) => TaskView["arguments"],
): Iterable<TaskChange> | undefined {
  const lines: ChangeLine[] = [];
  let left = REPLAY_LENGTH;
  for (const task of tasks) {
    const id = String(task.id);
    // One at a time: together the logs may be longer than what an object's memory holds.
    for (const line of linesAfter(logOf(id), after)) {
      left -= line.text.length;
      if (left < 0) return undefined;
      lines.push({ ...line, id });
    }
  }
  return read(
    lines.sort((a, b) => a.seq - b.seq),
    argumentsOf,
  );
}

function* read(
  lines: readonly ChangeLine[],
  argumentsOf: (id: string) => TaskView["arguments"],
): Iterable<TaskChange> {
  for (const { id, seq, text } of lines)
    yield { seq, task: { ...JSON.parse(text), arguments: argumentsOf(id) } };
}
