/**
 * Tasks in a Durable Object: records in its SQLite storage, polls driven by its alarm, no connection and no
 * timer held between them. The object may be evicted at any moment.
 *
 * ```ts
 * export class Papers extends DurableObject {
 *   readonly tasks = new DurableTasks(this.ctx, { endpoints: { papers: fromUrl("https://papers.example/mcp") } });
 *   alarm(info: AlarmInvocationInfo) {
 *     return this.tasks.alarm(info);
 *   }
 *   async acquire(doi: string) {
 *     return (await this.tasks.client.callTool("papers", "acquire_paper", { doi })).id;
 *   }
 * }
 * ```
 * @module
 */

import { explained } from "../channel/failure-text.ts";
import { everything } from "../client/everything.ts";
import { HostedClient } from "../client/hosted-client.ts";
import type { HostedClientOptions } from "../client/options.ts";
import type { TaskClient } from "../client/task-client.ts";
import type { TaskRecord } from "../engine/record.ts";
import { durableObjectHost } from "../hosts/durable-object-host.ts";
import type { Problem } from "../runtime/problem.ts";
import { COLLECT_EVERY, DEFAULT_RETENTION, type Retention } from "../runtime/retention.ts";
import type { TaskView } from "../task-view.ts";
import { reportTo } from "../warn-once.ts";
import { type LentTool, lentTool } from "./lent-tool.ts";
import { ObjectAlarm } from "./object-alarm.ts";
import { SqliteTaskStore } from "./sqlite-store.ts";
import type { ObjectState } from "./storage.ts";
import type { TaskPage, TaskQuery } from "./task-page.ts";
import type { TaskChange } from "./update-log.ts";

export { jsonWeight } from "../protocol/bounds.ts";
export { callLent, type LentCall, type LentTool, type SettledCall } from "./lent-tool.ts";
export { type Fetch, withoutServerStream } from "./server-stream.ts";
export type { ObjectState, ObjectStorage, SqlValue } from "./storage.ts";
export type { TaskPage, TaskQuery } from "./task-page.ts";
export type { TaskChange } from "./update-log.ts";

/** What TaskClient takes, but for what the object itself gives. */
export type DurableTasksOptions = Omit<HostedClientOptions, "store" | "push">;

/** After an alarm that failed in a way nobody foresaw, the next one, in ms. Cloudflare itself gives up after six. */
const RETRY_MS = 10_000;

/** The tasks of a Durable Object. One alarm serves all of them; tasks with the same interval are polled together. */
export class DurableTasks {
  readonly client: TaskClient;
  readonly #store: SqliteTaskStore;
  readonly #alarm: ObjectAlarm;
  readonly #retention: Retention;
  /** How many records of calls were stored that the engine did not run. */
  #recorded = 0;
  #resumed: Promise<void> | undefined;
  /** Why the storage could not be read, if it could not. */
  #unread: unknown;

  /** Creates its tables in the object's storage: `task`, `result`, `delivery` and `session`. */
  constructor(state: ObjectState, options: DurableTasksOptions) {
    this.#store = new SqliteTaskStore(state.storage);
    this.#alarm = new ObjectAlarm(state.storage);
    this.#retention = { ...DEFAULT_RETENTION, ...options.retention };
    const report = reportTo(options.onProblem);
    const onProblem = (problem: Problem): void => {
      if (problem.kind === "storage" && problem.id === undefined) this.#unread = problem.error;
      report(problem);
    };
    const host = {
      ...everything,
      explain: explained,
      ...durableObjectHost(this.#alarm, state.id.toString()),
    };
    this.client = new HostedClient({ ...options, store: this.#store, onProblem }, host);
  }

  /**
   * Takes up what the object's earlier lives left unfinished; at once if that has been done. An object whose
   * alarm was lost sets it anew by this: call it on whatever wakes the object. Rejects when the storage cannot be read.
   */
  resume(): Promise<void> {
    this.#resumed ??= this.#resume().catch((error: unknown) => {
      this.#resumed = undefined;
      throw error;
    });
    return this.#resumed;
  }

  /** For the object's `alarm()`. Resolves when all that was due is done, written, and the alarm set again. */
  async alarm(info?: { readonly scheduledTime?: number }): Promise<void> {
    this.#alarm.wentOff(info?.scheduledTime ?? Date.now());
    try {
      await this.resume();
      await this.client.step();
    } catch (error) {
      await this.wakeAt(Date.now() + RETRY_MS);
      throw error;
    }
  }

  async #resume(): Promise<void> {
    this.#unread = undefined;
    await this.client.resume();
    // An object that took its tasks for none would set no alarm for them.
    if (this.#unread !== undefined) throw this.#unread;
  }

  /** Has the alarm go off by then, in ms since 1970, for what else the object has to do. */
  wakeAt(at: number): Promise<void> {
    return this.#alarm.set(at);
  }

  /**
   * Stores a record that the engine does not run, such as that of a lent call: it is listed, watched and retained like others.
   * @param isNew Whether the id is new, so that nothing is stored under it: then it is not looked for.
   */
  async record(record: TaskRecord, isNew = false): Promise<void> {
    if (isNew) this.#store.insert(record);
    else await this.#store.save(record);
    if (++this.#recorded % COLLECT_EVERY > 0) return;
    const { ms, count } = this.#retention;
    for (const id of await this.#store.outdated(Date.now() - ms, count)) await this.client.forget(id);
  }

  /**
   * Returns what another process needs to make plain calls of a tool in place of this object, from a call of the tool whose writes are
   * deferred: see {@link callLent}. `undefined` unless that call has its result, was plain, and is safe to repeat.
   */
  async lend(id: string): Promise<LentTool | undefined> {
    const settled = this.#store.deferred(id);
    return settled && lentTool(settled, await this.client.rememberedSession(settled.endpoint));
  }

  /**
   * Says that somebody waits for the answer to a call and repeats it should the object fail. Until the function returned is called,
   * the answer to a plain call, and a call that is safe to repeat, are not written: the reply to who waits need not wait for them.
   * @param isNew Whether the id is new, so that nothing is stored under it: then it is not looked for.
   */
  deferWrites(id: string, isNew = false): () => void {
    return this.#store.defer(id, isNew);
  }

  /**
   * The calls that an earlier life of the object left without an answer of their server: who made one may make it again. They are as
   * they were then, and known after `resume()`.
   */
  get unanswered(): readonly TaskRecord[] {
    return this.#store.unanswered;
  }

  /** How many tasks have no outcome yet. */
  activeCount(): number {
    return this.#store.activeCount();
  }

  /**
   * About what the tasks without an outcome take in memory together, in bytes: an object has 128 MB, and the engine holds
   * such a task whole, with its arguments and questions. Call `resume()` before.
   */
  activeWeight(): number {
    return this.#store.activeWeight();
  }

  /** Whether there is a task of this id; cheaper than reading it. */
  has(id: string): boolean {
    return this.#store.has(id);
  }

  /** A task with all that is known of it, and its result. */
  async task(id: string): Promise<TaskView | undefined> {
    return (await this.client.get(id))?.latest;
  }

  /** Tasks without what is long in them (`omitted`), the newest first where ids grow with time. */
  tasks(query: TaskQuery): TaskPage {
    return this.#store.page(query);
  }

  /** One task without what is long in it (`omitted`). */
  leanTask(id: string): TaskView | undefined {
    return this.#store.leanView(id);
  }

  /** The position after the last stored change. */
  position(): number {
    return this.#store.position();
  }

  /**
   * The stored changes after a position, in order; of one task, or of all. The last 256 of each task are stored, or fewer
   * long ones. Returns `undefined` if more was missed than is replayed (512 Ki characters): list the tasks instead.
   */
  changes(after: number, id?: string): Iterable<TaskChange> | undefined {
    return this.#store.changes(after, id);
  }

  /** Calls back after each stored change. The function returned ends it. */
  watch(listener: (change: TaskChange) => void): () => void {
    return this.#store.watch(listener);
  }
}
