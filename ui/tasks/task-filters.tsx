import type { TaskView } from "holdfast";
import { Suspense, useId, useState } from "react";
import { later } from "../app/later.ts";
import { setQuery } from "../app/route.ts";
import { Button } from "../controls/button.tsx";
import { Select } from "../controls/choice.tsx";
import { TextField } from "../controls/text-field.tsx";
import { ALL, KINDS, type Kind, type Wanted, writeWanted } from "./task-filter.ts";

const MoreFilters = later(() => import("./more-filters.tsx").then((module) => module.MoreFilters));

const KIND_WORDS: Readonly<Record<Kind, string>> = {
  all: "All tasks",
  running: "Running",
  asking: "Asking",
  done: "Completed",
  failed: "Not completed",
};

export interface TaskFiltersProps {
  readonly wanted: Wanted;
  /** All tasks: their servers and tools can be chosen. */
  readonly tasks: readonly TaskView[];
  readonly found: number;
}

/** Which tasks are listed, and in which order. It is in the address: a link leads to the same list. */
export function TaskFilters({ wanted, tasks, found }: TaskFiltersProps) {
  const id = useId();
  const more = (["server", "tool", "age"] as const).filter((name) => wanted[name] !== "").length;
  const isArranged = wanted.sort !== ALL.sort || wanted.group !== ALL.group;
  const [isOpen, setOpen] = useState(more > 0 || isArranged);
  const want = (part: Partial<Wanted>): void => setQuery(writeWanted({ ...wanted, ...part }));
  const filtered = writeWanted({ ...wanted, sort: ALL.sort, group: ALL.group }) !== "";
  return (
    <search className="task-filters">
      <div className="toolbar">
        <TextField
          aria-label="Search tasks"
          placeholder="Search tasks"
          type="search"
          value={wanted.text}
          onChange={(event) => want({ text: event.currentTarget.value })}
        />
        <Select
          aria-label="Which tasks"
          value={wanted.kind}
          data={KINDS.map((value) => ({ value, label: KIND_WORDS[value] }))}
          onChange={(event) => want({ kind: event.currentTarget.value as Kind })}
        />
        <Button
          size="small"
          variant="default"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => setOpen(!isOpen)}
        >
          Filters{more > 0 && ` (${more})`}
        </Button>
        <span className="quiet" role="status" title={`${found} of ${tasks.length} tasks`}>
          {found === tasks.length ? `${tasks.length}` : `${found} of ${tasks.length}`}
          <span className="unseen"> tasks</span>
        </span>
      </div>
      {isOpen && (
        <Suspense fallback={<div className="more-filters" id={id} />}>
          <MoreFilters id={id} wanted={wanted} tasks={tasks} want={want} filtered={filtered} />
        </Suspense>
      )}
    </search>
  );
}
