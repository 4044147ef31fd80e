import { nextPollAt } from "../engine/plan.ts";
import { endedAsPlainCall, isCall, type TaskRecord } from "../engine/record.ts";
import type { TaskState } from "../engine/state.ts";
import type { TaskReference } from "../errors.ts";
import type { Origin, Taken } from "../protocol/inbound.ts";
import type { RpcNotification, RpcRequest } from "../protocol/json-rpc.ts";
import { type TaskView, viewOf } from "../task-view.ts";
import type { HostOptions, HostParts } from "./host-parts.ts";
import { alone, type TaskAction } from "./ownership.ts";
import { storageProblem } from "./problem.ts";
import { overtaken, resume } from "./residence.ts";
import { createRetentionSweep, type TaskName } from "./retention.ts";
import { createStepper } from "./stepper.ts";
import { createStoredTasks, type StoredTasks } from "./stored-tasks.ts";
import { act } from "./task-actions.ts";
import { createTaskRuntime } from "./task-runtime.ts";

/**
 * Where the tasks of a store run: in this process if it is alone, else in the tab that leads for
 * their endpoint (tabs need not have the same endpoints). A call runs in the tab that makes it,
 * until it is a task; then the leader takes it over.
 */
export interface TaskHost {
  readonly stored: StoredTasks;
  /** The records of the tasks that run in this process, except those whose last change is not durable yet. */
  records(): readonly TaskRecord[];
  /** Whether a call is in flight, or about to leave. */
  calling(): boolean;
  /** The view of a task that runs in this process, unless its last change is not durable yet. */
  view(id: string): TaskView | undefined;
  /** Sees to it that every unfinished task of the store runs, here or in the leading tab. Resolves with their records. */
  resume(): Promise<readonly TaskRecord[]>;
  /** Does what is due, and what comes due meanwhile, until nothing is in flight; then sets the alarm. */
  step(): Promise<void>;
  /** Makes a call. Resolves when its record is written, or the store has refused it. */
  start(state: TaskState): Promise<void>;
  /** Cancels or answers, wherever the task runs. Resolves when that is durable: false if there was nothing to do it to. */
  act(endpoint: string, action: TaskAction): Promise<boolean>;
  /** Takes what a server sent that is not a reply. Returns whether it is about a task of ours. */
  inbound(endpoint: string, message: RpcRequest | RpcNotification, origin: Origin): Taken;
  /** Connects to the endpoint while no other tab does. */
  exclusively<T>(endpoint: string, work: () => Promise<T>): Promise<T>;
  /** Reports the end of another tab's queued call that turned out to be plain. */
  followCall(task: TaskReference): void;
  nudge(): void;
  /** Deletes a task, and yields a running one first. Rejects when the store does not delete it. */
  forget(task: TaskName): Promise<void>;
  close(): Promise<void>;
}

export function createTaskHost(options: HostOptions): TaskHost {
  const { store, clock, endpoints, report, alarm } = options;
  const stored = createStoredTasks(store, clock, report);
  const sweep = createRetentionSweep(stored, clock, options.retention, forget);
  const ownershipOf = store.scope === undefined ? alone : options.ownership;
  const runtime = createTaskRuntime({
    ...options,
    shared: ownershipOf !== alone,
    storing: announce,
    // A leader elected meanwhile may have read the store before the call was in it.
    stored: (call) => parts.ownership(call).handOver(call),
    changed,
    overtaken: (id) => overtaken(parts, id),
    storageFailed(record, error) {
      const { id, outcome } = record;
      // A leader elected meanwhile found nothing of it either, and its task may yet be stored.
      if (isCall(record)) parts.ownership(record).handOver(record);
      const dropped = outcome && sweep.addUnstored(id);
      if (dropped !== undefined) runtime.release(dropped);
      report(storageProblem(`Task ${id} could not be stored`, error, id));
    },
    rescheduled: () => stepper.rescheduled(),
  });
  const stepper = createStepper(options, runtime);
  let resuming: Promise<readonly TaskRecord[]> | undefined;
  /** What was read because this process came to lead while it resumes: thousands need not be read twice. */
  let readMeanwhile: readonly TaskRecord[] | undefined;
  const parts: HostParts = {
    options,
    runtime,
    stored,
    ownership: ({ endpoint = "" }) => ownerships.get(endpoint) ?? unowned,
    async active() {
      const records = await stored.active();
      if (resuming) readMeanwhile = records;
      return records;
    },
  };
  const unowned = alone("", parts);
  /** By endpoint. */
  const ownerships = new Map(endpoints.map((name) => [name, ownershipOf(name, parts)]));

  async function resumeAll(): Promise<readonly TaskRecord[]> {
    await Promise.all([...ownerships.values()].map((ownership) => ownership.join()));
    const dueFrom = await alarm?.time();
    const records = readMeanwhile ?? (await stored.active());
    // A leader has resumed its own; records of unknown endpoints are reported.
    const own = records.filter((record) => parts.ownership(record).leadership === "alone");
    await resume(parts, own, dueFrom);
    // A process that lives for a poll or two looks through what is settled only when something settles.
    if (alarm && runtime.states().length > 0) sweep.collectLater();
    // What runs comes first; nobody waits for the tidying.
    else void sweep.collect();
    return records;
  }

  /** Other tabs may find the record: the lock of the call shows them that this one makes it. */
  async function announce(call: TaskRecord): Promise<void> {
    const ownership = parts.ownership(call);
    await ownership.join();
    await ownership.calls.hold(call.id);
    // Should this tab die, the leader need not be a new one to find the call. A tab that believes to lead
    // announces it too: the lead may have been stolen, and the news not have come.
    ownership.handOver(call);
  }

  async function forget(task: TaskName): Promise<void> {
    const { id } = task;
    const ownership = parts.ownership(task);
    sweep.forgot(id);
    runtime.yield(id);
    ownership.calls.release(id);
    await runtime.written();
    await store.remove(id);
    options.forgotten(id);
    ownership.forgot(id);
  }

  function changed(state: TaskState, news: boolean): void {
    const { record } = state;
    const { id, call, outcome } = record;
    const view = liveView(state);
    options.changed(view);
    const ownership = parts.ownership(record);
    // A call stays in this tab until somebody is asked about it. So does the end of a plain call, unless other tabs may have
    // found it queued.
    const known = news && (call.asTask || ownership.calls.makes(id));
    if (known && (!isCall(record) || call.rounds > 0)) ownership.publish(view, endedAsPlainCall(record));
    if (outcome) {
      if (!sweep.isUnstored(id)) runtime.release(id);
      sweep.settled();
    } else {
      // A later state is on its way to the store: it may make the call again, and it is the one that is handed over.
      const current = runtime.state(id)?.record ?? record;
      if (current !== record || isCall(record)) return;
    }
    const handsOver = !outcome && ownership.claim(record) === "leave";
    if (handsOver) {
      const base = runtime.base(id);
      runtime.yield(id);
      ownership.handOver(record, base);
    }
    ownership.calls.release(id, !handsOver);
  }

  return {
    stored,
    records: () =>
      runtime
        .states()
        .map(({ record }) => record)
        .filter(({ id }) => runtime.isStored(id)),
    calling: () =>
      runtime
        .states()
        .some(
          ({ record, inFlight, backoff }) => record.stage === "calling" && (inFlight.size > 0 || !backoff),
        ),
    view(id) {
      const state = runtime.isStored(id) ? runtime.state(id) : undefined;
      return state && liveView(state);
    },
    resume() {
      resuming ??= resumeAll().finally(() => {
        resuming = undefined;
        readMeanwhile = undefined;
      });
      return resuming;
    },
    step: stepper.step,
    start: runtime.start,
    act: (endpoint, action) => act(parts, endpoint, action),
    inbound(endpoint, message, origin) {
      const taken = runtime.inbound(endpoint, message, origin);
      const { passOn } = parts.ownership({ endpoint });
      if (typeof taken === "boolean") return taken || passOn(message, origin);
      return taken.then((own) => own || passOn(message, origin));
    },
    exclusively: (endpoint, work) => parts.ownership({ endpoint }).exclusively("session", work),
    followCall: (task) => parts.ownership(task).followCall(task),
    nudge: runtime.nudge,
    forget,
    async close() {
      stepper.stop();
      await runtime.written();
      runtime.close();
      for (const ownership of ownerships.values()) ownership.close();
    },
  };
}

function liveView(state: TaskState): TaskView {
  const { record, progress, retry } = state;
  return viewOf(record, { progress, retry, nextPollAt: nextPollAt(state) });
}
