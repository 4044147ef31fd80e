import type { Retry, TaskStatus, TaskView } from "holdfast";

/** How a task stands, in the words of the page: `tool error` is an outcome of its own to a person. */
export type ShownStatus = TaskStatus | "tool error";

export function statusOf({ status, outcome }: TaskView): ShownStatus {
  return outcome?.kind === "completed" && outcome.result.isError ? "tool error" : status;
}

/** Whether it has ended without a result, and not because somebody cancelled it. */
export function endedBadly(task: TaskView): boolean {
  return task.outcome !== undefined && !["completed", "cancelled"].includes(statusOf(task));
}

/** What there is to say of a task in one line. */
export function messageOf({ cancelling, progress, snapshot, outcome }: TaskView): string {
  switch (outcome?.kind) {
    case undefined:
      if (cancelling) return "Asking the server to stop…";
      return progress?.message ?? snapshot?.statusMessage ?? "";
    case "completed":
      return "";
    case "failed":
      return outcome.error.message;
    case "cancelled":
      return outcome.confirmed ? "" : "The server did not confirm it.";
    case "expired":
    case "lost":
      return outcome.detail;
  }
}

/** More of a line is never shown in a row. */
const LINE_LENGTH = 200;

/** The first line of what a tool returned, where a list has it. */
export function resultLineOf({ outcome }: TaskView): string {
  if (outcome?.kind !== "completed" || outcome.apart) return "";
  const { content, structuredContent } = outcome.result;
  const text = content.find(
    ({ type, text }) => type === "text" && typeof text === "string" && text.trim() !== "",
  )?.text;
  if (typeof text === "string") return firstLine(text);
  if (structuredContent !== undefined) return firstLine(JSON.stringify(structuredContent));
  const kinds = new Set(content.map(({ type }) => type.replaceAll("_", " ")));
  return [...kinds].join(", ");
}

/** The message of a task, or the first line of what its tool returned. */
export function lineOf(view: TaskView): string {
  return messageOf(view) || resultLineOf(view);
}

function firstLine(text: string): string {
  // A text of megabytes is not split for its first line.
  return (
    text
      .slice(0, 4 * LINE_LENGTH)
      .trimStart()
      .split("\n", 1)[0]
      ?.slice(0, LINE_LENGTH) ?? ""
  );
}

/** The arguments in one line: they distinguish two calls of one tool. */
export function argumentsLineOf({
  arguments: args,
  omitted,
}: Pick<TaskView, "arguments" | "omitted">): string {
  if (omitted?.includes("arguments")) return "long arguments";
  return Object.values(args)
    .slice(0, 6)
    .map((value) => (typeof value === "string" ? value.slice(0, 80) : shortJson(value)))
    .join(" · ");
}

function shortJson(value: unknown): string {
  return typeof value === "object" && value !== null ? (Array.isArray(value) ? "[…]" : "{…}") : String(value);
}

/** What a task is waiting out. A task that has ended since keeps its last retry state, which no longer matters. */
export function retryOf({ retry, outcome }: TaskView): Retry | undefined {
  return outcome ? undefined : retry;
}

/** What can be done when a task ended without a result. */
export function wayOn({ outcome }: TaskView): string | undefined {
  switch (outcome?.kind) {
    case "failed":
      switch (outcome.error.reason) {
        case "unauthorized":
          return "Sign in or give a header under Servers, then call again.";
        case "http":
          return "The server rejected the call and did nothing. Fix the cause, then call again.";
        case "oversized":
          return "The result is too large for this page. Ask the tool for less.";
        default:
          return "Fix what the server reports, then call again.";
      }
    case "expired":
      return "The server deleted it at the end of its TTL. Call again, and come back sooner or ask for a longer TTL.";
    case "lost":
      return "The work may have been done. Check the server before you call again.";
    default:
      return undefined;
  }
}

/** How much is done, from 0 to 100; nothing where the server does not say. */
export function percentOf({ progress, outcome }: TaskView): number | undefined {
  if (outcome || !progress?.total || progress.total <= 0) return undefined;
  return Math.max(0, Math.min(100, (100 * progress.progress) / progress.total));
}
