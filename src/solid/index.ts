/**
 * Holdfast for Solid: the hooks of `holdfast/react`, by the same names. Each returns an accessor.
 * @module
 */
import {
  type Accessor,
  type Context,
  createComponent,
  createContext,
  createMemo,
  createSignal,
  type JSX,
  onCleanup,
  useContext,
} from "solid-js";
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

export type { OpenQuestion, TaskFilter, TaskListing } from "../observe/index.ts";

const ClientContext: Context<TaskClientApi | undefined> = createContext<TaskClientApi>();

export interface TaskClientProviderProps {
  /** The app makes it, resumes its tasks and closes it. */
  readonly client: TaskClientApi;
  readonly children?: JSX.Element;
}

/**
 * Provides a client to the components below.
 * @example
 * render(
 *   () => (
 *     <TaskClientProvider client={tasks}>
 *       <App />
 *     </TaskClientProvider>
 *   ),
 *   document.body,
 * );
 */
export function TaskClientProvider(props: TaskClientProviderProps): JSX.Element {
  return createComponent(ClientContext.Provider, {
    value: props.client,
    get children() {
      return props.children;
    },
  });
}

/**
 * Returns the nearest client. Throws an Error without one.
 * @example
 * const tasks = useTaskClient();
 */
export function useTaskClient(): TaskClientApi {
  const client = useContext(ClientContext);
  if (client) return client;
  throw new Error("There is no TaskClientProvider above this component");
}

/**
 * The views of all tasks, or of those that match, oldest first. What the filter and its `where` read of signals is followed.
 * @example
 * const papers = useTasks(() => ({ endpoint: "papers" }));
 */
export function useTasks(filter?: Accessor<TaskFilter | undefined>): Accessor<readonly TaskView[]> {
  const client = useTaskClient();
  return follow(() => observeTasks(client, filter?.()));
}

/**
 * The ids alone: for long lists, with `useTask(id)` in each row.
 * @example
 * const ids = useTaskIds();
 */
export function useTaskIds(filter?: Accessor<TaskFilter | undefined>): Accessor<readonly string[]> {
  const client = useTaskClient();
  return follow(() => observeTaskIds(client, filter?.()));
}

/**
 * The view of one task: `undefined` while it loads, `null` if the client has no task of this id.
 * @example
 * const view = useTask(() => props.id);
 */
export function useTask(id: Accessor<string>): Accessor<TaskView | null | undefined> {
  const client = useTaskClient();
  return follow(() => observeTask(client, id()));
}

/**
 * The open questions of servers, those of the oldest task first.
 * @example
 * const questions = useInputRequests();
 * const decline = () => questions()[0]?.decline();
 */
export function useInputRequests(): Accessor<readonly OpenQuestion[]> {
  const client = useTaskClient();
  return follow(() => observeInputRequests(client));
}

/**
 * Whether the tasks of earlier pages are listed yet; `retry` lists them anew.
 * @example
 * const { listing, retry } = useTaskListing();
 * if (listing().status === "failed") retry();
 */
export function useTaskListing(): { readonly listing: Accessor<TaskListing>; retry(): void } {
  const listing = observeTaskListing(useTaskClient());
  return { listing: follow(() => listing), retry: listing.reload };
}

/** A tool to call, and its latest call. */
export interface ToolCall<Output = unknown> extends Pick<ObservedCall<Output>, "call" | "reset"> {
  readonly task: Accessor<TaskView | undefined>;
  /** The call was made, and no task exists yet. */
  readonly pending: Accessor<boolean>;
  /** Why the latest call failed before a task existed. */
  readonly error: Accessor<unknown>;
}

/**
 * Calls one tool of one endpoint. The task continues when the component is disposed of.
 * @example
 * const { call, pending } = useCallTool("papers", "acquire_paper");
 * const acquire = () => call({ doi });
 */
export function useCallTool<Output = unknown>(endpoint: string, tool: string): ToolCall<Output> {
  const { call, reset, ...observed } = observeCall<Output>(useTaskClient(), endpoint, tool);
  const latest = follow(() => observed);
  return {
    call,
    reset,
    task: () => latest().task,
    pending: () => latest().pending,
    error: () => latest().error,
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

/** Follows what the function makes until the owner is disposed of. */
function follow<T>(make: () => Observable<T>): Accessor<T> {
  const signal = createMemo(() => {
    const observed = make();
    const [value, set] = createSignal<T>(observed.get());
    onCleanup(observed.subscribe((next) => set(() => next)));
    return value;
  });
  return () => signal()();
}
