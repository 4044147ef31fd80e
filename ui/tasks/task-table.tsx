import type { TaskView } from "holdfast";
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from "react";
import { goTo } from "../app/route.ts";
import { useRowsInSight } from "./rows-in-sight.ts";
import { TaskRow } from "./task-row.tsx";

/** As in table.css: a row has room for its text also where a person has larger text than usual. */
const ROW_HEIGHT = 3.75 * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

const HEADS = [
  ["tool", "Tool"],
  ["status", "Status"],
  ["message", "Arguments and message"],
  ["times", "Age"],
] as const;

export interface TaskTableProps {
  readonly tasks: readonly TaskView[];
  /** The task that is shown beside the table. */
  readonly open: string | undefined;
  /** The ids of those that are selected; absent where none can be. */
  readonly chosen?: ReadonlySet<string>;
  readonly onChoose?: (chosen: ReadonlySet<string>) => void;
}

/** All tasks that are wanted; only the rows in sight are there. Arrows, Page, Home and End move, Enter opens, x selects. */
export function TaskTable({ tasks, open, chosen, onChoose }: TaskTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [reached, setReached] = useState<string | undefined>(open);
  const wished = useRef<number | undefined>(undefined);
  const { from, to, scrollTo } = useRowsInSight(scroller, tasks.length, ROW_HEIGHT);
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
  // Rows are drawn anew only when something of theirs changes: what they call stays the same.
  const now = useRef({ tasks, chosen, onChoose, last: undefined as string | undefined });
  Object.assign(now.current, { tasks, chosen, onChoose });
  const choose = useCallback((id: string, upTo: boolean) => {
    const { tasks: listed, chosen: before, onChoose: change, last } = now.current;
    if (!before || !change) return;
    const next = new Set(before);
    const [from, to] = [last ?? id, id].map((each) => listed.findIndex((task) => task.id === each));
    const range =
      upTo && from !== undefined && to !== undefined && from >= 0
        ? listed.slice(Math.min(from, to), Math.max(from, to) + 1)
        : [];
    if (range.length > 0) for (const task of range) next.add(task.id);
    else if (!next.delete(id)) next.add(id);
    now.current.last = id;
    change(next);
  }, []);
  const allChosen = chosen !== undefined && tasks.every(({ id }) => chosen.has(id));
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
    const { task } = event.target.dataset;
    if (task !== undefined && event.key === "x") return choose(task, false);
    if (event.key === "a" && (event.ctrlKey || event.metaKey) && onChoose) {
      event.preventDefault();
      return onChoose(new Set(tasks.map(({ id }) => id)));
    }
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 1);
    const next = destination(event.key, reachedIndex, page, tasks.length);
    if (next === undefined) return;
    event.preventDefault();
    wished.current = next;
    setReached(tasks[next]?.id);
    scrollTo(next);
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a table element cannot have rows that are placed by hand.
    <div
      role="grid"
      aria-label="Tasks"
      aria-rowcount={tasks.length + 1}
      aria-readonly="true"
      className="task-table"
      data-selectable={chosen !== undefined}
      aria-multiselectable={chosen !== undefined}
      tabIndex={-1}
      onKeyDown={move}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as the grid. */}
      <div role="row" aria-rowindex={1} className="task-heads" tabIndex={-1}>
        {chosen && (
          // biome-ignore lint/a11y/useSemanticElements: as the grid.
          <div role="columnheader" className="cell-choice" tabIndex={-1}>
            <input
              type="checkbox"
              aria-label="Select all tasks of the list"
              checked={allChosen}
              onChange={() => onChoose?.(new Set(allChosen ? [] : tasks.map(({ id }) => id)))}
            />
          </div>
        )}
        {HEADS.map(([cell, head]) => (
          // biome-ignore lint/a11y/useSemanticElements: as the grid.
          <div role="columnheader" key={cell} className={`cell-${cell}`} tabIndex={-1}>
            {head}
          </div>
        ))}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as the grid. */}
      <div role="rowgroup" className="task-scroller" ref={scroller}>
        <div role="presentation" className="task-rows" style={{ height: tasks.length * ROW_HEIGHT }}>
          {tasks.slice(from, to).map((shown, offset) => (
            <TaskRow
              key={shown.id}
              shown={shown}
              index={from + offset}
              top={(from + offset) * ROW_HEIGHT}
              open={shown.id === open}
              reachable={from + offset === reachedIndex}
              chosen={chosen?.has(shown.id)}
              onChoose={choose}
              onOpen={onOpen}
            />
          ))}
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
