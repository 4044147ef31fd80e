/**
 * Holdfast's composables for Vue: the hooks of `holdfast/react`, by the same names.
 * @module
 */
import {
  type ComputedRef,
  computed,
  type InjectionKey,
  inject,
  type MaybeRefOrGetter,
  markRaw,
  type Plugin,
  provide,
  type ShallowRef,
  shallowRef,
  toValue,
  watchEffect,
} from "vue";
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
import { Task } from "../task.ts";
import type { TaskClientApi } from "../task-client-api.ts";
import type { TaskView } from "../task-view.ts";

export type { OpenQuestion, TaskFilter, TaskListing } from "../observe/index.ts";

/** A ref that follows a value. Only a composable writes it. */
export type Followed<T> = Readonly<ShallowRef<T>>;

const CLIENT: InjectionKey<TaskClientApi> = Symbol("holdfast");

/**
 * Provides a client to the whole app: `createApp(App).use(taskClient(tasks))`. The app resumes its tasks and closes it.
 * @example
 * createApp(App).use(taskClient(tasks)).mount("#app");
 */
export function taskClient(client: TaskClientApi): Plugin {
  return { install: (app) => void app.provide(CLIENT, raw(client)) };
}

/**
 * Provides a client to the components below this one.
 * @example
 * provideTaskClient(tasks);
 */
export function provideTaskClient(client: TaskClientApi): void {
  provide(CLIENT, raw(client));
}

/** A proxy of an object has no private fields: Vue makes none of a client, nor of any task. */
function raw(client: TaskClientApi): TaskClientApi {
  markRaw(Task.prototype);
  return markRaw(client);
}

/**
 * Returns the nearest provided client. Throws an Error without one.
 * @example
 * const tasks = useTaskClient();
 */
export function useTaskClient(): TaskClientApi {
  const client = inject(CLIENT, undefined);
  if (client) return client;
  throw new Error(
    "There is no client: app.use(taskClient(client)), or provideTaskClient(client) in a component above",
  );
}

/**
 * The views of all tasks, or of those that match, oldest first. What `where` reads of refs is followed.
 * @example
 * const running = useTasks({ endpoint: "papers", where: ({ outcome }) => !outcome });
 */
export function useTasks(filter?: MaybeRefOrGetter<TaskFilter | undefined>): Followed<readonly TaskView[]> {
  const client = useTaskClient();
  return follow(() => observeTasks(client, toValue(filter)));
}

/**
 * The ids alone: for long lists, with `useTask(id)` in each row.
 * @example
 * const ids = useTaskIds({ endpoint: "papers" });
 */
export function useTaskIds(filter?: MaybeRefOrGetter<TaskFilter | undefined>): Followed<readonly string[]> {
  const client = useTaskClient();
  return follow(() => observeTaskIds(client, toValue(filter)));
}

/**
 * The view of one task: `undefined` while it loads, `null` if the client has no task of this id.
 * @example
 * const props = defineProps<{ id: string }>();
 * const view = useTask(() => props.id);
 */
export function useTask(id: MaybeRefOrGetter<string>): Followed<TaskView | null | undefined> {
  const client = useTaskClient();
  return follow(() => observeTask(client, toValue(id)));
}

/**
 * The open questions of servers, those of the oldest task first.
 * @example
 * const questions = useInputRequests();
 * const decline = () => questions.value[0]?.decline();
 */
export function useInputRequests(): Followed<readonly OpenQuestion[]> {
  const client = useTaskClient();
  return follow(() => observeInputRequests(client));
}

/**
 * Whether the tasks of earlier pages are listed yet; `retry` lists them anew.
 * @example
 * const { listing, retry } = useTaskListing();
 * if (listing.value.status === "failed") retry();
 */
export function useTaskListing(): { readonly listing: Followed<TaskListing>; retry(): void } {
  const listing = observeTaskListing(useTaskClient());
  return { listing: follow(() => listing), retry: listing.reload };
}

/** A tool to call, and its latest call. */
export interface ToolCall<Output = unknown> extends Pick<ObservedCall<Output>, "call" | "reset"> {
  readonly task: ComputedRef<TaskView | undefined>;
  /** The call was made, and no task exists yet. */
  readonly pending: ComputedRef<boolean>;
  /** Why the latest call failed before a task existed. */
  readonly error: ComputedRef<unknown>;
}

/**
 * Calls one tool of one endpoint. The task continues when the component is unmounted.
 * @example
 * const { call, pending } = useCallTool("papers", "acquire_paper");
 * const acquire = () => call({ doi });
 */
export function useCallTool<Output = unknown>(endpoint: string, tool: string): ToolCall<Output> {
  const observed = observeCall<Output>(useTaskClient(), endpoint, tool);
  const latest = follow(() => observed);
  return {
    call: observed.call,
    reset: observed.reset,
    task: computed(() => latest.value.task),
    pending: computed(() => latest.value.pending),
    error: computed(() => latest.value.error),
  };
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

/** Follows what the getter makes until the component is unmounted. On a server it is read once, and not followed. */
function follow<T>(make: () => Observable<T>): Followed<T> {
  const followed = shallowRef(make().get()) as ShallowRef<T>;
  watchEffect((onCleanup) => {
    onCleanup(
      make().subscribe((value) => {
        followed.value = value;
      }),
    );
  });
  return followed;
}
