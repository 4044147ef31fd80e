/**
 * Holdfast for Svelte: the hooks of `holdfast/react`, by the same names. Each returns a store: read it as `$tasks`.
 * @module
 */
import { getContext, setContext } from "svelte";
import {
  forgetTask,
  type Observable,
  type ObservedCall,
  type OpenQuestion,
  observeCall,
  observeInputRequests,
  observeTask,
  observeTaskIds,
  observeTaskListing,
  observeTasks,
  type TaskFilter,
  type TaskListing,
  taskHandle,
} from "../observe/index.ts";
import type { Task } from "../task.ts";
import type { TaskClientApi } from "../task-client-api.ts";
import type { TaskView } from "../task-view.ts";

export type {
  LatestCall,
  Observable,
  ObservedCall,
  OpenQuestion,
  TaskFilter,
  TaskListing,
} from "../observe/index.ts";

const CLIENT = Symbol("holdfast");

/**
 * Provides a client to this component and those below. The app resumes its tasks and closes it.
 * @example
 * setTaskClient(tasks);
 */
export function setTaskClient(client: TaskClientApi): void {
  setContext(CLIENT, client);
}

/**
 * Returns the nearest client. Throws an Error without one.
 * @example
 * const tasks = useTaskClient();
 */
export function useTaskClient(): TaskClientApi {
  const client = getContext<TaskClientApi | undefined>(CLIENT);
  if (client) return client;
  throw new Error("There is no client: call setTaskClient(client) in a component above");
}

/**
 * The views of all tasks, or of those that match, oldest first. The filter is fixed: for one that changes, filter `$tasks`.
 * @example
 * const papers = useTasks({ endpoint: "papers" }); // {#each $papers as task (task.id)}
 */
export function useTasks(filter?: TaskFilter): Observable<readonly TaskView[]> {
  return observeTasks(useTaskClient(), filter);
}

/**
 * The ids alone: for long lists, with `useTask(id)` in each row.
 * @example
 * const ids = useTaskIds(); // {#each $ids as id (id)}
 */
export function useTaskIds(filter?: TaskFilter): Observable<readonly string[]> {
  return observeTaskIds(useTaskClient(), filter);
}

/**
 * The view of one task: `undefined` while it loads, `null` if the client has no task of this id.
 * @example
 * const view = useTask(id); // {$view?.status}
 */
export function useTask(id: string): Observable<TaskView | null | undefined> {
  return observeTask(useTaskClient(), id);
}

/**
 * The open questions of servers, those of the oldest task first.
 * @example
 * const questions = useInputRequests(); // {#each $questions as { task, request, decline }}
 */
export function useInputRequests(): Observable<readonly OpenQuestion[]> {
  return observeInputRequests(useTaskClient());
}

/**
 * Whether the tasks of earlier pages are listed yet; `reload` lists them anew.
 * @example
 * const listing = useTaskListing(); // {$listing.status}
 */
export function useTaskListing(): Observable<TaskListing> & { reload(): void } {
  return observeTaskListing(useTaskClient());
}

/**
 * Calls one tool of one endpoint: `const paper = useCallTool(…)`, `paper.call(…)`, `$paper.pending`.
 * @example
 * const acquire = useCallTool("papers", "acquire_paper");
 * const submit = () => acquire.call({ doi }); // $acquire.pending
 */
export function useCallTool<Output = unknown>(endpoint: string, tool: string): ObservedCall<Output> {
  return observeCall<Output>(useTaskClient(), endpoint, tool);
}

/**
 * Returns a function that returns the handle of a shown task: for `cancel()`, `answer()` and `result()`.
 * @example
 * const handleOf = useTaskHandle();
 * const cancel = () => handleOf(id)?.cancel();
 */
export function useTaskHandle(): (id: string) => Task | undefined {
  const client = useTaskClient();
  return (id) => taskHandle(client, id);
}

/**
 * Returns a function that deletes a settled task, in all tabs.
 * @example
 * const forget = useForgetTask();
 * const remove = () => forget(id);
 */
export function useForgetTask(): (id: string) => Promise<void> {
  const client = useTaskClient();
  return (id) => forgetTask(client, id);
}
