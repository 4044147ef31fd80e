import { begun } from "../engine/effects.ts";
import { nextDue } from "../engine/plan.ts";
import type { Policy } from "../engine/policy.ts";
import { afterRebase, rebased } from "../engine/rebase.ts";
import { hasEnded, openInputs, type TaskRecord } from "../engine/record.ts";
import { movedBy } from "../engine/retry.ts";
import { isForgotten } from "../engine/reused-id.ts";
import {
  type Command,
  idleState,
  type Operation,
  type TaskEvent,
  type TaskState,
  type Transition,
} from "../engine/state.ts";
import { transition } from "../engine/transition.ts";
import type { Origin, Taken } from "../protocol/inbound.ts";
import type { RpcNotification, RpcRequest } from "../protocol/json-rpc.ts";
import { watchClock } from "./clock-watch.ts";
import { createDueQueue } from "./due-queue.ts";
import { createGate } from "./gate.ts";
import { createInbound } from "./inbound.ts";
import { createRecordWriter, type WriteResult } from "./record-writer.ts";
import type { RuntimeOptions } from "./runtime-options.ts";
import { createTaskRequests } from "./task-requests.ts";
import { createTaskTable, type RunningTask, type Tenure } from "./task-table.ts";

/** How many `tasks/result` streams of an endpoint wait for questions at once. A page has six connections to a host. */
const QUESTION_STREAMS = 2;

/** The same for all polls. */
const DUE: TaskEvent = { type: "due" };

/**
 * Carries out what the engine decides. For each task the order is fixed: next state, persist, send, publish. It has no timer
 * of its own: somebody calls `step`.
 */
export interface TaskRuntime {
  state(id: string): TaskState | undefined;
  states(): readonly TaskState[];
  /** Takes no more events. */
  closed(): boolean;
  /** Starts a new call. Resolves when its record is written, or the store has refused it. */
  start(state: TaskState): Promise<void>;
  /**
   * Resumes an unfinished record. `fresh`: another process has just read it from the server.
   * @param base The `rev` that the store holds, if its last write failed another than the record's; `null` if none succeeded.
   */
  wake(
    record: TaskRecord,
    how?: { readonly fresh?: boolean; readonly dueFrom?: number },
    base?: number | null,
  ): void;
  /** The `rev` of the task that the store holds, as far as this process knows. */
  base(id: string): number | undefined;
  /** Does what is due, and says when to come back: ms since 1970, or Infinity. */
  step(now: number): number;
  /** Whether this process has such a request for the task in flight, and has not only planned it. */
  sends(id: string, operation: Operation): boolean;
  /** When to step next: ms since 1970, or Infinity. */
  nextStep(): number;
  /** Whether a step has something to wait for: a reply, or a write. */
  busy(): boolean;
  /** Whether anything would be lost with this process. */
  expecting(): boolean;
  /**
   * Resolves when nothing is in flight any more and all is written. `tasks/result` opened for a question that
   * does not come in time is given up: it is opened again at the next poll (2025-11-25).
   */
  quiet(questionMs: number): Promise<void>;
  /** The network or the page came back: what waits out a failure need not wait longer. */
  nudge(): void;
  dispatch(id: string, ...events: readonly TaskEvent[]): void;
  /** Releases a task that others run, or that has settled: its record is the store's. */
  release(id: string): void;
  /** Takes what a server sent that is not a reply. Returns whether it is about a task of ours. */
  inbound(endpoint: string, message: RpcRequest | RpcNotification, origin: Origin): Taken;
  /** Releases a task that others run: what is in flight for it no longer matters here. */
  yield(id: string): void;
  /** Another process says that it moved the task on to this record: the questions of an older state are not those that are open. */
  overtakenBy(record: Pick<TaskRecord, "id" | "rev">): void;
  close(): void;
  /** Whether what is known of a task here is as durable as it will be. */
  isStored(id: string): boolean;
  /** Resolves when the record's last write has ended: with false if another process was faster. */
  stored(id: string): Promise<boolean>;
  /** Resolves when every write begun so far has ended. */
  written(): Promise<void>;
}

export function createTaskRuntime(options: RuntimeOptions): TaskRuntime {
  const { store, clock, timing, requestTimeoutMs, questions } = options;
  const policy: Policy = { ...options, ...timing };
  const clockJump = watchClock(clock);
  const due = createDueQueue();
  const closing = new AbortController();
  const closed = (): boolean => closing.signal.aborted;
  /** Steps that wait until nothing is in flight. */
  const waiting: (() => void)[] = [];
  const table = createTaskTable((name) => ({
    server: options.endpoint(name),
    tasks: new Map(),
    named: new Map(),
    questionStreams: createGate(QUESTION_STREAMS),
  }));
  const { tasks } = table;
  const push = options.push?.({
    clock,
    timing,
    pushing(ids, on) {
      for (const id of ids) dispatchTo(id, { type: "pushing", on });
    },
  });
  const writer = createRecordWriter(options, rebase, ended);
  const requests = createTaskRequests(
    options,
    options.recovery?.lostCalls(store, clock, timing.backoffMs, {
      timeoutMs: requestTimeoutMs,
      signal: closing.signal,
    }),
    replied,
    (operation) => {
      if (operation === "call") asking?.callEnded();
      ended();
    },
  );
  const asking = questions?.createAsking(table, clock, (task, event) => dispatch(task, [event]));
  const inbound = createInbound(table, options.maxResultLength, asking, (task, event) =>
    dispatch(task, [event]),
  );

  const busy = (): boolean => requests.inFlight() > 0 || writer.busy();

  function ended(): void {
    if (!busy()) for (const resolve of waiting.splice(0)) resolve();
  }

  function dispatchTo(id: string, ...events: readonly TaskEvent[]): void {
    const task = tasks.get(id);
    if (task) dispatch(task, events);
  }

  function dispatch(task: RunningTask, events: readonly TaskEvent[]): void {
    followClock();
    const { id, tenure, state: before } = task;
    if (closed() || tasks.get(id) !== task) return;
    // The record that another process wrote is being read: nothing is decided by the one it replaces.
    if (tenure.overtaken) return void tenure.unsaved.push(...events);
    const next = transition(before, events, clock.now(), policy);
    const { state, persist } = next;
    task.state = state;
    if (state.record.outcome) push?.unlisten(task);
    due.set(id, nextDue(state, policy));
    const written = persist ? writer.write(task, state.record, persist, events) : writer.last(id);
    if (!written) proceed(task, tenure, next, "stored");
    else {
      // The store may lack what an earlier event brought: the task's id above all.
      const isKnown = before.record.taskId !== undefined && tenure.base === before.record.rev;
      const commands = next.commands.filter((command) => !isKnown || !fetchesEarly(task, command));
      void written.then((result) => proceed(task, tenure, { ...next, commands }, result));
    }
    options.rescheduled();
    if (events.some(({ type }) => type === "asked")) asking?.closeStream(task);
    if (state.record.taskId !== before.record.taskId) index(task);
  }

  /** Indexes a task by the server's id. If another call has it as well, the server forgot the earlier one's task. */
  function index(task: RunningTask): void {
    const other = tasks.get(task.id) === task && table.index(task);
    if (!other) return;
    endForgotten(task, other);
    endForgotten(other, task);
  }

  function endForgotten(task: RunningTask, { state }: RunningTask): void {
    if (isForgotten(task.state, state)) dispatch(task, [{ type: "reused", by: state.record }]);
  }

  /**
   * Sends what asks for the result of a task that has ended while that is being written: it changes nothing at the server, and
   * should this process die, the next one asks again. The end is in the app a write earlier.
   */
  function fetchesEarly(task: RunningTask, { type, operation }: Command): boolean {
    const { record } = task.state;
    const early = type === "send" && operation === "result" && hasEnded(record);
    if (early) requests.send(task, record, operation);
    return early;
  }

  /** Carries out what was decided, once it is as durable as it will be. */
  function proceed(task: RunningTask, tenure: Tenure, next: Transition, result: WriteResult): void {
    const { state, commands, persist, publish, leavesQueue } = next;
    const released = tasks.get(task.id)?.tenure !== tenure;
    if (closed() || (released && result !== "stored")) return;
    const isQueued = leavesQueue && result === "unstored" && tenure.base !== undefined;
    for (const { type, operation } of released || isQueued ? [] : commands) {
      if (type === "abandon") task.requests.get(operation)?.abort();
      else {
        // Before the call leaves: a server may ask at once, on its own stream.
        if (operation === "describe" || operation === "call") push?.listen(task);
        requests.send(task, state.record, operation);
      }
    }
    if (persist && state.record.outcome && result !== "superseded") options.tracing?.settled(state.record);
    // This write was in flight when the task was handed over, so only this process can publish it.
    if (publish === "everywhere" || (publish && !released)) options.changed(state, publish === "everywhere");
    if (persist === "removeOncePublished") void writer.remove(state.record);
    if (isQueued) dispatch(task, [{ type: "stillQueued" }]);
  }

  function replied(task: RunningTask, event: TaskEvent): void {
    // The stream of a session that is over would hold up the one on which the server asks again.
    if (event.type === "undeliverable") asking?.giveUp(task);
    dispatch(task, [event]);
    if (tasks.get(task.id) === task && (event.type === "polled" || event.type === "called"))
      push?.watch(task);
  }

  function followClock(): void {
    const jump = clockJump();
    if (jump === 0) return;
    for (const task of table.all()) {
      task.state = movedBy(task.state, jump);
      due.set(task.id, nextDue(task.state, policy));
    }
  }

  /**
   * Another process moved the task on: this one goes on from the record in the store, or releases the task. What it has in
   * flight stays so, and what it received meanwhile is applied again: a reply must not be lost, nor a request made twice.
   */
  function rebase(task: RunningTask, tenure: Tenure): Promise<void> {
    // Once, by the first that finds it out.
    tenure.overtaken ??= options.overtaken(task.id).then((record) => goOn(task, tenure, record));
    return tenure.overtaken;
  }

  function goOn(task: RunningTask, tenure: Tenure, record: TaskRecord | undefined): void {
    if (closed() || tasks.get(task.id)?.tenure !== tenure) return;
    if (!record) return yieldTask(task.id);
    const sent = [...task.requests.keys()].filter((operation) => isSent(task, operation));
    task.state = rebased(task.state, record, new Set(sent), clock.now(), policy);
    task.tenure = { base: record.rev, unsaved: [] };
    // What is sent from here on must not wait for the write that was refused.
    writer.restart(task.id);
    dispatch(task, afterRebase(tenure.unsaved));
    index(task);
  }

  function release(id: string): void {
    const task = tasks.get(id);
    if (!task) return;
    push?.unlisten(task);
    table.remove(task);
    due.set(id, Number.POSITIVE_INFINITY);
  }

  function yieldTask(id: string): void {
    const task = tasks.get(id);
    if (task) abort(task);
    release(id);
  }

  return {
    state: (id) => tasks.get(id)?.state,
    states: () => table.all().map(({ state }) => state),
    closed,
    async start(state) {
      if (closed()) return;
      const task = table.add(begun(state, policy), undefined);
      const written = task.state.ephemeral ? "stored" : writer.write(task, state.record, "write");
      // What was cancelled before it could be recorded is not to be sent.
      if ((await written) !== "superseded") dispatchTo(task.id, { type: "started" });
    },
    wake(record, how = {}, base = record.rev) {
      if (closed() || tasks.has(record.id)) return;
      const task = table.add(idleState(record), base ?? undefined);
      dispatch(task, [{ type: "woken", ...how }]);
      index(task);
    },
    base: (id) => tasks.get(id)?.tenure.base,
    step(now) {
      followClock();
      for (const id of due.takeDue(now)) dispatchTo(id, DUE);
      return due.next();
    },
    sends(id, operation) {
      const task = tasks.get(id);
      return task !== undefined && isSent(task, operation);
    },
    nextStep: due.next,
    busy,
    expecting: () => busy() || requests.held() > 0,
    async quiet(questionMs) {
      // Nobody waits for what a person will say.
      const giveUp = (all: boolean): void => {
        for (const task of table.all())
          if (all || openInputs(task.state.record).length > 0) asking?.giveUp(task);
      };
      const late = clock.after(questionMs, () => giveUp(true));
      giveUp(false);
      // What has just been written may be what the next request waited for.
      while (busy()) await new Promise<void>((resolve) => waiting.push(resolve));
      late();
    },
    nudge() {
      for (const task of table.all()) dispatch(task, [{ type: "due", nudge: true }]);
    },
    dispatch: dispatchTo,
    release,
    inbound,
    yield: yieldTask,
    overtakenBy({ id, rev }) {
      const task = tasks.get(id);
      if (task && task.state.record.rev < rev) void rebase(task, task.tenure);
    },
    close() {
      closing.abort();
      for (const { feed } of table.endpoints.values()) feed?.close();
      for (const task of table.all()) {
        push?.unlisten(task);
        abort(task);
      }
    },
    isStored: (id) => !writer.last(id) && !tasks.get(id)?.tenure.overtaken,
    async stored(id) {
      const tenure = tasks.get(id)?.tenure;
      const result = await writer.last(id);
      await tenure?.overtaken;
      return result !== "superseded" && !tenure?.overtaken;
    },
    written: writer.written,
  };
}

/** Whether the request brings an event: one that was given up does not, unless it is a call, which may still wait for its turn. */
function isSent({ requests }: RunningTask, operation: Operation): boolean {
  const request = requests.get(operation);
  return request !== undefined && (operation === "call" || !request.aborted);
}

function abort({ requests }: RunningTask): void {
  for (const request of requests.values()) request?.abort();
}
