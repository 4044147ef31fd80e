import type { Origin } from "../channel/rpc-channel.ts";
import type { Taken } from "../channel/transport.ts";
import { nextPollAt } from "../engine/plan.ts";
import { endedAsPlainCall, isCall, openInputs, type TaskRecord } from "../engine/record.ts";
import type { TaskState } from "../engine/state.ts";
import type { TaskReference } from "../errors.ts";
import { readQuestion } from "../protocol/input-request.ts";
import { isShallow, sameJson } from "../protocol/json.ts";
import type { RpcNotification, RpcRequest } from "../protocol/json-rpc.ts";
import { readRecord } from "../store/read-record.ts";
import type { TaskStore } from "../store/task-store.ts";
import { type TaskView, viewOf } from "../task-view.ts";
import type { Alarm } from "./alarm.ts";
import { type Problem, storageProblem } from "./problem.ts";
import { type TabAction, TabGroup } from "./tab-group.ts";
import type { TabPlatform } from "./tab-platform.ts";
import { type RuntimeOptions, TaskRuntime } from "./task-runtime.ts";
import { TimerLoop } from "./timer-loop.ts";

/** How long settled tasks are kept that nobody has forgotten. */
export interface Keep {
  /** From the outcome on, in ms. */
  readonly ms: number;
  /** And no more than this many, the latest. */
  readonly count: number;
}

export const DEFAULT_KEEP: Keep = { ms: 7 * 24 * 3_600_000, count: 1_000 };

/** How long a step waits for a question that `tasks/result` was opened for, in ms. */
const QUESTION_MS = 5_000;

/** How long it may take to hear what another tab has just published, in ms. */
const PUBLISHED_MS = 1_000;

/** After how many outcomes the settled tasks are looked through. */
const COLLECT_EVERY = 100;

/** What is the runtime's own affair, and passes through here. */
type ForRuntime = Omit<RuntimeOptions, "shared" | "changed" | "overtaken" | "storageFailed" | "rescheduled">;

/** Names a task. A store that no tabs share need not say its endpoint. */
interface TaskName {
  readonly id: string;
  readonly endpoint?: string;
}

export interface HostOptions extends ForRuntime {
  readonly keep: Keep;
  /** What wakes this process when it has been evicted; without it, timers do. */
  readonly alarm: Alarm | undefined;
  /** The tabs that share the store; none where a process is alone. */
  readonly tabs: TabPlatform | undefined;
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
  readonly #loop: TimerLoop;
  #stepping = false;
  /** By endpoint. Empty where this process is alone. */
  readonly #groups: Map<string, TabGroup> = new Map();
  /** Ends the lock that says: this tab is still making the call. */
  readonly #callEnds: Map<string, () => void> = new Map();
  /** Locks of calls that this tab waits for. */
  readonly #holds: Map<string, Promise<void>> = new Map();
  /** By task: how many actions are about to be applied that may make its call again. Its lock stays meanwhile. */
  readonly #acting: Map<string, number> = new Map();
  /** Tasks whose outcome the store would not take: only this process knows it. */
  readonly #unstored: Set<string> = new Set();
  #takingUp: Promise<readonly TaskRecord[]> | undefined;
  /** What was read because this process came to lead while it takes up: thousands need not be read twice. */
  #readMeanwhile: readonly TaskRecord[] | undefined;
  #outcomes = 0;

  constructor(options: HostOptions) {
    this.#options = options;
    const { store, clock, tabs, report } = options;
    this.#runtime = new TaskRuntime({
      ...options,
      shared: tabs !== undefined && store.scope !== undefined,
      changed: (state, news) => this.#changed(state, news),
      overtaken: (id) => this.#overtaken(id),
      storageFailed: ({ id, outcome }, error) => {
        if (outcome) this.#keepUnstored(id);
        report(storageProblem(`Task ${id} could not be stored`, error, id));
      },
      rescheduled: () => this.#rescheduled(),
    });
    store.onRestored?.((tasks) => {
      const message = `The browser lost the stored tasks of this origin. ${tasks} unfinished tasks were restored from their second copy and go on; settled tasks and their results are gone`;
      report({ kind: "storage-lost", tasks, message });
    });
    this.#loop = new TimerLoop(clock, (now) => this.#runtime.step(now));
    if (!tabs || store.scope === undefined) return;
    for (const name of options.endpoints) {
      const group = new TabGroup(tabs, clock, `${store.scope}/${name}`, {
        elected: async () => {
          const records = await this.active();
          if (this.#takingUp) this.#readMeanwhile = records;
          this.#wakeAll(records, (record) => record.endpoint === name);
          this.#refresh(name);
        },
        deposed: () => {
          this.#yieldAll(name);
          this.#refresh(name);
        },
        awake: () => this.#refresh(name),
        published: (view, plain) => {
          this.#runtime.overtakenBy(view);
          if (this.#isFollowed(view.id)) options.changed(view);
          else void this.#appliedUnknown(view, plain);
        },
        forgot: (id) => {
          this.#runtime.yield(id);
          options.forgotten(id);
        },
        adopt: (record, base) => this.#adopt(group, record, base),
        runs: (id) => this.#runtime.state(id) !== undefined,
        act: (action) => this.#act(action),
      });
      this.#groups.set(name, group);
    }
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
    await Promise.all([...this.#groups.values()].map((group) => group.join()));
    // Those of endpoints without a group are ours; those of no endpoint at all are reported.
    const dueFrom = await this.#options.alarm?.time();
    const records = this.#readMeanwhile ?? (await this.active());
    this.#wakeAll(records, (record) => !this.#groups.has(record.endpoint), dueFrom);
    const wokeToPoll = this.#options.alarm !== undefined && this.#runtime.states().next().done === false;
    // A process that lives for a poll or two looks through what is settled only when something settles.
    if (wokeToPoll) this.#outcomes = COLLECT_EVERY - 1;
    // What runs comes first; nobody waits for the tidying.
    else void this.#collect();
    return records;
  }

  /** Does what is due, and what comes due meanwhile, until nothing is out; then the alarm is set. */
  async step(): Promise<void> {
    const { clock } = this.#options;
    this.#stepping = true;
    try {
      do {
        const next = this.#runtime.step(clock.now());
        let cancel = (): void => undefined;
        const due = new Promise<void>((resolve) => {
          if (next < Number.POSITIVE_INFINITY) cancel = clock.after(Math.max(0, next - clock.now()), resolve);
        });
        await Promise.race([this.#runtime.quiet(QUESTION_MS), due]);
        cancel();
      } while (this.#runtime.busy);
    } finally {
      this.#stepping = false;
      await this.#arm();
    }
  }

  /** Makes a call. Resolves when its record is written, or the store has refused it. */
  async start(state: TaskState): Promise<void> {
    const { record } = state;
    const group = this.#groups.get(record.endpoint);
    // What other tabs find in the store must be seen to be this one's.
    const shared = record.stage === "queued" || record.call.asTask || this.#options.keepPlain;
    if (shared && group) {
      await group.join();
      await this.#holdCall(group, record.id);
    }
    // Should this tab die, the leader need not be a new one to find the call. Who believes to lead
    // announces it too: the lead may have been stolen, and the news not have come.
    if (shared) group?.handOver(record);
    await this.#runtime.start(state);
    // A leader elected meanwhile may have read the store before the call was in it.
    if (shared) group?.handOver(record);
  }

  /** Cancels or answers, wherever the task runs. Resolves when that is durable: false if there was nothing to do it to. */
  async act(endpoint: string, action: TabAction): Promise<boolean> {
    const group = this.#groups.get(endpoint);
    if (!group || this.#runtime.state(action.id)) return this.#act(action);
    await group.join();
    return group.ask(action);
  }

  /** Takes what a server sent that is not a reply. Returns whether it is about a task of ours. */
  inbound(endpoint: string, message: RpcRequest | RpcNotification, origin: Origin = {}): Taken {
    const taken = this.#runtime.inbound(endpoint, message, origin);
    if (typeof taken === "boolean") return taken || this.#passOn(endpoint, message, origin);
    return taken.then((own) => own || this.#passOn(endpoint, message, origin));
  }

  /** Connects to the endpoint while no other tab does. */
  exclusively<T>(endpoint: string, work: () => Promise<T>): Promise<T> {
    return this.#groups.get(endpoint)?.exclusively("session", work) ?? work();
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
    const group = this.#groups.get(endpoint);
    if (!group || this.#runtime.state(id)) return;
    const isGone = async (): Promise<boolean> => (await store.load(id)) === undefined;
    group.exclusively(`call/${id}`, isGone).then(
      (gone) => gone && clock.after(PUBLISHED_MS, () => over(id)),
      // A store that cannot be read says nothing.
      () => undefined,
    );
  }

  nudge(): void {
    this.#runtime.nudge();
  }

  /**
   * Publishes a view to the other tabs. A call stays in this tab until somebody is asked about it. So does the end of a plain
   * call, unless other tabs may have found it queued.
   */
  #publishChange(view: TaskView, record: TaskRecord): void {
    const { id, endpoint, call } = record;
    const known = call.asTask || this.#callEnds.has(id);
    if (known && (!isCall(record) || call.rounds > 0))
      this.#groups.get(endpoint)?.publish(view, endedAsPlainCall(record));
  }

  /** What the store does not take is kept in memory, as much as the store would keep. */
  #keepUnstored(id: string): void {
    this.#unstored.add(id);
    const [oldest] = this.#unstored;
    if (this.#unstored.size <= this.#options.keep.count || oldest === undefined || oldest === id) return;
    this.#unstored.delete(oldest);
    this.#runtime.release(oldest);
  }

  /** Deletes a task; one that runs is let go of first. Rejects when the store does not delete it. */
  async forget({ id, endpoint = "" }: TaskName): Promise<void> {
    this.#unstored.delete(id);
    this.#runtime.yield(id);
    await this.#runtime.written();
    await this.#options.store.remove(id);
    this.#options.forgotten(id);
    this.#groups.get(endpoint)?.forgot(id);
  }

  async close(): Promise<void> {
    this.#loop.stop();
    await this.#runtime.written();
    this.#runtime.close();
    for (const group of this.#groups.values()) group.close();
    for (const end of this.#callEnds.values()) end();
  }

  /** The unfinished records of the store. */
  async active(): Promise<readonly TaskRecord[]> {
    return this.#readable(await this.#stored((store) => store.loadActive(), []));
  }

  /** The records of the store that have an outcome. */
  async settled(): Promise<readonly TaskRecord[]> {
    return this.#readable(await this.#stored((store) => store.loadSettled(), []));
  }

  async record(id: string): Promise<TaskRecord | undefined> {
    const stored = await this.#stored((store) => store.load(id), undefined);
    return stored === undefined ? undefined : this.#readable([stored])[0];
  }

  /** A store that cannot be read is reported; what runs in memory goes on. */
  async #stored<T>(read: (store: TaskStore) => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await read(this.#options.store);
    } catch (error) {
      this.#options.report(storageProblem("The stored tasks could not be read", error));
      return otherwise;
    }
  }

  /** What cannot be read is reported and left as it is. */
  #readable(stored: readonly unknown[]): TaskRecord[] {
    return stored.flatMap((entry) => {
      const reading = readRecord(entry);
      if (reading.kind === "record") return [reading.record];
      const message = `A stored task cannot be read: ${reading.reason}. It is left as it is; another version of this library may read it`;
      this.#options.report({
        kind: "unreadable",
        message,
        ...(reading.id !== undefined && { id: reading.id }),
      });
      return [];
    });
  }

  #wakeAll(records: readonly TaskRecord[], ours: (record: TaskRecord) => boolean, dueFrom?: number): void {
    for (const record of records) {
      const group = this.#groups.get(record.endpoint);
      // Reading took its time: another tab may lead by now.
      if (!ours(record) || this.#runtime.state(record.id) || (group && !group.leads)) continue;
      if (!this.#options.endpoint(record.endpoint)) {
        const { id, endpoint } = record;
        const given = this.#options.endpoints.map((name) => JSON.stringify(name)).join(", ") || "none";
        const message = `Task ${id} waits for the endpoint ${JSON.stringify(endpoint)}, which this TaskClient was not given (it has ${given}). Give it its server under that name to resume its tasks`;
        this.#options.report({ kind: "unknown-endpoint", id, endpoint, message });
      } else if (isCall(record) && group) {
        void this.#wakeOrphan(group, record.id);
      } else this.#runtime.wake(record, dueFrom === undefined ? {} : { dueFrom });
    }
  }

  /** Deletes the settled tasks that retention no longer covers. */
  async #collect(): Promise<void> {
    const { keep, clock } = this.#options;
    const oldest = clock.now() - keep.ms;
    const outdated = await this.#stored<readonly TaskName[]>(
      async (store) =>
        (await store.outdated?.(oldest, keep.count))?.map((id) => ({ id })) ?? this.#outdated(oldest),
      [],
    );
    for (const task of outdated) await this.#stored(() => this.forget(task), undefined);
  }

  async #outdated(oldest: number): Promise<readonly TaskName[]> {
    const latestFirst = [...(await this.settled())].sort((a, b) => (b.settledAt ?? 0) - (a.settledAt ?? 0));
    return latestFirst.filter(
      ({ settledAt = 0 }, index) => index >= this.#options.keep.count || settledAt < oldest,
    );
  }

  /** Another tab or its leader has just heard of it: it need not be polled at once. */
  #adopt(group: TabGroup, record: TaskRecord, base?: number): void {
    if (isCall(record)) void this.#wakeOrphan(group, record.id);
    else this.#runtime.wake(record, { fresh: true }, base ?? null);
  }

  /** A call is recovered only when the tab that made it is gone, and its lock with it. Then it is this tab's. */
  #wakeOrphan(group: TabGroup, id: string): Promise<void> {
    return new Promise((woken) => {
      void group.exclusively(`call/${id}`, async () => {
        const record = await this.record(id);
        // The tab that made the call may have died before it could publish how it ended.
        if (record?.outcome) this.#publish(record);
        if (!record || record.outcome || !group.leads || this.#runtime.state(id)) return woken();
        const ended = isCall(record) ? this.#untilCallEnds(id) : undefined;
        // Past the call, its tab has just heard of the task, and hands it over too.
        this.#runtime.wake(record, { fresh: !isCall(record) });
        woken();
        await ended;
      });
    });
  }

  #holdCall(group: TabGroup, id: string): Promise<void> {
    // A lock is not granted twice, and this tab would wait for itself.
    if (this.#callEnds.has(id)) return Promise.resolve();
    const pending = this.#holds.get(id);
    if (pending) return pending;
    const held = new Promise<void>((resolve) => {
      void group.exclusively(`call/${id}`, () => {
        resolve();
        return this.#untilCallEnds(id);
      });
    });
    this.#holds.set(id, held);
    void held.then(() => this.#holds.delete(id));
    return held;
  }

  #untilCallEnds(id: string): Promise<void> {
    return new Promise((ended) => this.#callEnds.set(id, ended));
  }

  #endCall(id: string): void {
    this.#callEnds.get(id)?.();
    this.#callEnds.delete(id);
  }

  #rescheduled(): void {
    const { alarm } = this.#options;
    if (!alarm || alarm.besideTimers) this.#loop.wake(this.#runtime.nextStep());
    if (alarm && !this.#stepping) void this.#arm();
  }

  /** While a reply is waited for, the process may be evicted before it comes: then the alarm is there to find it so. */
  async #arm(): Promise<void> {
    const { alarm, clock, requestTimeoutMs, report } = this.#options;
    const overdue = this.#runtime.expecting
      ? clock.now() + requestTimeoutMs + QUESTION_MS
      : Number.POSITIVE_INFINITY;
    const at = Math.min(this.#runtime.nextStep(), overdue);
    if (at === Number.POSITIVE_INFINITY) return;
    await alarm?.set(at).catch((error: unknown) => {
      report(storageProblem("The alarm could not be set", error));
    });
  }

  #yieldAll(endpoint: string): void {
    for (const { record } of [...this.#runtime.states()]) {
      // A call this tab is making stays with it; so does one that can be no task, which nobody else knows.
      const calls = isCall(record) || !this.#runtime.isStored(record.id);
      const own =
        (calls && this.#callEnds.has(record.id)) || (record.stage === "calling" && !record.call.asTask);
      if (record.endpoint !== endpoint || own) continue;
      this.#runtime.yield(record.id);
      this.#endCall(record.id);
    }
  }

  #changed(state: TaskState, news: boolean): void {
    const { record } = state;
    const view = liveView(state);
    this.#options.changed(view);
    const group = this.#groups.get(record.endpoint);
    if (news) this.#publishChange(view, record);
    if (record.outcome) {
      if (!this.#unstored.has(record.id)) this.#runtime.release(record.id);
      if (++this.#outcomes % COLLECT_EVERY === 0) void this.#collect();
    } else {
      // A later state is on its way to the store: it may make the call again, and it is the one that is handed over.
      const current = this.#runtime.state(record.id)?.record ?? record;
      if (current !== record || isCall(record)) return;
    }
    if (group && !group.leads && !record.outcome) {
      const base = this.#runtime.base(record.id);
      this.#runtime.yield(record.id);
      group.handOver(record, base);
    } else if (this.#acting.has(record.id)) return;
    this.#endCall(record.id);
  }

  async #act(action: TabAction): Promise<boolean> {
    const { id } = action;
    const record = this.#runtime.state(id)?.record ?? (await this.record(id));
    if (!record) return false;
    // Where another tab was faster, what it wrote may take the action as well.
    const stored = async (): Promise<boolean> =>
      (await this.#runtime.stored(id)) || this.act(record.endpoint, action);
    // The leader before this one may have taken the answer and died before it said so.
    if (holdsAnswer(record, action)) return stored();
    const group = this.#groups.get(record.endpoint);
    if (!this.#runtime.state(id)) {
      if (record.outcome || !this.#options.endpoint(record.endpoint)) return false;
      // Deposed meanwhile: it is the next leader's to do.
      if (group && !group.leads) return group.ask(action);
      // A call that another tab is making is that tab's, until it ends.
      if (isCall(record) && group) await this.#wakeOrphan(group, id);
      else this.#runtime.wake(record);
    }
    const applied = await this.#beforeCallingAgain(action);
    const state = this.#runtime.state(id);
    const takes =
      state && (action.type !== "answered" || openInputs(state.record).some(({ key }) => key === action.key));
    if (!takes) {
      applied();
      // Deposed meanwhile, and perhaps elected again since.
      if (!state) return group ? group.ask(action) : false;
      // What refuses it here, or took it meanwhile, may yet give way to what another tab wrote.
      const current = await this.#runtime.stored(id);
      return current ? holdsAnswer(state.record, action) : this.act(record.endpoint, action);
    }
    this.#runtime.dispatch(id, action);
    applied();
    return stored();
  }

  /**
   * The last answer sends the call again (mrtr): it must be clear to other tabs who makes it. Resolves with what to call
   * once the action is applied, or is not to be.
   */
  async #beforeCallingAgain({ type, id }: TabAction): Promise<() => void> {
    const record = this.#runtime.state(id)?.record;
    const group = record && this.#groups.get(record.endpoint);
    if (type !== "answered" || record?.stage !== "asking" || !group) return () => undefined;
    this.#acting.set(id, (this.#acting.get(id) ?? 0) + 1);
    await this.#holdCall(group, id);
    return () => {
      const left = (this.#acting.get(id) ?? 1) - 1;
      if (left > 0) return void this.#acting.set(id, left);
      this.#acting.delete(id);
      if (this.#runtime.state(id)?.record.stage !== "calling") this.#endCall(id);
    };
  }

  /** A tab that was frozen for long publishes old views: the view of a task without a handle here is compared with the store. */
  async #appliedUnknown(view: TaskView, plain: boolean): Promise<void> {
    // A plain call of another tab is news only to a holder of its handle.
    if (plain) return this.#options.over(view.id);
    if (view.outcome) return void this.#options.changed(view);
    const stored = await this.record(view.id);
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
    const group = this.#groups.get(endpoint);
    if (!asked || !group) return false;
    // One that names no task is for the one task there is, if no other request of this tab brought it.
    const unnamed = asked.taskId === undefined && about === undefined;
    const own = this.#options.endpoint(endpoint)?.hasOwnTransport === true;
    const meant = [...this.#options.followed()].filter(
      ({ endpoint: theirs, taskId }) =>
        theirs === endpoint && taskId !== undefined && (unnamed ? own : taskId === asked.taskId),
    );
    const task = unnamed && meant.length > 1 ? undefined : meant.at(-1);
    if (task) void group.ask({ type: "asked", id: task.id, request: asked.request });
    return task !== undefined;
  }

  /** Another tab moved on a task that runs here, or deleted it. If this one leads, it goes on from there. */
  async #overtaken(id: string): Promise<TaskRecord | undefined> {
    const read = await this.#stored(async (store) => ({ entry: await store.load(id) }), undefined);
    const [record] = read?.entry === undefined ? [] : this.#readable([read.entry]);
    if (record) this.#publish(record);
    // The tab that deleted it may have died before it told the others.
    else if (read && read.entry === undefined) this.#options.forgotten(id);
    const group = record && this.#groups.get(record.endpoint);
    const goesOn = record && !record.outcome && (!group || group.leads);
    // A call that another tab makes is that tab's, until it ends.
    const own = !group || !isCall(record) || this.#runtime.sends(id, "call");
    if (goesOn && own) return record;
    this.#endCall(id);
    this.#runtime.yield(id);
    if (goesOn && group) void this.#wakeOrphan(group, id);
    return undefined;
  }

  /** Who wrote this may have died before it told the other tabs, or have been deposed meanwhile. */
  #publish(record: TaskRecord): void {
    const view = viewOf(record);
    this.#options.changed(view);
    this.#groups.get(record.endpoint)?.publish(view, endedAsPlainCall(record));
  }

  /** Another process may have written a later word on this task than this one has heard. */
  async #reload(id: string): Promise<void> {
    const record = await this.record(id);
    if (record) this.#options.changed(viewOf(record));
  }
}

function liveView(state: TaskState): TaskView {
  const { record, progress, trouble } = state;
  return viewOf(record, { progress, trouble, nextPollAt: nextPollAt(state) });
}

function holdsAnswer(record: TaskRecord, action: TabAction): boolean {
  if (action.type !== "answered") return false;
  const input = record.inputs.find(({ key }) => key === action.key);
  return input?.response !== undefined && sameJson(input.response, action.response);
}
