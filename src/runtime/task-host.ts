import { nextPollAt } from "../engine/plan.ts";
import { endedAsPlainCall, isCall, type TaskRecord } from "../engine/record.ts";
import type { TaskState } from "../engine/state.ts";
import type { TaskReference } from "../errors.ts";
import type { Origin, Taken } from "../protocol/inbound.ts";
import type { RpcNotification, RpcRequest } from "../protocol/json-rpc.ts";
import { type TaskView, viewOf } from "../task-view.ts";
import { followCall, passOn } from "./followed-tasks.ts";
import { claimOf, type HostOptions, type HostParts } from "./host-parts.ts";
import { alone, type Ownership, type TaskAction } from "./ownership.ts";
import { storageProblem } from "./problem.ts";
import { overtaken, resume } from "./residence.ts";
import { RetentionSweep, type TaskName } from "./retention.ts";
import { Stepper } from "./stepper.ts";
import { StoredTasks } from "./stored-tasks.ts";
import { act } from "./task-actions.ts";
import { TaskRuntime } from "./task-runtime.ts";

/**
 * Where the tasks of a store run: in this process if it is alone, else in the tab that leads for
 * their endpoint (tabs need not have the same endpoints). A call runs in the tab that makes it,
 * until it is a task; then the leader takes it over.
 */
export class TaskHost {
  readonly #options: HostOptions;
  readonly #runtime: TaskRuntime;
  readonly stored: StoredTasks;
  readonly #parts: HostParts;
  readonly #sweep: RetentionSweep;
  readonly #stepper: Stepper;
  /** By endpoint. */
  readonly #ownerships: ReadonlyMap<string, Ownership>;
  #resuming: Promise<readonly TaskRecord[]> | undefined;
  /** What was read because this process came to lead while it resumes: thousands need not be read twice. */
  #readMeanwhile: readonly TaskRecord[] | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    const { store, clock, endpoints, report } = options;
    this.stored = new StoredTasks(store, report);
    this.#sweep = new RetentionSweep(this.stored, clock, options.retention, (task) => this.forget(task));
    const ownershipOf = store.scope === undefined ? alone : options.ownership;
    this.#runtime = new TaskRuntime({
      ...options,
      shared: ownershipOf !== alone,
      storing: (call) => this.#announce(call),
      // A leader elected meanwhile may have read the store before the call was in it.
      stored: (call) => this.#parts.ownership(call).handOver(call),
      changed: (state, news) => this.#changed(state, news),
      overtaken: (id) => overtaken(this.#parts, id),
      storageFailed: ({ id, outcome }, error) => {
        const dropped = outcome && this.#sweep.addUnstored(id);
        if (dropped !== undefined) this.#runtime.release(dropped);
        report(storageProblem(`Task ${id} could not be stored`, error, id));
      },
      rescheduled: () => this.#stepper.rescheduled(),
    });
    this.#stepper = new Stepper(options, this.#runtime);
    const parts: HostParts = {
      options,
      runtime: this.#runtime,
      stored: this.stored,
      ownership: ({ endpoint = "" }) => this.#ownerships.get(endpoint) ?? unowned,
      active: async () => {
        const records = await this.stored.active();
        if (this.#resuming) this.#readMeanwhile = records;
        return records;
      },
    };
    this.#parts = parts;
    const unowned = alone("", parts);
    this.#ownerships = new Map(endpoints.map((name) => [name, ownershipOf(name, parts)]));
  }

  /** The views of the tasks that run in this process, except those whose last change is not durable yet. */
  views(): readonly TaskView[] {
    const states = [...this.#runtime.states()];
    return states.filter(({ record }) => this.#runtime.isStored(record.id)).map(liveView);
  }

  /** Whether a call is in flight, or about to leave. */
  get calling(): boolean {
    return [...this.#runtime.states()].some(
      ({ record, inFlight, backoff }) => record.stage === "calling" && (inFlight.size > 0 || !backoff),
    );
  }

  /** The view of a task that runs in this process, unless its last change is not durable yet. */
  view(id: string): TaskView | undefined {
    const state = this.#runtime.isStored(id) ? this.#runtime.state(id) : undefined;
    return state && liveView(state);
  }

  /** Sees to it that every unfinished task of the store runs, here or in the leading tab. Gives their records. */
  resume(): Promise<readonly TaskRecord[]> {
    this.#resuming ??= this.#resume().finally(() => {
      this.#resuming = undefined;
      this.#readMeanwhile = undefined;
    });
    return this.#resuming;
  }

  async #resume(): Promise<readonly TaskRecord[]> {
    await Promise.all([...this.#ownerships.values()].map((ownership) => ownership.join()));
    const dueFrom = await this.#options.alarm?.time();
    const records = this.#readMeanwhile ?? (await this.stored.active());
    // A leader has resumed its own; records of unknown endpoints are reported.
    const own = records.filter((record) => this.#parts.ownership(record).leadership === "alone");
    resume(this.#parts, own, dueFrom);
    const wokeToPoll = this.#options.alarm !== undefined && this.#runtime.states().next().done === false;
    // A process that lives for a poll or two looks through what is settled only when something settles.
    if (wokeToPoll) this.#sweep.collectLater();
    // What runs comes first; nobody waits for the tidying.
    else void this.#sweep.collect();
    return records;
  }

  /** Does what is due, and what comes due meanwhile, until nothing is in flight; then sets the alarm. */
  step(): Promise<void> {
    return this.#stepper.step();
  }

  /** Makes a call. Resolves when its record is written, or the store has refused it. */
  start(state: TaskState): Promise<void> {
    return this.#runtime.start(state);
  }

  /** Other tabs may find the record: the lock of the call shows them that this one makes it. */
  async #announce(call: TaskRecord): Promise<void> {
    const ownership = this.#parts.ownership(call);
    await ownership.join();
    await ownership.calls.hold(call.id);
    // Should this tab die, the leader need not be a new one to find the call. A tab that believes to lead
    // announces it too: the lead may have been stolen, and the news not have come.
    ownership.handOver(call);
  }

  /** Cancels or answers, wherever the task runs. Resolves when that is durable: false if there was nothing to do it to. */
  act(endpoint: string, action: TaskAction): Promise<boolean> {
    return act(this.#parts, endpoint, action);
  }

  /** Takes what a server sent that is not a reply. Returns whether it is about a task of ours. */
  inbound(endpoint: string, message: RpcRequest | RpcNotification, origin: Origin = {}): Taken {
    const taken = this.#runtime.inbound(endpoint, message, origin);
    if (typeof taken === "boolean") return taken || passOn(this.#parts, endpoint, message, origin);
    return taken.then((own) => own || passOn(this.#parts, endpoint, message, origin));
  }

  /** Connects to the endpoint while no other tab does. */
  exclusively<T>(endpoint: string, work: () => Promise<T>): Promise<T> {
    return this.#parts.ownership({ endpoint }).exclusively("session", work);
  }

  /** Reports the end of another tab's queued call that turned out to be plain. */
  followCall(task: TaskReference): void {
    followCall(this.#parts, task);
  }

  nudge(): void {
    this.#runtime.nudge();
  }

  /**
   * Publishes a view to the other tabs. A call stays in this tab until somebody is asked about it. So does the end of a plain
   * call, unless other tabs may have found it queued.
   */
  #publishChange(view: TaskView, record: TaskRecord): void {
    const { id, call } = record;
    const ownership = this.#parts.ownership(record);
    const known = call.asTask || ownership.calls.makes(id);
    if (known && (!isCall(record) || call.rounds > 0)) ownership.publish(view, endedAsPlainCall(record));
  }

  /** Deletes a task, and yields a running one first. Rejects when the store does not delete it. */
  async forget(task: TaskName): Promise<void> {
    const { id } = task;
    const ownership = this.#parts.ownership(task);
    this.#sweep.forgot(id);
    this.#runtime.yield(id);
    ownership.calls.release(id);
    await this.#runtime.written();
    await this.#options.store.remove(id);
    this.#options.forgotten(id);
    ownership.forgot(id);
  }

  async close(): Promise<void> {
    this.#stepper.stop();
    await this.#runtime.written();
    this.#runtime.close();
    for (const ownership of this.#ownerships.values()) ownership.close();
  }

  #changed(state: TaskState, news: boolean): void {
    const { record } = state;
    const view = liveView(state);
    this.#options.changed(view);
    const ownership = this.#parts.ownership(record);
    if (news) this.#publishChange(view, record);
    if (record.outcome) {
      if (!this.#sweep.isUnstored(record.id)) this.#runtime.release(record.id);
      this.#sweep.settled();
    } else {
      // A later state is on its way to the store: it may make the call again, and it is the one that is handed over.
      const current = this.#runtime.state(record.id)?.record ?? record;
      if (current !== record || isCall(record)) return;
    }
    const handsOver = !record.outcome && claimOf(ownership, record) === "leave";
    if (handsOver) {
      const base = this.#runtime.base(record.id);
      this.#runtime.yield(record.id);
      ownership.handOver(record, base);
    }
    ownership.calls.release(record.id, !handsOver);
  }
}

function liveView(state: TaskState): TaskView {
  const { record, progress, retry } = state;
  return viewOf(record, { progress, retry, nextPollAt: nextPollAt(state) });
}
