/**
 * The tasks of a client as values that change, without a framework. What `holdfast/react`, `holdfast/vue`, `holdfast/svelte` and
 * `holdfast/solid` are made of.
 * @module
 */
import type { Task } from "../task.ts";
import type { TaskClientApi } from "../task-client-api.ts";
import type { TaskView } from "../task-view.ts";
import { type TaskListing, tasksOf } from "./client-tasks.ts";
import { type Observable, observable } from "./observable.ts";
import { type OpenQuestion, questionsOf } from "./open-question.ts";
import { type Selection, selection } from "./selection.ts";
import { chosen, type TaskFilter } from "./task-filter.ts";

export type { TaskListing } from "./client-tasks.ts";
export type { Observable } from "./observable.ts";
export type { OpenQuestion } from "./open-question.ts";
export type { TaskFilter } from "./task-filter.ts";
export { type LatestCall, type ObservedCall, observeCall } from "./tool-call.ts";

/**
 * The views of all tasks, or of those that match, oldest first.
 * @example
 * const running = observeTasks(tasks, { where: ({ outcome }) => !outcome });
 * const stop = running.subscribe((views) => render(views));
 */
export function observeTasks(client: TaskClientApi, filter?: TaskFilter): Observable<readonly TaskView[]> {
  return selected(client, (tasks) => chosen(tasks, filter));
}

/**
 * The ids alone: changes only when a task is added or removed. For long lists.
 * @example
 * observeTaskIds(tasks).subscribe((ids) => console.log(ids.length));
 */
export function observeTaskIds(client: TaskClientApi, filter?: TaskFilter): Observable<readonly string[]> {
  return selected(client, (tasks) => chosen(tasks, filter).map(({ id }) => id));
}

/**
 * The view of one task: `undefined` while it loads, `null` if the client has no task of this id.
 * @example
 * observeTask(tasks, id).subscribe((view) => console.log(view?.status));
 */
export function observeTask(client: TaskClientApi, id: string): Observable<TaskView | null | undefined> {
  const tasks = tasksOf(client);
  return observable(
    () => tasks.one(id),
    (changed) => tasks.subscribeTo(id, changed),
  );
}

/**
 * The open questions of servers, those of the oldest task first.
 * @example
 * observeInputRequests(tasks).subscribe((questions) => console.log(`${questions.length} open questions`));
 */
export function observeInputRequests(client: TaskClientApi): Observable<readonly OpenQuestion[]> {
  const { handle } = tasksOf(client);
  return selected<OpenQuestion>(client, (views, before) => questionsOf(views, before, handle));
}

/**
 * Whether the tasks that the client had before this page are listed yet. `reload` lists them anew.
 * @example
 * observeTaskListing(tasks).subscribe(({ status }) => console.log(status));
 */
export function observeTaskListing(client: TaskClientApi): Observable<TaskListing> & { reload(): void } {
  const tasks = tasksOf(client);
  return Object.assign(observable(tasks.listing, tasks.subscribe), { reload: tasks.reload });
}

/**
 * Returns the handle of an observed task: for `cancel()`, `answer()` and `result()`.
 * @example
 * await taskHandle(tasks, id)?.cancel();
 */
export function taskHandle(client: TaskClientApi, id: string): Task | undefined {
  return tasksOf(client).handle(id);
}

/**
 * Deletes a settled task, also from what is observed, in all tabs. A running task stays.
 * @example
 * await forgetTask(tasks, id);
 */
export function forgetTask(client: TaskClientApi, id: string): Promise<void> {
  return tasksOf(client).forget(id);
}

function selected<T>(client: TaskClientApi, select: Selection<T>): Observable<readonly T[]> {
  const tasks = tasksOf(client);
  let from: readonly TaskView[] | undefined;
  let list: readonly T[] = [];
  return observable(() => {
    const all = tasks.all();
    if (from !== all) {
      from = all;
      list = selection(select, all, list);
    }
    return list;
  }, tasks.subscribe);
}
