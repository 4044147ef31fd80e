import { durationText } from "../../src/agent/duration-text.ts";
import type { StoredTask } from "./stored-tasks.ts";

const HEAD = ["TASK", "SERVER", "TOOL", "STATUS", "STARTED", "FOR", "PROGRESS"] as const;
/** How much of an id the table shows: enough to name the task by. */
const SHORT_ID = 8;

/** Tasks as the lines of a table. */
export function taskTable(tasks: readonly StoredTask[], now: number): readonly string[] {
  const rows = [HEAD, ...tasks.map((task) => row(task, now))];
  const widths = HEAD.map((_head, column) => Math.max(...rows.map((cells) => (cells[column] ?? "").length)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function row({ view, runs }: StoredTask, now: number): readonly string[] {
  const { id, endpoint, tool, createdAt, settledAt, outcome, progress, snapshot } = view;
  const status = outcome?.kind ?? (runs ? view.status : `${view.status} (paused)`);
  const done = progress
    ? `${progress.progress}${progress.total === undefined ? "" : `/${progress.total}`}`
    : "";
  const words = progress?.message ?? snapshot?.statusMessage ?? "";
  return [
    id.slice(0, SHORT_ID),
    plain(endpoint, 24),
    plain(tool, 32),
    status,
    new Date(createdAt).toLocaleString("sv"),
    durationText((settledAt ?? now) - createdAt),
    plain([done, words].filter(Boolean).join(" "), 48),
  ];
}

/** A server's words without what could move the cursor or change the terminal. */
export function plain(text: string, longest: number): string {
  const shown = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").trim();
  return shown.length > longest ? `${shown.slice(0, longest - 1)}…` : shown;
}
