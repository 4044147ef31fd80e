import type { TaskProgress } from "../protocol/task-snapshot.ts";
import { resultApart } from "../store/long-result.ts";
import type { Task } from "../task.ts";
import { type OmittedPart, stateOf, type TaskJson } from "../task-json.ts";
import { TaskSubscribers } from "../task-subscribers.ts";

/** How many ended tasks are remembered, so that older news of them is known for what it is. */
const ENDED_KEPT = 1_000;

export interface TaskBookOptions {
  readonly handle: (json: TaskJson) => Task;
  /** Questions of the task are left out in what was heard of it: the task itself has them. */
  readonly omits?: (json: TaskJson) => void;
  /** There may be more or fewer who wait for something than before. */
  readonly recounted: () => void;
}

/**
 * The handles that were given out of unfinished tasks: one a task, moved on by whatever is heard of it. And those who
 * want to hear of every task.
 */
export class TaskBook {
  readonly #options: TaskBookOptions;
  readonly #unfinished: Map<string, { readonly task: Task; readonly json: TaskJson }> = new Map();
  /** In the order of their ends. */
  readonly #ended: Map<string, TaskJson> = new Map();
  readonly #subscribers: TaskSubscribers = new TaskSubscribers();

  constructor(options: TaskBookOptions) {
    this.#options = options;
  }

  get unfinished(): readonly TaskJson[] {
    return [...this.#unfinished.values()].map(({ json }) => json);
  }

  get hasSubscribers(): boolean {
    return this.#subscribers.size > 0;
  }

  /** Whether anybody waits for a change: of a task, or of any. */
  get waitsForNews(): boolean {
    return this.#unfinished.size > 0 || this.hasSubscribers;
  }

  /** Calls back after each change of a task, and when one was heard of that was not known. The function returned ends it. */
  subscribe(changed: (task: Task) => void, forgotten: ((id: string) => void) | undefined): () => void {
    const unsubscribe = this.#subscribers.add(changed, forgotten);
    this.#options.recounted();
    return () => {
      unsubscribe();
      this.#options.recounted();
    };
  }

  has(id: string): boolean {
    return this.#unfinished.has(id);
  }

  /** Gives the handle of a task that was asked for, and takes over what was said of it, unless later was heard. */
  take(said: TaskJson): Task {
    return this.#take(said, false);
  }

  /** Gives the handles of several, the earliest first. */
  takeAll(said: readonly TaskJson[]): readonly Task[] {
    return [...said].sort((a, b) => a.createdAt - b.createdAt).map((json) => this.take(json));
  }

  /** The same as `take` for what just began or was told by the worker itself: also a task that was not known is a change. */
  hear(told: TaskJson): Task {
    return this.#take(told, true);
  }

  /** Progress is of the running process, and has no `rev`. */
  progressed(id: string, progress: TaskProgress): void {
    const known = this.#unfinished.get(id);
    if (known) this.hear({ ...known.json, progress });
  }

  forget(id: string): void {
    this.#unfinished.delete(id);
    this.#ended.delete(id);
    this.#options.recounted();
  }

  /** The same, of one whose deletion is news. */
  forgotten(id: string): void {
    const running = this.#unfinished.get(id);
    // Deleted while it ran: whoever waits for it is told.
    if (running) running.task.accept(stateOf(gone(running.json)));
    this.forget(id);
    this.#subscribers.tellForgotten(id);
  }

  #take(said: TaskJson, news: boolean): Task {
    const { id } = said;
    const ended = this.#ended.get(id);
    if (ended) return this.#options.handle(said.outcome ? said : ended);
    const known = this.#unfinished.get(id);
    if (known && !said.outcome && said.rev < known.json.rev) return known.task;
    const json = known ? withKnownParts(said, known.json) : said;
    const task = known?.task ?? this.#options.handle(json);
    if (json.outcome) this.#end(json);
    else this.#unfinished.set(id, { task, json });
    const before = task.current;
    if (known) task.accept(stateOf(json));
    if (json.omitted?.includes("inputRequests") && !json.outcome) this.#options.omits?.(json);
    if (known ? task.current !== before : news) this.#subscribers.tellChanged(task);
    this.#options.recounted();
    return task;
  }

  #end(json: TaskJson): void {
    const { id, outcome } = json;
    this.#unfinished.delete(id);
    // Its result may be long, and its handle has it.
    const light: TaskJson =
      outcome?.kind === "completed" ? { ...json, outcome: resultApart(outcome.result) } : json;
    this.#ended.set(id, light);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > ENDED_KEPT && oldest !== undefined) this.#ended.delete(oldest);
  }
}

/** A task the worker no longer has, as its handles are to see it. */
export function gone(task: TaskJson): TaskJson {
  const detail = "The worker no longer holds it: it was deleted, or kept long enough";
  return { ...task, status: "lost", inputRequests: [], outcome: { kind: "lost", detail } };
}

/** Arguments never change, and questions only with `rev`: what lists and events leave out may be known already. */
function withKnownParts({ omitted, ...said }: TaskJson, known: TaskJson): TaskJson {
  if (!omitted) return said;
  const has = (part: OmittedPart): boolean =>
    !known.omitted?.includes(part) &&
    (part === "arguments" || (part === "inputRequests" && known.rev === said.rev));
  const left = omitted.filter((part) => !has(part));
  return {
    ...said,
    ...(omitted.includes("arguments") && has("arguments") && { arguments: known.arguments }),
    ...(omitted.includes("inputRequests") && has("inputRequests") && { inputRequests: known.inputRequests }),
    ...(left.length > 0 && { omitted: left }),
  };
}
