import { callListeners } from "./call-listeners.ts";
import { errorOf } from "./errors.ts";
import { type JsonObject, sameJson } from "./protocol/json.ts";
import type { ToolResult } from "./protocol/tool-result.ts";
import type { TaskView } from "./task-view.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** What a Task can ask of the client that made it: one object for all its tasks. */
export interface TaskActions {
  cancel(task: Task): Promise<void>;
  answer(task: Task, key: string, response: JsonObject): Promise<void>;
  /** The result that the store keeps apart. */
  storedResult(task: Task): Promise<ToolResult>;
  /** The present view of a task that runs in this process. */
  running?(id: string): TaskView | undefined;
  /** Aborted when the client is closed: its handles change no more. */
  readonly closed: AbortSignal;
}

/**
 * A handle of a tool call that outlives its page. It can be dropped: `TaskClient.get` and `resume` return another,
 * in this page or a later one. `Output` is the type of the result's `structuredContent`.
 */
export class Task<Output = unknown> implements AsyncIterable<TaskView> {
  readonly #actions: TaskActions;
  /** Made with the first listener: of thousands of tasks few are looked at. */
  #listeners: Set<() => void> | undefined;
  #view: TaskView;
  /** The last view applied. It may differ from `#view` in `rev` and `nextPollAt`. */
  #latest: TaskView;

  /** For TaskClient and the other clients. */
  constructor(view: TaskView, actions: TaskActions) {
    this.#actions = actions;
    this.#view = view;
    this.#latest = view;
  }

  /** The same in every page. */
  get id(): string {
    return this.#view.id;
  }

  /** Everything an app may show: the same object until something changes, as `useSyncExternalStore` wants it. */
  get view(): TaskView {
    return this.#view;
  }

  /** The same as {@link view}. */
  get current(): TaskView {
    return this.#view;
  }

  /** Short for `view.status`. */
  get status(): TaskView["status"] {
    return this.#view.status;
  }

  /** Short for `view.arguments`. */
  get arguments(): TaskView["arguments"] {
    return this.#view.arguments;
  }

  /** Short for `view.inputRequests`: the questions that {@link answer} takes now. */
  get inputRequests(): TaskView["inputRequests"] {
    return this.#view.inputRequests;
  }

  /** Short for `view.outcome`. */
  get outcome(): TaskView["outcome"] {
    return this.#view.outcome;
  }

  /**
   * The view with `rev` and `nextPollAt` as they are now, to send it to another process. Their changes alone
   * make no new {@link view}.
   */
  get latest(): TaskView {
    const running = this.#actions.running?.(this.id);
    return running && running.rev >= this.#latest.rev ? running : this.#latest;
  }

  /**
   * When the server is polled next, by this process or by the one that runs the task: ms since 1970. Absent during a poll,
   * and where that is unknown. No subscriber is called when it changes: read it when you show it. For a task that runs in
   * another process it dates from the last change, and is past if polls since then brought nothing new.
   */
  get nextPollAt(): number | undefined {
    return this.latest.nextPollAt;
  }

  /** Calls back after each change. The function returned ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => this.#listeners?.delete(listener);
  }

  /** Yields the present view, then each change, until the outcome. A slow reader gets the latest view, not all. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TaskView, void, void> {
    let seen: TaskView | undefined;
    while (seen?.outcome === undefined) {
      if (seen === this.#view) await nextChange(this);
      seen = this.#view;
      yield seen;
    }
  }

  /**
   * Resolves with the tool's result, when the task has one. `isError` in it is the tool's own failure.
   * Rejects with a TaskError when the task ended without a result, with the signal's reason when
   * aborted, and with a ClientClosedError when the client is closed: that ends the wait, never the task.
   */
  async result(options: { readonly signal?: AbortSignal } = {}): Promise<ToolResult<Output>> {
    while (!this.#view.outcome) await nextChange(this, options.signal);
    const { outcome } = this.#view;
    if (outcome.kind !== "completed") throw errorOf(this.#view, outcome);
    return (outcome.apart ? await this.#actions.storedResult(this) : outcome.result) as ToolResult<Output>;
  }

  /**
   * Asks the server to stop. Resolves when the wish is durable; the outcome is what the server then
   * says, so a task that was about to complete may still do so.
   */
  cancel(): Promise<void> {
    return this.#actions.cancel(this);
  }

  /**
   * Answers one of the view's `inputRequests`. Resolves when the answer is durable; it is then sent until
   * the server has it. Throws an InputError for a question that is not open, and for an answer that
   * does not fit it; what a form leaves out gets its default.
   * @param response What the request's own method is answered with: for `elicitation/create`
   *   `{ action: "accept", content: {…} }`, `{ action: "decline" }` or `{ action: "cancel" }`.
   *   A request of a method that this client does not know takes any answer; the latter two decline it.
   */
  answer(key: string, response: JsonObject): Promise<void> {
    return this.#actions.answer(this, key, response);
  }

  /** Aborted when the client that made this handle is closed. */
  get closed(): AbortSignal {
    return this.#actions.closed;
  }

  /** For TaskClient and the other clients: applies a later view. */
  apply(view: TaskView): void {
    // Tabs may receive changes out of order. A stored outcome stands, whatever a tab had beyond it.
    if (this.#latest.outcome || (!view.outcome && view.rev < this.#latest.rev)) return;
    this.#latest = view;
    if (looksSame(view, this.#view)) return;
    this.#view = view;
    if (this.#listeners) callListeners(this.#listeners);
  }
}

/** Resolves at the task's next change; rejects with the reason of a signal that is aborted. */
export function nextChange(task: Task, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  let unsubscribe!: () => void;
  const changed = new Promise<void>((resolve) => {
    unsubscribe = task.subscribe(resolve);
  });
  return unlessAborted(changed, ...signals, task.closed).finally(unsubscribe);
}

/** Whether two views show the same. Views from other processes are copies. */
function looksSame(a: TaskView, b: TaskView): boolean {
  const same = { rev: 0, nextPollAt: undefined };
  return sameJson({ ...a, ...same }, { ...b, ...same });
}
