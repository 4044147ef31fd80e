import type { JsonObject, Task, TaskClientApi, TaskView } from "holdfast";
import { createStore, del, entries, get, promisifyRequest, type UseStore } from "idb-keyval";
import { type Moment, merged } from "./moment.ts";
import { answeredSince, seenNow } from "./seen.ts";

/** What is kept of a task beside its record. */
export interface Story {
  readonly moments: readonly Moment[];
  /** When its server was asked how it stands, as far as that was seen: the latest of them. */
  readonly polls?: readonly number[];
  /** The tool as it was when it was called: what its result is checked against. */
  readonly tool?: JsonObject;
}

const EMPTY: Story = { moments: [] };
/** A task that chatters keeps how it began and what it said last. */
const KEPT_FIRST = 20;
const KEPT_LAST = 480;
const KEPT_POLLS = 300;
/** How often it looks whether tasks were polled, in ms. */
const LOOK_MS = 500;
/** What is seen so soon after it has written is written together, in ms: what a page that is killed may lose of a story. */
const GATHERED_MS = 200;
/** Longer than the library keeps settled tasks. */
const FORGOTTEN_AFTER_MS = 8 * 24 * 3_600_000;

/**
 * What this origin's pages have seen of each task: the library keeps how a task stands, and this how it
 * came there. It is a convenience: where it cannot be stored, it is this page's memory only.
 */
export class TaskHistory {
  readonly #stories = new Map<string, Story>();
  readonly #listeners = new Map<string, Set<() => void>>();
  /** The unfinished tasks, and when each was last seen to be polled next. */
  readonly #waiting = new Map<string, { readonly task: Task; readonly nextPollAt: number | undefined }>();
  /** Whose story is to be written. */
  readonly #unwritten = new Set<string>();
  #isWriting = false;
  #store: UseStore | undefined;

  /**
   * Notes what happens to the client's tasks from now on.
   * @param list All tasks that the client has now.
   * @param arrival What it was for the tasks that this context came: by default that it took them up.
   */
  async follow(
    client: Pick<TaskClientApi, "subscribe">,
    list: () => Promise<readonly TaskView[]>,
    arrival: Moment | "no matter" = arrivalOf(Date.now()),
  ): Promise<void> {
    client.subscribe((task) => this.#see(task));
    // A poll that brings nothing new is no event.
    setInterval(() => {
      for (const { task } of [...this.#waiting.values()]) this.#seePoll(task);
    }, LOOK_MS);
    const views = await list().catch(() => []);
    const come = arrival === "no matter" ? [] : [arrival];
    for (const view of views) {
      if (view.outcome) continue;
      this.#add(view.id, [...seenNow(view, Date.now()), ...come], undefined);
    }
    void this.#forgetOld(new Set(views.map(({ id }) => id)));
  }

  /** The same object until it changes. */
  read(id: string): Story {
    return this.#stories.get(id) ?? EMPTY;
  }

  subscribe(id: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    void this.#load(id);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(id);
    };
  }

  /** The definition of the tool a task was called with. */
  keepTool(id: string, tool: JsonObject): void {
    this.#add(id, [], tool);
  }

  async forget(id: string): Promise<void> {
    this.#stories.delete(id);
    this.#waiting.delete(id);
    this.#unwritten.delete(id);
    await del(id, this.#opened()).catch(() => undefined);
  }

  #see(task: Task): void {
    this.#seePoll(task);
    const { id, view } = task;
    const now = Date.now();
    const answered = answeredSince(this.read(id).moments, view, now);
    this.#add(id, [...seenNow(view, now), ...answered], undefined);
  }

  /** While a poll is in flight there is no next one; after it, the next one is another. */
  #seePoll(task: Task): void {
    const { id, nextPollAt, view } = task;
    const due = this.#waiting.get(id)?.nextPollAt;
    if (view.outcome) this.#waiting.delete(id);
    else this.#waiting.set(id, { task, nextPollAt });
    // Before it was due, the next poll only became sooner or later.
    if (due === undefined || due === nextPollAt || due > Date.now()) return;
    const story = this.read(id);
    this.#publish(id, { ...story, polls: [...(story.polls ?? []), due].slice(-KEPT_POLLS) });
  }

  #add(id: string, moments: readonly Moment[], tool: JsonObject | undefined): void {
    const before = this.read(id);
    const known = new Set(before.moments.map(({ key }) => key));
    const fresh = moments.filter(({ key }) => !known.has(key));
    if (fresh.length === 0 && !tool) return;
    this.#publish(id, joined(before, { moments: fresh, ...(tool && { tool }) }));
    void this.#write(id);
  }

  async #write(id: string): Promise<void> {
    this.#unwritten.add(id);
    if (this.#isWriting) return;
    this.#isWriting = true;
    while (this.#unwritten.size > 0) {
      const ids = [...this.#unwritten];
      this.#unwritten.clear();
      // The library reports by itself that storage does not work.
      await this.#opened()("readwrite", (store) => this.#writeAll(ids, store)).catch(() => undefined);
      // Where fifty tasks change a second, a transaction for each is half of the page's work.
      await new Promise((resolve) => setTimeout(resolve, GATHERED_MS));
    }
    this.#isWriting = false;
  }

  #writeAll(ids: readonly string[], store: IDBObjectStore): Promise<void> {
    for (const id of ids) {
      const stored: IDBRequest<Story | undefined> = store.get(id);
      // Other tabs have seen some of it too, and some that this one has not.
      stored.onsuccess = () => store.put(joined(stored.result ?? EMPTY, this.read(id)), id);
    }
    return promisifyRequest(store.transaction);
  }

  async #load(id: string): Promise<void> {
    const stored = await get<Story>(id, this.#opened()).catch(() => undefined);
    if (stored) this.#publish(id, joined(stored, this.read(id)));
  }

  #publish(id: string, story: Story): void {
    this.#stories.set(id, story);
    for (const listener of [...(this.#listeners.get(id) ?? [])]) listener();
  }

  async #forgetOld(held: ReadonlySet<string>): Promise<void> {
    const limit = Date.now() - FORGOTTEN_AFTER_MS;
    const all = await entries<string, Story>(this.#opened()).catch(() => []);
    for (const [id, { moments }] of all) {
      if (!held.has(id) && (moments.at(-1)?.at ?? 0) < limit) await this.forget(id);
    }
  }

  #opened(): UseStore {
    // At first use: where there is no IndexedDB, opening it throws, and the page goes on without.
    const store: UseStore = async (mode, callback) => {
      this.#store ??= createStore("holdfast-history", "tasks");
      return this.#store(mode, callback);
    };
    return store;
  }
}

function joined(a: Story, b: Story): Story {
  const moments = merged(a.moments, b.moments);
  const tool = b.tool ?? a.tool;
  const polls = b.polls ?? a.polls;
  const kept =
    moments.length > KEPT_FIRST + KEPT_LAST
      ? [...moments.slice(0, KEPT_FIRST), ...moments.slice(-KEPT_LAST)]
      : moments;
  return { moments: kept, ...(polls && { polls }), ...(tool && { tool }) };
}

/** How this page came to be: tasks that ran before it have outlived another. */
function arrivalOf(now: number): Moment {
  const [entry] = performance.getEntriesByType("navigation");
  const reloaded = entry instanceof PerformanceNavigationTiming && entry.type === "reload";
  const key = `page ${Math.round(performance.timeOrigin)}`;
  return reloaded
    ? { key, at: now, kind: "reload", text: "Survived a page reload" }
    : { key, at: now, kind: "opened", text: "Resumed by a newly opened page" };
}
