import type { TaskView } from "holdfast";
import { useMemo } from "react";
import { useServers } from "../clients/workspace-context.ts";
import { Button } from "../controls/button.tsx";
import { Select } from "../controls/choice.tsx";
import { AGES, ALL, SORTS, type Sort, type Wanted } from "./task-filter.ts";
import { GROUPINGS, type Grouping } from "./task-groups.ts";

const AGE_WORDS: Readonly<Record<keyof typeof AGES, string>> = {
  "1h": "The last hour",
  "24h": "The last 24 hours",
  "7d": "The last 7 days",
};

const SORT_WORDS: Readonly<Record<Sort, string>> = {
  newest: "Newest first",
  oldest: "Oldest first",
  longest: "Longest first",
  tool: "By tool",
  status: "By status",
};

const GROUPING_WORDS: Readonly<Record<Grouping, string>> = {
  none: "Not grouped",
  server: "Grouped by server",
  tool: "Grouped by tool",
  conversation: "Grouped by conversation",
};

export interface MoreFiltersProps {
  readonly wanted: Wanted;
  /** All tasks: their servers and tools can be chosen. */
  readonly tasks: readonly TaskView[];
  readonly id: string;
  readonly want: (part: Partial<Wanted>) => void;
  readonly filtered: boolean;
}

/** The filters that a person opens, and the order. */
export function MoreFilters({ id, wanted, tasks, want, filtered }: MoreFiltersProps) {
  const servers = useServers();
  const { endpoints, tools } = useMemo(() => {
    const { server } = wanted;
    return {
      endpoints: [...new Set(tasks.map(({ endpoint }) => endpoint))].sort(),
      tools: [
        ...new Set(
          tasks.filter(({ endpoint }) => server === "" || endpoint === server).map(({ tool }) => tool),
        ),
      ].sort(),
    };
  }, [tasks, wanted]);
  const any = (word: string, values: readonly string[], chosen: string, label = (value: string) => value) => [
    { value: "", label: word },
    // What the address names stays chosen, though no task has it.
    ...[...new Set([...values, ...(chosen === "" ? [] : [chosen])])].map((value) => ({
      value,
      label: label(value),
    })),
  ];
  return (
    <div className="more-filters" id={id}>
      <Select
        small
        aria-label="Server"
        value={wanted.server}
        data={any(
          "Any server",
          endpoints,
          wanted.server,
          (name) => servers.find((each) => each.name === name)?.title ?? name,
        )}
        onChange={(event) => want({ server: event.currentTarget.value })}
      />
      <Select
        small
        aria-label="Tool"
        value={wanted.tool}
        data={any("Any tool", tools, wanted.tool)}
        onChange={(event) => want({ tool: event.currentTarget.value })}
      />
      <Select
        small
        aria-label="Called within"
        value={wanted.age}
        data={any("Any time", Object.keys(AGES), wanted.age, (age) => AGE_WORDS[age as keyof typeof AGES])}
        onChange={(event) => want({ age: event.currentTarget.value as Wanted["age"] })}
      />
      <Select
        small
        aria-label="Order"
        value={wanted.sort}
        data={SORTS.map((value) => ({ value, label: SORT_WORDS[value] }))}
        onChange={(event) => want({ sort: event.currentTarget.value as Sort })}
      />
      <Select
        small
        aria-label="Groups"
        value={wanted.group}
        data={GROUPINGS.map((value) => ({ value, label: GROUPING_WORDS[value] }))}
        onChange={(event) => want({ group: event.currentTarget.value as Grouping })}
      />
      <Button
        size="small"
        variant="subtle"
        disabled={!filtered}
        onClick={() => want({ ...ALL, sort: wanted.sort, group: wanted.group })}
      >
        Clear filters
      </Button>
    </div>
  );
}
