import type { TaskView } from "holdfast";
import { alike, GROUPINGS, type Grouping } from "./task-groups.ts";
import { messageOf, statusOf } from "./task-words.ts";

export const KINDS = ["all", "running", "asking", "done", "failed"] as const;
export type Kind = (typeof KINDS)[number];

export const SORTS = ["newest", "oldest", "longest", "tool", "status"] as const;
export type Sort = (typeof SORTS)[number];

/** How old a task may be, in ms. */
export const AGES = { "1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000 } as const;
export type Age = keyof typeof AGES;

/** Which tasks are wanted, and in which order. An empty name or text wants all. */
export interface Wanted {
  readonly kind: Kind;
  readonly text: string;
  readonly server: string;
  readonly tool: string;
  readonly age: Age | "";
  readonly sort: Sort;
  readonly group: Grouping;
}

export const ALL: Wanted = {
  kind: "all",
  text: "",
  server: "",
  tool: "",
  age: "",
  sort: "newest",
  group: "none",
};

const NAMES = {
  kind: "status",
  text: "text",
  server: "server",
  tool: "tool",
  age: "since",
  sort: "sort",
  group: "group",
} as const satisfies Record<keyof Wanted, string>;

/** Reads what is wanted from the query of an address. What it does not know there it leaves out. */
export function readWanted(query: string): Wanted {
  const given = new URLSearchParams(query);
  const one = <T extends string>(known: readonly T[], name: string, otherwise: T): T =>
    known.find((each) => each === given.get(name)) ?? otherwise;
  return {
    kind: one(KINDS, NAMES.kind, "all"),
    text: given.get(NAMES.text) ?? "",
    server: given.get(NAMES.server) ?? "",
    tool: given.get(NAMES.tool) ?? "",
    age: one<Age | "">(Object.keys(AGES) as Age[], NAMES.age, ""),
    sort: one(SORTS, NAMES.sort, "newest"),
    group: one(GROUPINGS, NAMES.group, "none"),
  };
}

/** Writes it for an address: empty for all tasks, the newest first. */
export function writeWanted(wanted: Wanted): string {
  const query = new URLSearchParams();
  for (const key of Object.keys(NAMES) as (keyof Wanted)[])
    if (wanted[key] !== ALL[key]) query.set(NAMES[key], wanted[key]);
  return query.toString();
}

/**
 * The tasks that are wanted, in the order that is wanted.
 * @param tasks By their age, the oldest first.
 * @param now ms since 1970.
 */
export function wantedTasks(tasks: readonly TaskView[], wanted: Wanted, now: number): readonly TaskView[] {
  const { kind, text, server, tool, age } = wanted;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const since = age === "" ? 0 : now - AGES[age];
  if (wanted.kind === "all" && words.length === 0 && server + tool + age === "")
    return sorted(tasks, wanted.sort, now);
  const found = tasks.filter(
    (task) =>
      task.createdAt >= since &&
      (server === "" || task.endpoint === server) &&
      (tool === "" || task.tool === tool) &&
      isKind(task, kind) &&
      words.every((word) => says(task, word)),
  );
  return sorted(found, wanted.sort, now);
}

function sorted(tasks: readonly TaskView[], sort: Sort, now: number): readonly TaskView[] {
  switch (sort) {
    case "newest":
      return tasks.toReversed();
    case "oldest":
      return tasks;
    case "longest":
      return tasks.toReversed().sort((a, b) => tookOf(b, now) - tookOf(a, now));
    case "tool":
      return byWord(tasks, ({ tool }) => tool);
    case "status":
      return byWord(tasks, statusOf);
  }
}

/** Sorts by a word that many have in common, the newest first among equals. Only the words are compared: that is slow for each of 10,000 tasks. */
function byWord(tasks: readonly TaskView[], wordOf: (task: TaskView) => string): readonly TaskView[] {
  return [...alike(tasks.toReversed(), wordOf)]
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([, those]) => those);
}

/** How long a task has taken so far, in ms. */
export function tookOf({ createdAt, settledAt, outcome }: TaskView, now: number): number {
  return Math.max(0, (outcome ? (settledAt ?? createdAt) : now) - createdAt);
}

function isKind(task: TaskView, kind: Kind): boolean {
  switch (kind) {
    case "all":
      return true;
    case "running":
      return task.outcome === undefined;
    case "asking":
      return task.inputRequests.length > 0;
    case "done":
      return statusOf(task) === "completed";
    case "failed":
      return task.outcome !== undefined && statusOf(task) !== "completed";
  }
}

function says(shown: TaskView, word: string): boolean {
  const text = TEXTS.get(shown) ?? textOf(shown);
  TEXTS.set(shown, text);
  return text.includes(word);
}

/** A view never changes, and each key typed asks for the text of every task. */
const TEXTS = new WeakMap<TaskView, string>();

/** Everything that a task is found by. A word that is typed has no line break in it: it is found in one of these. */
function textOf(shown: TaskView): string {
  const { tool, endpoint, id, taskId, arguments: args } = shown;
  return [tool, endpoint, id, taskId, messageOf(shown), statusOf(shown), JSON.stringify(args)]
    .join("\n")
    .toLowerCase();
}
