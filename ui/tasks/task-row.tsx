import type { TaskView } from "holdfast";
import { memo } from "react";
import { roughly } from "../app/duration.ts";
import { wishFocus } from "../app/focus-wish.ts";
import { useNow } from "../app/now.ts";
import { useTaskHandle } from "../clients/hooks.ts";
import { useServerTitle } from "../clients/workspace-context.ts";
import { Progress } from "../controls/progress.tsx";
import { StatusBadge } from "./status-badge.tsx";
import { waitOf } from "./task-wait.ts";
import { messageOf, percentOf, retryOf, statusOf } from "./task-words.ts";

export interface TaskRowProps {
  readonly shown: TaskView;
  /** Its place in the whole table, from 0. */
  readonly index: number;
  readonly top: number;
  readonly open: boolean;
  /** The one row that Tab reaches: the arrows go on from there. */
  readonly reachable: boolean;
  readonly onOpen: (id: string) => void;
}

/** One task in the table. */
export const TaskRow = memo(function TaskRow({ shown, index, top, open, reachable, onOpen }: TaskRowProps) {
  const percent = percentOf(shown);
  const title = useServerTitle(shown.endpoint);
  const retry = retryOf(shown);
  const message = retry ? `${retry.failure.message}. Trying again.` : messageOf(shown);
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows that are placed by hand are no table's to the browser.
    <div
      role="row"
      className="task-row"
      aria-rowindex={index + 2}
      aria-selected={open}
      tabIndex={reachable ? 0 : -1}
      data-task={shown.id}
      data-index={index}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onOpen(shown.id)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        wishFocus("task", shown.id);
        onOpen(shown.id);
      }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as the row. */}
      <div role="gridcell" className="cell-tool" tabIndex={-1}>
        <strong>
          <bdi>{shown.tool}</bdi>
        </strong>
        <span className="quiet">{title}</span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as the row. */}
      <div role="gridcell" className="cell-status" tabIndex={-1}>
        <StatusBadge status={statusOf(shown)} />
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as the row. */}
      <div role="gridcell" className="cell-message" tabIndex={-1}>
        {message === "" ? (
          <bdi className="quiet">{argumentsLine(shown)}</bdi>
        ) : (
          <bdi className={retry ? "message retry" : "message"}>{message}</bdi>
        )}
        {percent !== undefined && <Progress value={percent} aria-label={`Progress of ${shown.tool}`} />}
      </div>
      <Times shown={shown} />
    </div>
  );
});

/** The arguments distinguish two calls of one tool that show nothing else. */
function argumentsLine(task: TaskView): string {
  return Object.values(task.arguments)
    .map((value) => (typeof value === "string" ? value.slice(0, 80) : shortJson(value)))
    .slice(0, 6)
    .join(" · ");
}

function shortJson(value: unknown): string {
  return typeof value === "object" && value !== null ? (Array.isArray(value) ? "[…]" : "{…}") : String(value);
}

function Times({ shown }: { readonly shown: TaskView }) {
  const now = useNow();
  // It changes without a change of the view.
  const nextPollAt = useTaskHandle()(shown.id)?.nextPollAt;
  return (
    // biome-ignore lint/a11y/useSemanticElements: as the row.
    <div role="gridcell" className="cell-times" tabIndex={-1}>
      <span>{roughly(now - shown.createdAt)} ago</span>
      <span className="quiet">{waitOf(shown, nextPollAt, now)}</span>
    </div>
  );
}
