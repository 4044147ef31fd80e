import { useServerTitle } from "../clients/workspace-context.ts";
import type { TaskGroup } from "./task-groups.ts";

export interface GroupRowProps {
  readonly group: TaskGroup;
  /** Its place in the whole table, from 0. */
  readonly index: number;
  readonly top: number;
  readonly isClosed: boolean;
  readonly reachable: boolean;
  readonly onToggle: (id: string) => void;
}

/** The head of a group of tasks: what they have in common, and how they stand. Enter closes and opens the group. */
export function GroupRow({ group, index, top, isClosed, reachable, onToggle }: GroupRowProps) {
  const { id, name, tasks, running, asking, failed } = group;
  const server = useServerTitle(name);
  const title = id.startsWith("server ") ? server : name === "" ? "No conversation" : name;
  const counts = [
    tasks.length === 1 ? "1 task" : `${tasks.length} tasks`,
    running > 0 ? `${running} running` : "",
    asking > 0 ? `${asking} asking` : "",
    failed > 0 ? `${failed} not completed` : "",
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows that are placed by hand are no table's to the browser.
    <div
      role="row"
      className="task-row group-row"
      aria-rowindex={index + 2}
      tabIndex={reachable ? 0 : -1}
      data-index={index}
      data-group={name}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onToggle(id)}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget || (event.key !== "Enter" && event.key !== " ")) return;
        event.preventDefault();
        onToggle(id);
      }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as the row. */}
      <div role="gridcell" className="cell-group" tabIndex={-1}>
        <button type="button" className="group-toggle" tabIndex={-1} aria-expanded={!isClosed}>
          <span aria-hidden="true">{isClosed ? "▸" : "▾"}</span> <bdi>{title}</bdi>
        </button>
        <span className="quiet">{counts.filter(Boolean).join(" · ")}</span>
      </div>
    </div>
  );
}
