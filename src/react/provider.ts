import {
  type Context,
  createContext,
  createElement,
  type FunctionComponentElement,
  type ProviderProps,
  type ReactNode,
  useContext,
  useEffect,
} from "react";
import { type ClientTasks, tasksOf } from "../observe/client-tasks.ts";
import type { TaskClientApi } from "../task-client-api.ts";

const TasksContext: Context<ClientTasks | undefined> = createContext<ClientTasks | undefined>(undefined);

export interface TaskClientProviderProps {
  /** A `TaskClient` or a `RemoteTaskClient`. The app makes it, resumes its tasks and closes it. */
  readonly client: TaskClientApi;
  readonly children?: ReactNode;
}

/**
 * Gives the hooks below it their client. Subscribed to it, once, as long as it is mounted.
 * @example
 * createRoot(element).render(
 *   <TaskClientProvider client={tasks}>
 *     <App />
 *   </TaskClientProvider>,
 * );
 */
export function TaskClientProvider({
  client,
  children,
}: TaskClientProviderProps): FunctionComponentElement<ProviderProps<ClientTasks | undefined>> {
  const tasks = tasksOf(client);
  useEffect(() => tasks.hold(), [tasks]);
  return createElement(TasksContext.Provider, { value: tasks }, children);
}

/**
 * Returns the client of the nearest `TaskClientProvider`. Throws an Error without one.
 * @example
 * const tasks = useTaskClient();
 */
export function useTaskClient(): TaskClientApi {
  return useClientTasks().client;
}

export function useClientTasks(): ClientTasks {
  const tasks = useContext(TasksContext);
  if (!tasks) throw new Error("There is no TaskClientProvider above this component");
  return tasks;
}
