import { useMemo, useSyncExternalStore } from "react";
import { LOADING, type TaskListing } from "../observe/client-tasks.ts";
import { useClientTasks } from "./provider.ts";

const loading = (): TaskListing => LOADING;

/**
 * Whether `useTasks` has all there is yet: `{ status: "loading" | "ready" }` or `{ status: "failed",
 * error }`, with `retry()`, which lists the tasks anew.
 * @example
 * const { status, retry } = useTaskListing();
 */
export function useTaskListing(): TaskListing & { retry(): void } {
  const tasks = useClientTasks();
  const listing = useSyncExternalStore(tasks.subscribe, tasks.listing, loading);
  return useMemo(() => ({ ...listing, retry: tasks.reload }), [listing, tasks]);
}
