import { useClientTasks } from "./provider.ts";

/**
 * A function that deletes a settled task by its id, and takes it out of what the hooks show, in other
 * tabs too. One that runs is left: cancel it first.
 * @example
 * const forget = useForgetTask();
 * const button = <button type="button" onClick={() => void forget(id)}>Remove</button>;
 */
export function useForgetTask(): (id: string) => Promise<void> {
  return useClientTasks().forget;
}
