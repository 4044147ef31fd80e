import type { Task } from "../task.ts";
import type { TaskClientApi } from "../task-client-api.ts";
import type { TaskView } from "../task-view.ts";
import { Listeners } from "./listeners.ts";
import { TaskShelf } from "./task-shelf.ts";

/** Whether the tasks that the client held before this page are there yet. */
export type TaskListing =
  | { readonly status: "loading" }
  | { readonly status: "ready" }
  /** The client could not list them, and `error` says why. Tasks that changed since are shown anyway. */
  | { readonly status: "failed"; readonly error: unknown };

export const LOADING: TaskListing = { status: "loading" };
const READY: TaskListing = { status: "ready" };

/** From the first listener to the last: one subscription to the client. */
interface Watch {
  readonly stop: () => void;
  /** Tasks that changed while the list was loading, so that the list may lack them. */
  readonly newer: Set<string>;
  /** Tasks deleted while the list is on its way, and so perhaps still on it. */
  readonly forgotten: Set<string>;
  /** Ids that were asked for. */
  readonly sought: Set<string>;
  /** The latest list that was asked for. What an earlier one returns later is out of date. */
  list: Promise<readonly Task[]> | undefined;
}

const ALL = Symbol("all tasks");

/**
 * The tasks of one client as an external store for React: what is read is immutable and the same
 * until it changes. While anybody listens it is subscribed to the client, once; it asks the client
 * for a list or for a task once, and subscribes to the rest.
 */
export class ClientTasks {
  readonly client: TaskClientApi;
  readonly #shelf: TaskShelf = new TaskShelf();
  readonly #listeners: Listeners<string | typeof ALL> = new Listeners();
  /** The client was asked for these, and has none. */
  readonly #absent: Set<string> = new Set();
  #listing: TaskListing = LOADING;
  #holds = 0;
  #watch: Watch | undefined;

  constructor(client: TaskClientApi) {
    this.client = client;
  }

  /** The views of all known tasks, the earliest first. */
  readonly all = (): readonly TaskView[] => this.#shelf.all;

  /** The handle of a known task. */
  readonly handle = (id: string): Task | undefined => this.#shelf.handle(id);

  readonly listing = (): TaskListing => this.#listing;

  /** `undefined` until it is known, `null` when the client holds none of this id. */
  one(id: string): TaskView | null | undefined {
    return this.#shelf.get(id) ?? (this.#absent.has(id) ? null : undefined);
  }

  /** Stays subscribed to the client until the function returned is called. */
  readonly hold = (): (() => void) => {
    this.#holds++;
    if (!this.#watch) this.#begin();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--this.#holds > 0) return;
      this.#watch?.stop();
      this.#watch = undefined;
    };
  };

  /** Calls back when any task or the listing changes. Sees to it that the client's tasks are listed. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const stop = this.#listen(ALL, listener);
    if (this.#watch && !this.#watch.list) void this.#list(this.#watch);
    return stop;
  };

  /** Calls back when this task changes. Sees to it that it is looked for. */
  subscribeTo(id: string, listener: () => void): () => void {
    const stop = this.#listen(id, listener);
    if (this.#watch && !this.#shelf.get(id)) void this.#seek(id, this.#watch);
    return stop;
  }

  /** Lists the client's tasks anew. */
  readonly reload = (): void => {
    if (this.#watch) void this.#list(this.#watch);
  };

  /** A task changed, or is new. */
  readonly apply = (task: Task): void => this.#take(task, true);

  /** Deletes a settled task. One that runs is left. */
  readonly forget = async (id: string): Promise<void> => {
    await this.client.forget(id);
    const view = this.#shelf.get(id);
    // A running task stays. Other kinds of client may not report what they delete.
    if (!view || view.outcome) this.#remove(id);
  };

  readonly #remove = (id: string): void => {
    this.#watch?.forgotten.add(id);
    this.#absent.add(id);
    if (!this.#shelf.remove(id)) return;
    this.#listeners.notify(id);
    this.#listeners.notify(ALL);
  };

  #listen(key: string | typeof ALL, listener: () => void): () => void {
    const remove = this.#listeners.add(key, listener);
    const release = this.hold();
    return () => {
      remove();
      release();
    };
  }

  #begin(): void {
    this.#watch = {
      stop: this.client.subscribe(this.apply, this.#remove),
      newer: new Set(),
      forgotten: new Set(),
      sought: new Set(),
      list: undefined,
    };
    this.#absent.clear();
    // What changed while nobody listened.
    const changed = this.#shelf.handles.filter((task) => this.#put(task, false));
    if (changed.length > 0) this.#listeners.notify(ALL);
  }

  async #list(watch: Watch): Promise<void> {
    const list = this.client.list();
    watch.list = list;
    const isLatest = (): boolean => watch === this.#watch && watch.list === list;
    watch.newer.clear();
    watch.forgotten.clear();
    if (this.#listing.status === "failed") this.#report(LOADING);
    try {
      const tasks = await list;
      if (isLatest()) this.#takeList(tasks, watch);
    } catch (error) {
      if (isLatest()) this.#report({ status: "failed", error });
    }
  }

  #takeList(all: readonly Task[], { newer, forgotten }: Watch): void {
    const tasks = all.filter(({ id }) => !forgotten.has(id));
    const listed = new Set(tasks.map(({ id }) => id));
    // A plain call is not listed, but a view may show it.
    const gone = this.#shelf.all.filter(
      ({ id }) => !listed.has(id) && !newer.has(id) && !this.#listeners.has(id),
    );
    for (const { id } of gone) this.#shelf.remove(id);
    for (const task of tasks) this.#put(task, false);
    this.#report(READY);
  }

  async #seek(id: string, watch: Watch): Promise<void> {
    if (watch.sought.has(id)) return;
    watch.sought.add(id);
    try {
      const task = await this.client.get(id);
      if (watch !== this.#watch) return;
      if (task && !watch.forgotten.has(id)) return this.#take(task, false);
      if (this.#shelf.get(id)) return;
      this.#absent.add(id);
      this.#listeners.notify(id);
    } catch {
      // It stays unknown until somebody else asks for it or it changes.
      watch.sought.delete(id);
    }
  }

  #take(task: Task, reported: boolean): void {
    this.#watch?.newer.add(task.id);
    // An id may be given anew.
    if (reported) this.#watch?.forgotten.delete(task.id);
    if (this.#put(task, reported)) this.#listeners.notify(ALL);
  }

  #put(task: Task, reported: boolean): boolean {
    if (!this.#shelf.put(task, reported)) return false;
    this.#listeners.notify(task.id);
    return true;
  }

  #report(listing: TaskListing): void {
    this.#listing = listing;
    this.#listeners.notify(ALL);
  }
}

const OF_CLIENTS: WeakMap<TaskClientApi, ClientTasks> = new WeakMap();

/** The one store of a client: all providers of it share its subscription. */
export function tasksOf(client: TaskClientApi): ClientTasks {
  const known = OF_CLIENTS.get(client);
  if (known) return known;
  const tasks = new ClientTasks(client);
  OF_CLIENTS.set(client, tasks);
  return tasks;
}
