import type { TaskView } from "holdfast";
import { useState } from "react";
import { explain } from "../app/advice.ts";
import { saveFile } from "../app/save-file.ts";
import { useForgetTask, useTaskHandle } from "../clients/hooks.ts";
import { useWorkspace } from "../clients/workspace-context.ts";
import { Button } from "../controls/button.tsx";
import { useHistory } from "../history/history-context.ts";
import { exportedTasks, exportText } from "./export-tasks.ts";
import { removeTasks } from "./removal.ts";

export interface SelectionBarProps {
  readonly selected: readonly TaskView[];
  readonly clear: () => void;
}

/** What can be done with several tasks at once. */
export function SelectionBar({ selected, clear }: SelectionBarProps) {
  const { client } = useWorkspace();
  const handleOf = useTaskHandle();
  const forget = useForgetTask();
  const history = useHistory();
  const [problem, setProblem] = useState<string>();
  const running = selected.filter(({ outcome, cancelling }) => !outcome && !cancelling);
  const ended = selected.filter(({ outcome }) => outcome);
  const attempt = (work: Promise<unknown>): void => {
    setProblem(undefined);
    work.catch((error: unknown) => setProblem(explain(error)));
  };
  const remove = (): void => {
    const words = ended.length === 1 ? "1 task is removed." : `${ended.length} tasks are removed.`;
    removeTasks(
      ended.map(({ id }) => id),
      words,
      async (id) => {
        await forget(id);
        await history.forget(id);
      },
    );
    clear();
  };
  const save = async (): Promise<void> => {
    const text = exportText({ tasks: await exportedTasks(client, selected) });
    saveFile(
      new Blob([text], { type: "application/json" }),
      `tasks-${new Date().toISOString().slice(0, 10)}.json`,
    );
  };
  return (
    <div className="selection-bar" role="toolbar" aria-label="Selected tasks">
      <span role="status">{selected.length} selected</span>
      <Button size="small" variant="subtle" className="selection-clear" onClick={clear}>
        Clear
      </Button>
      <Button
        size="small"
        variant="default"
        disabled={running.length === 0}
        onClick={() => attempt(Promise.all(running.map(({ id }) => handleOf(id)?.cancel())))}
      >
        Cancel{running.length > 0 && ` ${running.length}`}
      </Button>
      <Button size="small" variant="default" disabled={ended.length === 0} onClick={remove}>
        Remove{ended.length > 0 && ` ${ended.length}`}
      </Button>
      <Button size="small" variant="default" onClick={() => attempt(save())}>
        Export JSON
      </Button>
      {problem !== undefined && <span role="alert">{problem}</span>}
    </div>
  );
}
