import { useClientTasks } from "./provider.ts";

/**
 * A function that deletes a settled task by its id, and takes it out of what the hooks show. One that
 * runs is left: cancel it first. The client tells nobody of its own `forget`.
 */
export function useForgetTask(): (id: string) => Promise<void> {
  return useClientTasks().forget;
}
