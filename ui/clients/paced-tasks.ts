import type { TaskView } from "holdfast";
import { observeTasks } from "holdfast/observe";
import { useMemo, useSyncExternalStore } from "react";
import { paced } from "./paced.ts";
import { useWorkspace } from "./workspace-context.ts";

/** Nobody reads a list that moves more often, and drawing it takes a phone 10 ms or more. */
const PACE_MS = 100;

/** All tasks, for lists of them: changes of many tasks show together, ten times a second at most. */
export function usePacedTasks(): readonly TaskView[] {
  const { client } = useWorkspace();
  const tasks = useMemo(() => paced(observeTasks(client), PACE_MS), [client]);
  return useSyncExternalStore(tasks.subscribe, tasks.get);
}
