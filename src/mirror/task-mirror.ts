import { errorOf } from "../errors.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";
import type { TaskProgress } from "../protocol/task-snapshot.ts";
import { Task, type TaskActions } from "../task.ts";
import type { TaskReader } from "../task-client-api.ts";
import { publishChange, publishForgotten, type Subscriber, subscribed } from "../task-subscribers.ts";
import { deletedView, type OmittedPart, type TaskView, withoutResult } from "../task-view.ts";
import { readView } from "./read-view.ts";

/** How many ended tasks are remembered, so that older views of them are recognised. */
const ENDED_KEPT = 1_000;

const GONE = "The worker no longer holds it: it was deleted, or its retention ended";

/** The process that runs the tasks. Every method rejects when it refuses, and when the client is closed. */
export interface TaskSource {
  /** Returns the views without results. @param attempts How often to try where a failure may pass. */
  tasks(which: "all" | "unfinished", attempts?: number): Promise<readonly TaskView[]>;
  /** Returns the view with its result, or `undefined` for an unknown task. */
  task(id: string, attempts?: number): Promise<TaskView | undefined>;
  /** Returns the view after the cancel, or `undefined` if the task has ended. */
  cancel(id: string): Promise<TaskView | undefined>;
  /** Returns the view after the answer, or `undefined` if an earlier attempt had brought it. Throws an InputError. */
  answer(task: TaskView, key: string, response: JsonObject): Promise<TaskView | undefined>;
}

export interface MirrorOptions {
  readonly source: TaskSource;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
  /** Called when the mirror begins or ceases to need events; see {@link TaskMirror.needsEvents}. It may be called without a change. */
  readonly watch: () => void;
  /** Whether a view that arrived by itself is news. By default each is. */
  readonly isNews?: (view: TaskView) => boolean;
}

/**
 * The handles of tasks that run in another process: one handle for each unfinished task, which every view that arrives
 * moves on. The subscribers of a client learn from it what changed.
 */
export class TaskMirror implements TaskReader {
  readonly #options: MirrorOptions;
  readonly #actions: TaskActions;
  readonly #unfinished: Map<string, Task> = new Map();
  /** In the order of their ends, without results. */
  readonly #ended: Map<string, TaskView> = new Map();
  readonly #subscribers: Set<Subscriber> = new Set();
  /** Whether it has caught up before: until then nobody was promised news of tasks without a handle here. */
  #begun = false;
  #behind = false;
  #catchingUp = false;

  constructor(options: MirrorOptions) {
    const { source, closed } = options;
    this.#options = options;
    this.#actions = {
      cancel: async ({ id }) => void (await this.#applied(source.cancel(id))),
      answer: async ({ view }, key, response) =>
        void (await this.#applied(source.answer(view, key, response))),
      async storedResult({ view }) {
        const outcome = (await source.task(view.id))?.outcome;
        if (outcome?.kind === "completed" && !outcome.apart) return outcome.result;
        throw errorOf(view, { kind: "lost", detail: GONE });
      },
      closed,
    };
  }

  get hasSubscribers(): boolean {
    return this.#subscribers.size > 0;
  }

  /** Whether anybody waits for a change of a task, or of any. */
  get needsEvents(): boolean {
    return this.#unfinished.size + this.#subscribers.size > 0 && !this.#options.closed.aborted;
  }

  has(id: string): boolean {
    return this.#unfinished.has(id);
  }

  async resume(): Promise<readonly Task[]> {
    return this.#handles("unfinished");
  }

  async list(): Promise<readonly Task[]> {
    return this.#handles("all");
  }

  async get(id: string): Promise<Task | undefined> {
    return this.#applied(this.#options.source.task(id));
  }

  /** Calls back after each change of a task, and for each task that was unknown before. The function returned ends it. */
  subscribe(changed: (task: Task) => void, forgotten: ((id: string) => void) | undefined): () => void {
    const unsubscribe = subscribed(this.#subscribers, changed, forgotten);
    this.#options.watch();
    return () => {
      unsubscribe();
      this.#options.watch();
    };
  }

  /**
   * Returns the task's handle, moved on to this view unless a later view was applied before.
   * @param news Whether subscribers learn of a task that was unknown.
   */
  apply(received: TaskView, news = true): Task {
    const { id, outcome, rev } = received;
    const ended = this.#ended.get(id);
    if (ended) return new Task(outcome ? received : ended, this.#actions);
    const known = this.#unfinished.get(id);
    if (known && !outcome && rev < known.latest.rev) return known;
    const view = known ? withKnownParts(received, known.latest) : received;
    const task = known ?? new Task(view, this.#actions);
    if (outcome) {
      this.#unfinished.delete(id);
      // The result may be long, and the handle has it.
      this.#ended.set(id, withoutResult(view));
      const [oldest = id] = this.#ended.keys();
      if (this.#ended.size > ENDED_KEPT) this.#ended.delete(oldest);
    } else this.#unfinished.set(id, task);
    const before = task.view;
    known?.apply(view);
    // If it fails, the next change of the task fetches it.
    if (view.omitted?.includes("inputRequests") && !outcome)
      this.#applied(this.#options.source.task(id), true).catch(() => undefined);
    if (known ? task.view !== before : news) publishChange(this.#subscribers, task);
    this.#options.watch();
    return task;
  }

  /** Applies an event of the process: `task`, `progress` or `forgotten`. Returns false for a malformed `task`. */
  receive(type: unknown, data: unknown): boolean {
    if (type === "task") {
      const view = readView(data);
      if (view && this.#isNews(view)) this.apply(view);
      return view !== undefined;
    }
    if (!isObject(data) || typeof data.id !== "string") return true;
    const { id, progress } = data;
    if (type === "forgotten") this.forgotten(id);
    const known = this.#unfinished.get(id);
    // Progress is not stored, and has no `rev`.
    if (type === "progress" && known && isProgress(progress)) this.apply({ ...known.latest, progress });
    return true;
  }

  /** Drops what is known of a task, without telling subscribers. */
  forget(id: string): void {
    this.#unfinished.delete(id);
    this.#ended.delete(id);
    this.#options.watch();
  }

  /** Calls the subscribers for a task that was deleted. */
  forgotten(id: string): void {
    const running = this.#unfinished.get(id);
    // Deleted while it ran: its handles end.
    if (running) running.apply(gone(running.latest));
    this.forget(id);
    publishForgotten(this.#subscribers, id);
  }

  /** Events arrive from here on. Without `resumed`, some were missed: asks for what changed, however often that fails. */
  connected(resumed: boolean): void {
    this.#behind ||= !resumed;
    if (!this.#behind || this.#catchingUp) return;
    void this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    const { source } = this.#options;
    this.#catchingUp = true;
    try {
      while (this.#behind) {
        this.#behind = false;
        const known = [...this.#unfinished.values()];
        const views = await source.tasks(this.#begun ? "all" : "unfinished", Number.POSITIVE_INFINITY);
        for (const view of views)
          if (this.has(view.id) || (this.#begun && this.#isNews(view))) this.apply(view);
        const listed = new Set(views.map(({ id }) => id));
        const absent = known.filter(({ id }) => !listed.has(id));
        // All at once: the process may be unable to read the tasks of one endpoint for long.
        await Promise.all(
          absent.map(async ({ id, latest }) =>
            this.apply((await source.task(id, Number.POSITIVE_INFINITY)) ?? gone(latest)),
          ),
        );
        this.#begun = true;
      }
    } catch {
      // The process refused, or the client was closed. The next connection tries again.
      this.#behind = true;
    }
    this.#catchingUp = false;
  }

  #isNews(view: TaskView): boolean {
    return this.has(view.id) || (this.#options.isNews?.(view) ?? true);
  }

  /** The earliest first. */
  async #handles(which: "all" | "unfinished"): Promise<readonly Task[]> {
    const views = await this.#options.source.tasks(which);
    return [...views].sort((a, b) => a.createdAt - b.createdAt).map((view) => this.apply(view, false));
  }

  /** Applies the view that the process replies with, if it has one. */
  async #applied(reply: Promise<TaskView | undefined>, news = false): Promise<Task | undefined> {
    const view = await reply;
    return view && this.apply(view, news);
  }
}

/** The view of a task that the process no longer holds. */
function gone(view: TaskView): TaskView {
  return deletedView(view, GONE);
}

function isProgress(value: unknown): value is TaskProgress {
  return isObject(value) && typeof value.progress === "number";
}

/** Arguments never change, and questions only with `rev`: what lists and events omit may be known already. */
function withKnownParts({ omitted, ...received }: TaskView, known: TaskView): TaskView {
  if (!omitted) return received;
  const has = (part: OmittedPart): boolean =>
    !known.omitted?.includes(part) &&
    (part === "arguments" || (part === "inputRequests" && known.rev === received.rev));
  const left = omitted.filter((part) => !has(part));
  const parts = Object.fromEntries(omitted.filter(has).map((part) => [part, known[part]]));
  return { ...received, ...parts, ...(left.length > 0 && { omitted: left }) };
}
