import type { TaskRecord } from "../../../src/engine/record.ts";
import type { JsonObject, ListedTool, ToolResult } from "../../../src/index.ts";
import { Task } from "../../../src/task.ts";
import type { CallOptions, TaskClientApi } from "../../../src/task-client-api.ts";
import { viewOf } from "../../../src/task-view.ts";
import { type RecordFields, runningRecord, settledRecord, snapshotOf, T0 } from "../../fixtures/records.ts";

/** A promise whose end is the test's. */
interface Held<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** A call that waits for the test to say what it comes to. */
export interface HeldCall extends Held<Task> {
  readonly endpoint: string;
  readonly tool: string;
  readonly args: JsonObject | undefined;
  readonly options: CallOptions | undefined;
}

export interface Answered {
  readonly id: string;
  readonly key: string;
  readonly response: JsonObject;
}

/** A client whose tasks are moved by the test. Says how often it was asked for what. */
export class ScriptedClient implements TaskClientApi {
  readonly #records: Map<string, TaskRecord> = new Map();
  readonly #handles: Map<string, Task> = new Map();
  readonly #listeners: Set<(task: Task) => void> = new Set();
  readonly #forgotten: Set<(id: string) => void> = new Set();
  readonly calls: HeldCall[] = [];
  readonly answers: Answered[] = [];
  lists = 0;
  readonly gets: string[] = [];
  subscriptions = 0;
  /** When set, `list` and `get` wait for it, or fail with it. */
  gate: Promise<void> | undefined;

  constructor(...records: TaskRecord[]) {
    for (const record of records) this.#records.set(record.id, record);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** A task changes, or begins. Only its handle is updated: no listener runs. */
  change(id: string, fields: RecordFields): Task {
    const known = this.#records.get(id);
    const record = known
      ? ({ ...known, ...fields, rev: known.rev + 1 } as TaskRecord)
      : runningRecord({ id, ...fields });
    this.#records.set(id, record);
    const task = this.#handle(record);
    task.apply(viewOf(record));
    if (record.outcome) this.#handles.delete(id);
    return task;
  }

  /** A task changes, or begins, and the listeners run. */
  publish(id: string, fields: RecordFields): Task {
    const task = this.change(id, fields);
    for (const listener of [...this.#listeners]) listener(task);
    return task;
  }

  says(id: string, statusMessage: string): Task {
    return this.publish(id, { snapshot: snapshotOf({ statusMessage }) });
  }

  completes(id: string): Task {
    const { stage, outcome } = settledRecord();
    return this.publish(id, { stage, ...(outcome && { outcome }) });
  }

  async endpoints(): Promise<readonly string[]> {
    return ["lab"];
  }

  start(): Promise<never> {
    return Promise.reject(new Error("Nothing under test starts a call"));
  }

  callTool<Output>(
    endpoint: string,
    tool: string,
    args?: object,
    options?: CallOptions,
  ): Promise<Task<Output>> {
    const call = { ...held<Task>(), endpoint, tool, args: args as JsonObject | undefined, options };
    this.calls.push(call);
    return call.promise as Promise<Task<Output>>;
  }

  resume(): Promise<readonly Task[]> {
    return this.list();
  }

  async list(): Promise<readonly Task[]> {
    this.lists++;
    const records = [...this.#records.values()];
    await this.gate;
    return records.map((record) => this.#handle(record)).sort((a, b) => a.view.createdAt - b.view.createdAt);
  }

  async get(id: string): Promise<Task | undefined> {
    this.gets.push(id);
    const record = this.#records.get(id);
    await this.gate;
    return record && this.#handle(record);
  }

  async forget(id: string): Promise<void> {
    if (this.#records.get(id)?.outcome) this.#records.delete(id);
  }

  async listTools(): Promise<readonly ListedTool[]> {
    return [];
  }

  /** Another tab deletes a settled task. */
  loses(id: string): void {
    this.#records.delete(id);
    for (const forgotten of [...this.#forgotten]) forgotten(id);
  }

  subscribe(listener: (task: Task) => void, forgotten: (id: string) => void = () => undefined): () => void {
    this.subscriptions++;
    // The same function may be given twice.
    const own = (task: Task): void => listener(task);
    this.#listeners.add(own);
    this.#forgotten.add(forgotten);
    return () => {
      this.#listeners.delete(own);
      this.#forgotten.delete(forgotten);
    };
  }

  nudge(): void {}

  async close(): Promise<void> {}

  /** As `TaskClient` does: one handle as long as a task runs, a new one each time once it has ended. */
  #handle(record: TaskRecord): Task {
    const known = this.#handles.get(record.id);
    if (known) return known;
    const task = new Task(viewOf(record), {
      cancel: async () => undefined,
      answer: async (_task, key, response) => void this.answers.push({ id: record.id, key, response }),
      storedResult: async (): Promise<ToolResult> => ({ content: [] }),
      closed: new AbortController().signal,
    });
    if (!record.outcome) this.#handles.set(record.id, task);
    return task;
  }
}

export function held<T>(): Held<T> {
  let resolve: Held<T>["resolve"] = () => undefined;
  let reject: Held<T>["reject"] = () => undefined;
  const promise = new Promise<T>((take, refuse) => {
    resolve = take;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

/** A running task; the later its number, the later it was begun. */
export function running(number: number, fields: RecordFields = {}): TaskRecord {
  return runningRecord({ id: `task-${number}`, createdAt: T0 + number, ...fields });
}
