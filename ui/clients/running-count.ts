import { useTaskIds } from "./hooks.ts";

const RUNNING = { where: ({ outcome }: { readonly outcome?: unknown }) => outcome === undefined };

/** How many tasks run. The component renders again when a task begins or ends, and not for each step of one. */
export function useRunningCount(): number {
  return useTaskIds(RUNNING).length;
}
