import { type Outcome, openInputs, type TaskRecord } from "./engine/record.ts";
import type { Trouble } from "./engine/state.ts";
import { errorOf, type TaskReference } from "./errors.ts";
import type { InputRequest } from "./protocol/input-request.ts";
import { type JsonObject, sameJson } from "./protocol/json.ts";
import type { TaskProgress, TaskSnapshot } from "./protocol/task-snapshot.ts";
import type { ToolResult } from "./protocol/tool-result.ts";
import { type SharedState, sharedState } from "./shared-state.ts";
import { statusOf, type TaskStatus } from "./task-status.ts";

/** All an app may show of a task at one moment. A new object for every change, and only then. */
export interface TaskUpdate {
  readonly status: TaskStatus;
  /** What the server last said. Absent until it has said anything. */
  readonly snapshot?: TaskSnapshot;
  readonly progress?: TaskProgress;
  /** Questions that can be answered now. */
  readonly inputRequests: readonly InputRequest[];
  /** The app has cancelled; the outcome is not known yet. */
  readonly cancelling: boolean;
  /** The last request failed, and is made again; the task goes on. */
  readonly trouble?: Trouble;
  readonly outcome?: Outcome;
}

/** What a Task can ask of the client that made it: one object for all its tasks. */
export interface TaskActions {
  cancel(task: Task): Promise<void>;
  answer(task: Task, key: string, response: JsonObject): Promise<void>;
  /** The result that the store keeps apart. */
  storedResult(task: Task): Promise<ToolResult>;
  /** The state of a task that runs in this process. */
  running?(id: string): SharedState | undefined;
  /** Aborted when the client is closed: nothing is heard of the task any more. */
  readonly closed: AbortSignal;
}

/**
 * A tool call that outlives its page. The object is a view: it can be dropped, and another had
 * from `TaskClient.get` or `resume`, in this page or a later one.
 */
export class Task implements AsyncIterable<TaskUpdate> {
  readonly #actions: TaskActions;
  /** Made when there is a first: of thousands of tasks few are looked at. */
  #listeners: Set<() => void> | undefined;
  #record: TaskRecord;
  #update: TaskUpdate;
  #nextPollAt: number | undefined;

  /** Made by TaskClient. */
  constructor(state: SharedState, actions: TaskActions) {
    this.#actions = actions;
    this.#record = state.record;
    this.#update = updateOf(state);
    this.#nextPollAt = state.nextPollAt;
  }

  /** Ours; the same in every page. */
  get id(): string {
    return this.#record.id;
  }

  get endpoint(): string {
    return this.#record.endpoint;
  }

  get tool(): string {
    return this.#record.call.name;
  }

  get arguments(): JsonObject {
    return this.#record.call.arguments ?? {};
  }

  /** When the call was made: ms since 1970. */
  get createdAt(): number {
    return this.#record.createdAt;
  }

  /** The server's id of the task. Absent while the call is out, and when it was answered at once. */
  get taskId(): string | undefined {
    return this.#record.taskId;
  }

  /** What the server would have a model told while the task runs. */
  get immediateResponse(): string | undefined {
    return this.#record.immediateResponse;
  }

  /** The present state: the same object until something changes, as `useSyncExternalStore` wants it. */
  get current(): TaskUpdate {
    return this.#update;
  }

  get status(): TaskStatus {
    return this.#update.status;
  }

  get snapshot(): TaskSnapshot | undefined {
    return this.#update.snapshot;
  }

  get inputRequests(): readonly InputRequest[] {
    return this.#update.inputRequests;
  }

  get outcome(): Outcome | undefined {
    return this.#update.outcome;
  }

  /**
   * When the server is asked next how the task stands, by this process or by the one that runs it: ms since
   * 1970. Absent while it is asked, and where that is not known. It is no part of {@link current}, and no subscriber
   * is called for it: read it when you show it. Of a task that another process runs it is as of the last change, and
   * past if polls since then brought nothing new.
   */
  get nextPollAt(): number | undefined {
    const running = this.#actions.running?.(this.id);
    return running ? running.nextPollAt : this.#nextPollAt;
  }

  /** Calls back after each change. The function returned ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => this.#listeners?.delete(listener);
  }

  /** The present state, then each change, until the outcome. A slow reader sees the latest, not all. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TaskUpdate, void, void> {
    let seen: TaskUpdate | undefined;
    while (seen?.outcome === undefined) {
      if (seen === this.#update) await nextChange(this);
      seen = this.#update;
      yield seen;
    }
  }

  /**
   * The tool's result, when the task has one. `isError` in it is the tool's own failure.
   * Rejects with a TaskError when the task ended without a result, with the signal's reason when
   * aborted, and with a ClientClosedError when the client is closed: that ends the wait, never the task.
   */
  async result(options: { readonly signal?: AbortSignal } = {}): Promise<ToolResult> {
    while (!this.outcome) await nextChange(this, options.signal);
    if (this.outcome.kind === "completed") {
      return this.outcome.apart ? this.#actions.storedResult(this) : this.outcome.result;
    }
    throw errorOf(this.reference, this.outcome);
  }

  /**
   * Asks the server to stop. Resolves when the wish is durable; the outcome is what the server then
   * says, so a task that was about to complete may still do so.
   */
  cancel(): Promise<void> {
    return this.#actions.cancel(this);
  }

  /**
   * Answers one of {@link inputRequests}. Resolves when the answer is durable; it is then sent until
   * the server has it. Throws an InputError for a question that is not open, and for an answer that
   * does not fit it; what a form leaves out gets its default.
   * @param response What the request's own method is answered with: for `elicitation/create`
   *   `{ action: "accept", content: {…} }`, `{ action: "decline" }` or `{ action: "cancel" }`.
   *   A request of a method that this client does not know takes any answer; the latter two decline it.
   */
  answer(key: string, response: JsonObject): Promise<void> {
    return this.#actions.answer(this, key, response);
  }

  /** Aborted when the client that gave this handle is closed. */
  get closed(): AbortSignal {
    return this.#actions.closed;
  }

  get reference(): TaskReference {
    const { id, endpoint, tool, taskId } = this;
    return { id, endpoint, tool, ...(taskId !== undefined && { taskId }) };
  }

  /** All that is known of it here, for other processes. */
  get state(): SharedState {
    return sharedState(this.#record, this.#update, this.nextPollAt);
  }

  /** For TaskClient: takes a later state over. */
  accept(state: SharedState): void {
    // Tabs may hear of changes out of order, and an outcome that was stored stands, whatever a tab had beyond it.
    if (this.#record.outcome || (!state.record.outcome && state.record.rev < this.#record.rev)) return;
    this.#nextPollAt = state.nextPollAt;
    // Of most polls that is all there is.
    const { progress, trouble } = this.#update;
    if (state.record === this.#record && state.progress === progress && state.trouble === trouble) return;
    this.#record = state.record;
    const update = updateOf(state);
    if (sameUpdate(update, this.#update)) return;
    this.#update = update;
    for (const listener of [...(this.#listeners ?? [])]) listener();
  }
}

/** Resolves at the task's next change; rejects with the reason of the first signal that is aborted. */
export function nextChange(task: Task, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const stops: (() => void)[] = [];
    const settle = (finish: () => void): void => {
      for (const stop of stops) stop();
      finish();
    };
    for (const signal of [...signals, task.closed]) {
      if (signal?.aborted) return settle(() => reject(signal.reason));
      const aborted = (): void => settle(() => reject(signal?.reason));
      signal?.addEventListener("abort", aborted);
      stops.push(() => signal?.removeEventListener("abort", aborted));
    }
    stops.push(task.subscribe(() => settle(resolve)));
  });
}

function updateOf({ record, progress, trouble }: SharedState): TaskUpdate {
  const inputs = openInputs(record);
  return {
    status: statusOf(record),
    ...(record.snapshot && { snapshot: record.snapshot }),
    ...(progress && { progress }),
    inputRequests: inputs,
    cancelling: record.cancel !== undefined && record.outcome === undefined,
    ...(trouble && { trouble }),
    ...(record.outcome && { outcome: record.outcome }),
  };
}

function sameUpdate(a: TaskUpdate, b: TaskUpdate): boolean {
  return (
    a.status === b.status &&
    // What another tab tells of comes as copies.
    sameJson(a.snapshot, b.snapshot) &&
    sameJson(a.progress, b.progress) &&
    a.cancelling === b.cancelling &&
    sameJson(a.trouble, b.trouble) &&
    a.outcome === b.outcome &&
    a.inputRequests.length === b.inputRequests.length &&
    a.inputRequests.every(({ key }, index) => key === b.inputRequests[index]?.key)
  );
}
