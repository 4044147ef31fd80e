import { useVirtualizer } from "@tanstack/react-virtual";
import type { TaskView } from "holdfast";
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from "react";
import { goTo } from "../app/route.ts";
import { TaskRow } from "./task-row.tsx";

/** As in table.css: a row has room for its text also where a person has larger text than usual. */
const ROW_HEIGHT = 3.75 * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

export interface TaskTableProps {
  readonly tasks: readonly TaskView[];
  /** The task that is shown beside the table. */
  readonly open: string | undefined;
}

/** All tasks that are wanted; only the rows in sight are there. Arrows, Page, Home and End move, Enter opens. */
export function TaskTable({ tasks, open }: TaskTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [reached, setReached] = useState<string | undefined>(open);
  const wished = useRef<number | undefined>(undefined);
  const virtualizer = useVirtualizer({
    count: tasks.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    getItemKey: (index) => tasks[index]?.id ?? index,
  });
  const reachedIndex = Math.max(
    0,
    tasks.findIndex(({ id }) => id === reached),
  );
  const onOpen = useCallback((id: string) => {
    setReached(id);
    goTo("tasks", id);
  }, []);
  useEffect(() => {
    if (open !== undefined) setReached(open);
  }, [open]);
  useEffect(() => {
    // The row may not have been there when the key was pressed.
    if (wished.current === undefined) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${wished.current}"]`);
    if (!row) return;
    wished.current = undefined;
    row.focus({ preventScroll: true });
  });

  const move = (event: KeyboardEvent): void => {
    if (!(event.target instanceof HTMLElement) || event.target.role !== "row") return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 1);
    const to = destination(event.key, reachedIndex, page, tasks.length);
    if (to === undefined) return;
    event.preventDefault();
    wished.current = to;
    setReached(tasks[to]?.id);
    virtualizer.scrollToIndex(to);
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a table element cannot have rows that are placed by hand.
    <div
      role="grid"
      aria-label="Tasks"
      aria-rowcount={tasks.length + 1}
      aria-readonly="true"
      className="task-table"
      tabIndex={-1}
      onKeyDown={move}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as the grid. */}
      <div role="row" aria-rowindex={1} className="task-heads" tabIndex={-1}>
        {["Tool", "Status", "Message", "Age"].map((head) => (
          // biome-ignore lint/a11y/useSemanticElements: as the grid.
          <div role="columnheader" key={head} tabIndex={-1}>
            {head}
          </div>
        ))}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as the grid. */}
      <div role="rowgroup" className="task-scroller" ref={scroller}>
        <div role="presentation" className="task-rows" style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, key, start }) => {
            const shown = tasks[index];
            return shown ? (
              <TaskRow
                key={key}
                shown={shown}
                index={index}
                top={start}
                open={shown.id === open}
                reachable={index === reachedIndex}
                onOpen={onOpen}
              />
            ) : null;
          })}
        </div>
      </div>
    </div>
  );
}

function destination(key: string, from: number, page: number, count: number): number | undefined {
  const within = (index: number): number => Math.max(0, Math.min(count - 1, index));
  switch (key) {
    case "ArrowDown":
      return within(from + 1);
    case "ArrowUp":
      return within(from - 1);
    case "PageDown":
      return within(from + page);
    case "PageUp":
      return within(from - page);
    case "Home":
      return 0;
    case "End":
      return within(count - 1);
    default:
      return undefined;
  }
}
