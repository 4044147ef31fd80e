import { CLAIMS, type Claim } from "../engine/claim.ts";
import { nextPollAt } from "../engine/plan.ts";
import { endedAsPlainCall, isCall, openInputs, type TaskRecord } from "../engine/record.ts";
import type { TaskState } from "../engine/state.ts";
import { ClientClosedError, type TaskReference } from "../errors.ts";
import type { Origin, Taken } from "../protocol/inbound.ts";
import { readQuestion } from "../protocol/input-request.ts";
import { isShallow, sameJson } from "../protocol/json.ts";
import type { RpcNotification, RpcRequest } from "../protocol/json-rpc.ts";
import { type TaskView, viewOf } from "../task-view.ts";
import type { Alarm } from "./alarm.ts";
import {
  alone,
  type Ownership,
  type OwnershipEvents,
  type OwnershipOf,
  type TaskAction,
} from "./ownership.ts";
import { type Problem, storageProblem } from "./problem.ts";
import { type Keep, Retention, type TaskName } from "./retention.ts";
import type { RuntimeOptions } from "./runtime-options.ts";
import { Stepper } from "./stepper.ts";
import { StoredTasks } from "./stored-tasks.ts";
import { TaskRuntime } from "./task-runtime.ts";

/** How long it may take to hear what another tab has just published, in ms. */
const PUBLISHED_MS = 1_000;

/** What is the runtime's own affair, and passes through here. */
type ForRuntime = Omit<
  RuntimeOptions,
  "shared" | "storing" | "stored" | "changed" | "overtaken" | "storageFailed" | "rescheduled"
>;

export interface HostOptions extends ForRuntime {
  readonly keep: Keep;
  /** Wakes this process when it has been evicted; without it, timers do. */
  readonly alarm: Alarm | undefined;
  /** Who runs the tasks, if other processes may share the store. */
  readonly ownership: OwnershipOf;
  readonly endpoints: readonly string[];
  /** The unfinished tasks somebody here holds a handle of. */
  readonly followed: () => Iterable<TaskReference>;
  /** After every change of a task, in whatever tab it runs. */
  readonly changed: (view: TaskView) => void;
  /** A call of another tab has ended, and is in the store no more: what was read of it is out of date. */
  readonly over: (id: string) => void;
  /** After a settled task was deleted, in whatever tab. */
  readonly forgotten: (id: string) => void;
  readonly report: (problem: Problem) => void;
}

/**
 * Where the tasks of a store run: in this process if it is alone, else in the tab that leads for
 * their endpoint (tabs need not have the same endpoints). A call runs in the tab that makes it,
 * until it is a task; then the leader takes it over.
 */
export class TaskHost {
  readonly #options: HostOptions;
  readonly #runtime: TaskRuntime;
  readonly stored: StoredTasks;
  readonly #retention: Retention;
  readonly #stepper: Stepper;
  /** By endpoint. */
  readonly #ownerships: ReadonlyMap<string, Ownership>;
  /** Of endpoints that this client was not given. */
  readonly #unowned: Ownership;
  #takingUp: Promise<readonly TaskRecord[]> | undefined;
  /** What was read because this process came to lead while it takes up: thousands need not be read twice. */
  #readMeanwhile: readonly TaskRecord[] | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    const { store, clock, endpoints, report } = options;
    this.stored = new StoredTasks(store, report);
    this.#retention = new Retention(this.stored, clock, options.keep, (task) => this.forget(task));
    const ownershipOf = store.scope === undefined ? alone : options.ownership;
    this.#ownerships = new Map(
      endpoints.map((name) => [name, ownershipOf(`${store.scope}/${name}`, clock, this.#eventsOf(name))]),
    );
    this.#unowned = alone("", clock, this.#eventsOf(""));
    this.#runtime = new TaskRuntime({
      ...options,
      shared: [...this.#ownerships.values()].some(({ standing }) => standing !== "alone"),
      storing: (call) => this.#announce(call),
      // A leader elected meanwhile may have read the store before the call was in it.
      stored: (call) => this.#ownership(call).handOver(call),
      changed: (state, news) => this.#changed(state, news),
      overtaken: (id) => this.#overtaken(id),
      storageFailed: ({ id, outcome }, error) => {
        const dropped = outcome && this.#retention.keepUnstored(id);
        if (dropped !== undefined) this.#runtime.release(dropped);
        report(storageProblem(`Task ${id} could not be stored`, error, id));
      },
      rescheduled: () => this.#stepper.rescheduled(),
    });
    this.#stepper = new Stepper(options, this.#runtime);
  }

  #eventsOf(endpoint: string): OwnershipEvents {
    const { changed, forgotten } = this.#options;
    return {
      elected: async () => {
        const records = await this.stored.active();
        if (this.#takingUp) this.#readMeanwhile = records;
        this.#wakeAll(records, (record) => record.endpoint === endpoint);
        this.#refresh(endpoint);
      },
      deposed: () => {
        this.#yieldAll(endpoint);
        this.#refresh(endpoint);
      },
      awake: () => this.#refresh(endpoint),
      published: (view, plain) => {
        this.#runtime.overtakenBy(view);
        if (this.#isFollowed(view.id)) changed(view);
        else void this.#appliedUnknown(view, plain);
      },
      outdated: (view) => {
        this.#runtime.overtakenBy(view);
        if (!this.#runtime.state(view.id) && this.#isFollowed(view.id)) void this.#reload(view.id);
      },
      forgot: (id) => {
        this.#runtime.yield(id);
        forgotten(id);
      },
      adopt: (record, base) => this.#adopt(record, base),
      runs: (id) => this.#runtime.state(id) !== undefined,
      act: (action) => this.#act(action),
    };
  }

  #ownership({ endpoint = "" }: { readonly endpoint?: string }): Ownership {
    return this.#ownerships.get(endpoint) ?? this.#unowned;
  }

  /** The views of the tasks that run in this process, except those whose last change is not durable yet. */
  views(): readonly TaskView[] {
    const states = [...this.#runtime.states()];
    return states.filter(({ record }) => this.#runtime.isStored(record.id)).map(liveView);
  }

  /** Whether a call is in flight, or about to leave. */
  get calling(): boolean {
    return [...this.#runtime.states()].some(
      ({ record, inFlight, hold }) => record.stage === "calling" && (inFlight.size > 0 || !hold),
    );
  }

  /** The view of a task that runs in this process, unless its last change is not durable yet. */
  view(id: string): TaskView | undefined {
    const state = this.#runtime.isStored(id) ? this.#runtime.state(id) : undefined;
    return state && liveView(state);
  }

  /** Sees to it that every unfinished task of the store runs, here or in the leading tab. Gives their records. */
  takeUp(): Promise<readonly TaskRecord[]> {
    this.#takingUp ??= this.#takeUp().finally(() => {
      this.#takingUp = undefined;
      this.#readMeanwhile = undefined;
    });
    return this.#takingUp;
  }

  async #takeUp(): Promise<readonly TaskRecord[]> {
    await Promise.all([...this.#ownerships.values()].map((ownership) => ownership.join()));
    const dueFrom = await this.#options.alarm?.time();
    const records = this.#readMeanwhile ?? (await this.stored.active());
    // A leader has resumed its own; records of unknown endpoints are reported.
    this.#wakeAll(records, (record) => this.#ownership(record).standing === "alone", dueFrom);
    const wokeToPoll = this.#options.alarm !== undefined && this.#runtime.states().next().done === false;
    // A process that lives for a poll or two looks through what is settled only when something settles.
    if (wokeToPoll) this.#retention.collectLater();
    // What runs comes first; nobody waits for the tidying.
    else void this.#retention.collect();
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
    const ownership = this.#ownership(call);
    await ownership.join();
    await ownership.calls.hold(call.id);
    // Should this tab die, the leader need not be a new one to find the call. A tab that believes to lead
    // announces it too: the lead may have been stolen, and the news not have come.
    ownership.handOver(call);
  }

  /** Cancels or answers, wherever the task runs. Resolves when that is durable: false if there was nothing to do it to. */
  async act(endpoint: string, action: TaskAction): Promise<boolean> {
    if (this.#runtime.state(action.id)) return this.#act(action);
    const ownership = this.#ownership({ endpoint });
    await ownership.join();
    return ownership.ask(action);
  }

  /** Takes what a server sent that is not a reply. Returns whether it is about a task of ours. */
  inbound(endpoint: string, message: RpcRequest | RpcNotification, origin: Origin = {}): Taken {
    const taken = this.#runtime.inbound(endpoint, message, origin);
    if (typeof taken === "boolean") return taken || this.#passOn(endpoint, message, origin);
    return taken.then((own) => own || this.#passOn(endpoint, message, origin));
  }

  /** Connects to the endpoint while no other tab does. */
  exclusively<T>(endpoint: string, work: () => Promise<T>): Promise<T> {
    return this.#ownership({ endpoint }).exclusively("session", work);
  }

  release(id: string): void {
    this.#runtime.release(id);
  }

  /**
   * Reports the end of another tab's queued call that turned out to be plain: it left the store, and ends with its tab.
   * Until then that tab publishes how it ended.
   */
  followCall({ id, endpoint }: TaskReference): void {
    const { store, clock, over } = this.#options;
    if (this.#runtime.state(id)) return;
    const look = async (): Promise<void> => {
      if ((await store.load(id)) === undefined) clock.after(PUBLISHED_MS, () => over(id));
    };
    // A store that cannot be read says nothing.
    this.#ownership({ endpoint }).calls.takeOver(id, () => look().catch(() => undefined));
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
    const ownership = this.#ownership(record);
    const known = call.asTask || ownership.calls.makes(id);
    if (known && (!isCall(record) || call.rounds > 0)) ownership.publish(view, endedAsPlainCall(record));
  }

  /** Deletes a task; one that runs is let go of first. Rejects when the store does not delete it. */
  async forget(task: TaskName): Promise<void> {
    const { id } = task;
    const ownership = this.#ownership(task);
    this.#retention.forgot(id);
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

  #wakeAll(records: readonly TaskRecord[], ours: (record: TaskRecord) => boolean, dueFrom?: number): void {
    for (const record of records) {
      const { id, endpoint } = record;
      if (!ours(record) || this.#runtime.state(id)) continue;
      const ownership = this.#ownership(record);
      // Reading took its time: another tab may lead by now.
      const claim = claimOf(ownership, record);
      if (claim === "leave") continue;
      if (!this.#options.endpoint(endpoint)) {
        const given = this.#options.endpoints.map((name) => JSON.stringify(name)).join(", ") || "none";
        const message = `Task ${id} waits for the endpoint ${JSON.stringify(endpoint)}, which this TaskClient was not given (it has ${given}). Give it its server under that name to resume its tasks`;
        this.#options.report({ kind: "unknown-endpoint", id, endpoint, message });
      } else if (claim === "wait") void this.#wakeOrphan(ownership, id);
      else this.#runtime.wake(record, dueFrom === undefined ? {} : { dueFrom });
    }
  }

  /** Another tab has just heard of the task: it need not be polled at once. */
  #adopt(record: TaskRecord, base?: number): void {
    const ownership = this.#ownership(record);
    const claim = claimOf(ownership, record);
    if (claim === "wait") void this.#wakeOrphan(ownership, record.id);
    else if (claim === "run") this.#runtime.wake(record, { fresh: true }, base ?? null);
  }

  /** A call is recovered only when the tab that made it is gone, and its lock with it. Then it is this tab's. */
  #wakeOrphan(ownership: Ownership, id: string): Promise<void> {
    return ownership.calls.takeOver(id, async (keep) => {
      const record = await this.stored.record(id);
      // The tab that made the call may have died before it could publish how it ended.
      if (record?.outcome) this.#publish(record);
      if (!record || record.outcome || ownership.standing === "following" || this.#runtime.state(id)) return;
      if (isCall(record)) keep();
      // Past the call, its tab has just heard of the task, and hands it over too.
      this.#runtime.wake(record, { fresh: !isCall(record) });
    });
  }

  #yieldAll(endpoint: string): void {
    const ownership = this.#ownership({ endpoint });
    for (const { record } of [...this.#runtime.states()]) {
      if (record.endpoint !== endpoint) continue;
      const { id, stage, call } = record;
      // A call this tab is making stays with it; so does one that can be no task, which nobody else knows.
      const isPlain = stage === "calling" && !call.asTask;
      if (isPlain || (!this.#runtime.isStored(id) && ownership.calls.makes(id))) continue;
      if (claimOf(ownership, record) !== "leave") continue;
      this.#runtime.yield(id);
      ownership.calls.release(id);
    }
  }

  #changed(state: TaskState, news: boolean): void {
    const { record } = state;
    const view = liveView(state);
    this.#options.changed(view);
    const ownership = this.#ownership(record);
    if (news) this.#publishChange(view, record);
    if (record.outcome) {
      if (!this.#retention.isUnstored(record.id)) this.#runtime.release(record.id);
      this.#retention.settled();
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

  async #act(action: TaskAction): Promise<boolean> {
    const { id } = action;
    const record = this.#runtime.state(id)?.record ?? (await this.stored.record(id));
    if (!record) return false;
    // Where another tab was faster, what it wrote may take the action as well.
    const stored = async (): Promise<boolean> =>
      (await this.#runtime.stored(id)) || this.act(record.endpoint, action);
    // The leader before this one may have taken the answer and died before it said so.
    if (holdsAnswer(record, action)) return stored();
    const ownership = this.#ownership(record);
    if (!this.#runtime.state(id)) {
      if (record.outcome || !this.#options.endpoint(record.endpoint)) return false;
      const claim = claimOf(ownership, record);
      // Deposed meanwhile: the next leader acts.
      if (claim === "leave") return ownership.ask(action);
      if (claim === "wait") await this.#wakeOrphan(ownership, id);
      else this.#runtime.wake(record);
    }
    const applied = await this.#beforeCallingAgain(action);
    const state = this.#runtime.state(id);
    const takes =
      state && (action.type !== "answered" || openInputs(state.record).some(({ key }) => key === action.key));
    if (!takes) {
      applied();
      // Deposed meanwhile, and perhaps elected again since.
      if (!state) return ownership.ask(action);
      // What refuses it here, or took it meanwhile, may yet give way to what another tab wrote.
      const current = await this.#runtime.stored(id);
      return current ? holdsAnswer(state.record, action) : this.act(record.endpoint, action);
    }
    // It would be dropped, and its caller told that it is durable.
    if (this.#runtime.closed) throw new ClientClosedError();
    this.#runtime.dispatch(id, action);
    applied();
    return stored();
  }

  /**
   * The last answer sends the call again (mrtr): it must be clear to other tabs who makes it. Resolves with what to call
   * once the action is applied, or is not to be.
   */
  async #beforeCallingAgain({ type, id }: TaskAction): Promise<() => void> {
    const record = this.#runtime.state(id)?.record;
    if (type !== "answered" || record?.stage !== "asking") return () => undefined;
    const applied = await this.#ownership(record).calls.use(id);
    return () => applied(this.#runtime.state(id)?.record.stage === "calling");
  }

  /** A tab that was frozen for long publishes old views: the view of a task without a handle here is compared with the store. */
  async #appliedUnknown(view: TaskView, plain: boolean): Promise<void> {
    // A plain call of another tab is news only to a holder of its handle.
    if (plain) return this.#options.over(view.id);
    if (view.outcome) return void this.#options.changed(view);
    const stored = await this.stored.record(view.id);
    // Without a record in the store, the task was a plain call that has ended.
    if (stored) this.#options.changed(stored.rev > view.rev ? viewOf(stored) : view);
  }

  #isFollowed(id: string): boolean {
    return [...this.#options.followed()].some((task) => task.id === id);
  }

  /** A tab that was frozen may have been told nothing: it reads what it missed. */
  #refresh(endpoint: string): void {
    for (const task of [...this.#options.followed()]) {
      if (task.endpoint === endpoint && !this.#runtime.state(task.id)) void this.#reload(task.id);
    }
  }

  /** A question about a task that another tab runs may come to this tab's connection (2025-11-25). */
  #passOn(endpoint: string, message: RpcRequest | RpcNotification, { about, sessionId }: Origin): boolean {
    const asked = isShallow(message.params) ? readQuestion(message, sessionId, about) : undefined;
    const ownership = this.#ownership({ endpoint });
    if (!asked || ownership.standing === "alone") return false;
    // One that names no task is for the one task there is, if no other request of this tab brought it.
    const unnamed = asked.taskId === undefined && about === undefined;
    const own = this.#options.endpoint(endpoint)?.hasOwnTransport === true;
    const meant = [...this.#options.followed()].filter(
      ({ endpoint: theirs, taskId }) =>
        theirs === endpoint && taskId !== undefined && (unnamed ? own : taskId === asked.taskId),
    );
    const task = unnamed && meant.length > 1 ? undefined : meant.at(-1);
    if (task) void ownership.ask({ type: "asked", id: task.id, request: asked.request });
    return task !== undefined;
  }

  /** Another tab moved on a task that runs here, or deleted it. If this one leads, it goes on from there. */
  async #overtaken(id: string): Promise<TaskRecord | undefined> {
    const look = await this.stored.look(id);
    const record = look?.record;
    if (record) this.#publish(record);
    // The tab that deleted it may have died before it told the others.
    else if (look && !look.held) this.#options.forgotten(id);
    const ownership = this.#ownership(record ?? this.#runtime.state(id)?.record ?? {});
    const goesOn = record && !record.outcome && ownership.standing !== "following";
    // A call that another tab makes is that tab's, until it ends.
    const own =
      goesOn && (!isCall(record) || ownership.standing === "alone" || this.#runtime.sends(id, "call"));
    if (own) return record;
    ownership.calls.release(id);
    this.#runtime.yield(id);
    if (goesOn) void this.#wakeOrphan(ownership, id);
    return undefined;
  }

  /** Who wrote this may have died before it told the other tabs, or have been deposed meanwhile. */
  #publish(record: TaskRecord): void {
    const view = viewOf(record);
    this.#options.changed(view);
    this.#ownership(record).publish(view, endedAsPlainCall(record));
  }

  /** Another process may have written a later word on this task than this one has heard. */
  async #reload(id: string): Promise<void> {
    const record = await this.stored.record(id);
    if (record) this.#options.changed(viewOf(record));
  }
}

function liveView(state: TaskState): TaskView {
  const { record, progress, trouble } = state;
  return viewOf(record, { progress, trouble, nextPollAt: nextPollAt(state) });
}

function claimOf({ standing, calls }: Ownership, record: TaskRecord): Claim {
  return CLAIMS[standing][isCall(record) ? (calls.makes(record.id) ? "own call" : "other call") : "task"];
}

function holdsAnswer(record: TaskRecord, action: TaskAction): boolean {
  if (action.type !== "answered") return false;
  const input = record.inputs.find(({ key }) => key === action.key);
  return input?.response !== undefined && sameJson(input.response, action.response);
}
