import type { TaskView } from "holdfast";
import { GROUPINGS, type Grouping } from "./task-groups.ts";
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
  const newest = tasks.toReversed();
  switch (sort) {
    case "newest":
      return newest;
    case "oldest":
      return tasks;
    case "longest":
      return newest.sort((a, b) => tookOf(b, now) - tookOf(a, now));
    case "tool":
      return newest.sort((a, b) => a.tool.localeCompare(b.tool));
    case "status":
      return newest.sort((a, b) => statusOf(a).localeCompare(statusOf(b)));
  }
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
  const { tool, endpoint, id, taskId = "" } = shown;
  const said = [tool, endpoint, id, taskId, messageOf(shown), statusOf(shown)];
  return (
    said.some((text) => text.toLowerCase().includes(word)) || argumentsText(shown.arguments).includes(word)
  );
}

/** Arguments never change, and each key typed asks for those of every task. */
const TEXTS = new WeakMap<object, string>();

function argumentsText(args: object): string {
  const known = TEXTS.get(args) ?? JSON.stringify(args).toLowerCase();
  TEXTS.set(args, known);
  return known;
}
