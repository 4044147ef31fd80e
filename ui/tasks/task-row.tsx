import type { TaskView } from "holdfast";
import { memo } from "react";
import { clock, roughly } from "../app/duration.ts";
import { wishFocus } from "../app/focus-wish.ts";
import { useNow } from "../app/now.ts";
import { useTaskHandle } from "../clients/hooks.ts";
import { useServerTitle } from "../clients/workspace-context.ts";
import { Progress } from "../controls/progress.tsx";
import { StatusBadge } from "./status-badge.tsx";
import { tookOf } from "./task-filter.ts";
import { waitOf } from "./task-wait.ts";
import { argumentsLineOf, endedBadly, lineOf, percentOf, retryOf, statusOf } from "./task-words.ts";

export interface TaskRowProps {
  readonly shown: TaskView;
  /** Its place in the whole table, from 0. */
  readonly index: number;
  readonly top: number;
  readonly open: boolean;
  /** The one row that Tab reaches: the arrows go on from there. */
  readonly reachable: boolean;
  /** Whether it is selected; undefined where it cannot be. */
  readonly chosen: boolean | undefined;
  readonly onChoose: (id: string, upTo: boolean) => void;
  readonly onOpen: (id: string) => void;
}

/** One task in the table. */
export const TaskRow = memo(function TaskRow(props: TaskRowProps) {
  const { shown, index, top, open, reachable, chosen, onChoose, onOpen } = props;
  const percent = percentOf(shown);
  const title = useServerTitle(shown.endpoint);
  const retry = retryOf(shown);
  const message = retry ? `${retry.failure.message}. Trying again.` : lineOf(shown);
  const args = argumentsLineOf(shown);
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows that are placed by hand are no table's to the browser.
    <div
      role="row"
      className="task-row"
      aria-rowindex={index + 2}
      aria-current={open}
      aria-selected={chosen}
      tabIndex={reachable ? 0 : -1}
      data-task={shown.id}
      data-index={index}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onOpen(shown.id)}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget) return;
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        wishFocus("task", shown.id);
        onOpen(shown.id);
      }}
    >
      {chosen !== undefined && (
        // biome-ignore lint/a11y/useSemanticElements: as the row.
        <div role="gridcell" className="cell-choice" tabIndex={-1}>
          <input
            type="checkbox"
            aria-label={`Select ${shown.tool} ${args}`}
            tabIndex={reachable ? 0 : -1}
            checked={chosen}
            onClick={(event) => {
              event.stopPropagation();
              onChoose(shown.id, event.shiftKey);
            }}
            onChange={() => undefined}
          />
        </div>
      )}
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
        {args !== "" && <bdi className="row-arguments">{args}</bdi>}
        {message !== "" && (
          <bdi className={retry || endedBadly(shown) ? "message retry" : "message"}>{message}</bdi>
        )}
        {percent !== undefined && <Progress value={percent} aria-label={`Progress of ${shown.tool}`} />}
      </div>
      <Times shown={shown} />
    </div>
  );
});

function Times({ shown }: { readonly shown: TaskView }) {
  const now = useNow();
  // It changes without a change of the view.
  const nextPollAt = useTaskHandle()(shown.id)?.nextPollAt;
  return (
    // biome-ignore lint/a11y/useSemanticElements: as the row.
    <div role="gridcell" className="cell-times" tabIndex={-1}>
      <span>{roughly(now - shown.createdAt)} ago</span>
      <span className="quiet">
        {shown.outcome ? `took ${clock(tookOf(shown, now))}` : waitOf(shown, nextPollAt, now)}
      </span>
    </div>
  );
}
