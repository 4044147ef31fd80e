import type { ToolResult } from "../protocol/tool-result.ts";
import type { Task } from "../task.ts";
import type { TaskStatus } from "../task-status.ts";
import type { TaskView } from "../task-view.ts";
import { durationText } from "./duration-text.ts";
import {
  listLine,
  NO_TASKS,
  olderTasks,
  runsFor,
  saying,
  startedAt,
  tasksRun,
  WORDS_IN_LIST,
} from "./messages.ts";
import { type AgentContext, toolKey } from "./options.ts";
import { plainText, quoted } from "./quoting.ts";

/** How many tasks are listed. */
const MOST_TASKS = 50;
const LONGEST_MESSAGE = 100;
const LONGEST_ARGUMENTS = 200;

/** A task in a list. Texts by the server and of the call are plain and bounded in length. */
export interface TaskInList {
  readonly task: string;
  /** What the model knows the tool by. */
  readonly tool: string;
  readonly endpoint: string;
  /** The arguments as JSON, cut where they are long. */
  readonly arguments: string;
  readonly status: TaskStatus;
  readonly statusMessage?: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Of one that runs, in ms. */
  readonly elapsedMs?: number;
}

/** The tasks the model may see: those that run, the earliest first, then those that ended, the latest first. */
export function listResult(context: AgentContext, stored: readonly Task[]): ToolResult {
  const all = new Map([...stored, ...context.held.all()].map(({ view }) => [view.id, view]));
  const seen = [...all.values()].filter(context.visible).sort((a, b) => a.createdAt - b.createdAt);
  const running = seen.filter(({ outcome }) => !outcome);
  const ordered = [...running, ...seen.filter(({ outcome }) => outcome).reverse()];
  const tasks = ordered.slice(0, MOST_TASKS).map((task) => inList(context, task));
  const more = ordered.length - tasks.length;
  const lines = tasks.map(lineOf);
  const head = tasks.length === 0 ? NO_TASKS : `${tasksRun(running.length, ordered.length)} ${WORDS_IN_LIST}`;
  const text = [head, ...lines, ...(more > 0 ? [olderTasks(more)] : [])].join("\n");
  return { content: [{ type: "text", text }], structuredContent: { tasks, more } };
}

function inList({ clock, known }: AgentContext, task: TaskView): TaskInList {
  const message = task.snapshot?.statusMessage;
  return {
    task: task.id,
    tool: known.get(toolKey(task))?.name ?? plainText(task.tool, 64),
    endpoint: plainText(task.endpoint, 64),
    arguments: plainText(JSON.stringify(task.arguments), LONGEST_ARGUMENTS),
    status: task.status,
    ...(message && { statusMessage: plainText(message, LONGEST_MESSAGE) }),
    startedAt: new Date(task.createdAt).toISOString(),
    ...(!task.outcome && { elapsedMs: Math.max(0, clock.now() - task.createdAt) }),
  };
}

function lineOf(task: TaskInList): string {
  const { elapsedMs, statusMessage } = task;
  const age = elapsedMs === undefined ? startedAt(task.startedAt) : runsFor(durationText(elapsedMs));
  const message = statusMessage ? saying(JSON.stringify(statusMessage)) : "";
  const line = listLine(
    task.task,
    task.tool,
    quoted(task.endpoint),
    quoted(task.arguments),
    task.status,
    age,
  );
  return line + message;
}
