import type { TaskView } from "holdfast";
import type { Exchange } from "./wire-log.ts";

/** One exchange, or several polls in a row that said the same. */
export interface Folded {
  readonly first: Exchange;
  readonly all: readonly Exchange[];
}

/** The exchanges that are about a task: they name the server's id of it. A plain call has none: its calls are those of its time. */
export function exchangesOf(
  all: readonly Exchange[],
  { taskId, tool, createdAt, settledAt = Number.POSITIVE_INFINITY }: TaskView,
): readonly Exchange[] {
  if (taskId === undefined) {
    const name = `"name":${JSON.stringify(tool)}`;
    return all.filter(
      ({ at, rpc, request }) =>
        rpc === "tools/call" && at >= createdAt && at <= settledAt && request.text.includes(name),
    );
  }
  const quoted = JSON.stringify(taskId);
  return all.filter(
    ({ at, request, response }) =>
      at >= createdAt && (request.text.includes(quoted) || response?.text.includes(quoted) === true),
  );
}

/** Folds polls that come one after the other, and had the same status. */
export function folded(exchanges: readonly Exchange[]): readonly Folded[] {
  const groups: { first: Exchange; all: Exchange[] }[] = [];
  for (const exchange of exchanges) {
    const last = groups.at(-1);
    const isSame =
      exchange.rpc === "tasks/get" &&
      last?.first.rpc === "tasks/get" &&
      last.first.status === exchange.status;
    if (isSame) last.all.push(exchange);
    else groups.push({ first: exchange, all: [exchange] });
  }
  return groups;
}
