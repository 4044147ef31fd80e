import type { TaskView } from "holdfast";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { goTo } from "../app/route.ts";
import { GroupRow } from "./group-row.tsx";
import { useRowsInSight } from "./rows-in-sight.ts";
import type { TaskGroup } from "./task-groups.ts";
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
  /** The same tasks in groups, where they are to be shown so. */
  readonly groups?: readonly TaskGroup[] | undefined;
  /** The task that is shown beside the table. */
  readonly open: string | undefined;
  /** The ids of those that are selected; absent where none can be. */
  readonly chosen?: ReadonlySet<string>;
  readonly onChoose?: (chosen: ReadonlySet<string>) => void;
}

/** All tasks that are wanted; only the rows in sight are there. Arrows, Page, Home and End move, Enter opens, x selects. */
export function TaskTable({ tasks: flat, groups, open, chosen, onChoose }: TaskTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [reached, setReached] = useState<string | undefined>(open);
  const wished = useRef<number | undefined>(undefined);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const tasks = useMemo(() => groups?.flatMap((group) => group.tasks) ?? flat, [flat, groups]);
  const rows: readonly (TaskView | TaskGroup)[] = useMemo(
    () => groups?.flatMap((group) => (closed.has(group.id) ? [group] : [group, ...group.tasks])) ?? flat,
    [flat, groups, closed],
  );
  const { from, to, scrollTo } = useRowsInSight(scroller, rows.length, ROW_HEIGHT);
  const found = useRef(0);
  // It is mostly where it was: thousands of rows are not looked through each time one of them changes.
  if (rows[found.current]?.id !== reached)
    found.current =
      reached === undefined
        ? 0
        : Math.max(
            0,
            rows.findIndex(({ id }) => id === reached),
          );
  const reachedIndex = found.current;
  const toggle = useCallback((id: string) => {
    setReached(id);
    setClosed((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
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
  const allChosen = useMemo(
    () => chosen !== undefined && chosen.size >= tasks.length && tasks.every(({ id }) => chosen.has(id)),
    [tasks, chosen],
  );
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
    const next = destination(event.key, reachedIndex, page, rows.length);
    if (next === undefined) return;
    event.preventDefault();
    wished.current = next;
    setReached(rows[next]?.id);
    scrollTo(next);
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a table element cannot have rows that are placed by hand.
    <div
      role="grid"
      aria-label="Tasks"
      aria-rowcount={rows.length + 1}
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
        <div role="presentation" className="task-rows" style={{ height: rows.length * ROW_HEIGHT }}>
          {rows.slice(from, to).map((row, offset) => {
            const place = {
              index: from + offset,
              top: (from + offset) * ROW_HEIGHT,
              reachable: from + offset === reachedIndex,
            };
            return "tasks" in row ? (
              <GroupRow key={row.id} {...place} group={row} isClosed={closed.has(row.id)} onToggle={toggle} />
            ) : (
              <TaskRow
                key={row.id}
                {...place}
                shown={row}
                open={row.id === open}
                chosen={chosen?.has(row.id)}
                onChoose={choose}
                onOpen={onOpen}
              />
            );
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
