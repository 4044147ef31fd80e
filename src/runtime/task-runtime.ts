import { begun, type Policy } from "../engine/effects.ts";
import { nextDue } from "../engine/plan.ts";
import { afterRebase, rebased } from "../engine/rebase.ts";
import { openInputs, type TaskRecord } from "../engine/record.ts";
import { awaitsQuestion } from "../engine/result.ts";
import { movedBy } from "../engine/retry.ts";
import {
  idleState,
  type Operation,
  type TaskEvent,
  type TaskState,
  type Transition,
} from "../engine/state.ts";
import { transition } from "../engine/transition.ts";
import type { Unclaimed } from "../engine/unclaimed-tasks.ts";
import type { Origin, Taken } from "../protocol/inbound.ts";
import type { RpcNotification, RpcRequest } from "../protocol/json-rpc.ts";
import { ClockWatch } from "./clock-watch.ts";
import { DueQueue } from "./due-queue.ts";
import { Gate } from "./gate.ts";
import { Inbound } from "./inbound.ts";
import { LostCalls } from "./lost-calls.ts";
import type { Push } from "./push.ts";
import { RecordWriter, type WriteResult } from "./record-writer.ts";
import type { RuntimeOptions } from "./runtime-options.ts";
import { SharedList } from "./shared-list.ts";
import { TaskRequests } from "./task-requests.ts";
import { type RunningTask, TaskTable, type Tenure } from "./task-table.ts";

/** How many `tasks/result` streams of an endpoint wait for questions at once. A page has six connections to a host. */
const QUESTION_STREAMS = 2;
/** How long a stream that brought a question stays open for further ones, in ms. */
const MORE_QUESTIONS_MS = 100;

/**
 * Carries out what the engine decides. For each task the order is fixed: next state, persist, send, publish. It has no timer
 * of its own: somebody calls `step`.
 */
export class TaskRuntime {
  readonly #options: RuntimeOptions;
  readonly #policy: Policy;
  readonly #table: TaskTable;
  readonly #writer: RecordWriter;
  readonly #requests: TaskRequests;
  readonly #inbound: Inbound;
  readonly #push: Push | undefined;
  readonly #due: DueQueue = new DueQueue();
  readonly #clockWatch: ClockWatch;
  /** Steps that wait until nothing is in flight. */
  readonly #waiting: (() => void)[] = [];
  readonly #closing: AbortController = new AbortController();

  constructor(options: RuntimeOptions) {
    this.#options = options;
    const { store, clock, timing, shared, persistPlain, maxResultLength, requestTimeoutMs } = options;
    this.#policy = { ...timing, shared, persistPlain };
    this.#clockWatch = new ClockWatch(clock);
    this.#table = new TaskTable((name) => {
      const questionStreams = new Gate(QUESTION_STREAMS);
      const unclaimed = new SharedList<Unclaimed>(clock, timing.backoffMs);
      return {
        server: options.endpoint(name),
        tasks: new Map(),
        named: new Map(),
        questionStreams,
        unclaimed,
      };
    });
    const ended = (): void => {
      if (!this.busy) for (const resolve of this.#waiting.splice(0)) resolve();
    };
    const superseded = (task: RunningTask, tenure: Tenure): Promise<void> => this.#rebase(task, tenure);
    this.#writer = new RecordWriter(options, superseded, ended);
    const lostCalls = new LostCalls(store, { timeoutMs: requestTimeoutMs, signal: this.#closing.signal });
    this.#requests = new TaskRequests(
      options,
      lostCalls,
      (task, event) => this.#replied(task, event),
      (operation) => {
        if (operation === "call") this.#inbound.callEnded();
        ended();
      },
    );
    const dispatch = (task: RunningTask, event: TaskEvent): void => this.#dispatch(task, [event]);
    this.#inbound = new Inbound(this.#table, maxResultLength, dispatch);
    const pushing = (ids: readonly string[], on: boolean): void => {
      for (const id of ids) this.dispatch(id, { type: "pushing", on });
    };
    this.#push = options.push?.({ clock, timing, pushing });
  }

  state(id: string): TaskState | undefined {
    return this.#table.get(id)?.state;
  }

  states(): IterableIterator<TaskState> {
    return this.#table.states();
  }

  /** Takes no more events. */
  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Starts a new call. Resolves when its record is written, or the store has refused it. */
  async start(state: TaskState): Promise<void> {
    if (this.closed) return;
    const task = this.#table.add(begun(state, this.#policy), undefined);
    const written = task.state.ephemeral ? "stored" : this.#writer.write(task, state.record, "write");
    // What was cancelled before it could be recorded is not to be sent.
    if ((await written) !== "superseded") this.dispatch(task.id, { type: "started" });
  }

  /**
   * Resumes an unfinished record. `fresh`: another process has just read it from the server.
   * @param base The `rev` that the store holds, if its last write failed another than the record's; `null` if none succeeded.
   */
  wake(
    record: TaskRecord,
    how: { readonly fresh?: boolean; readonly dueFrom?: number } = {},
    base: number | null = record.rev,
  ): void {
    if (this.closed || this.#table.get(record.id)) return;
    const task = this.#table.add(idleState(record), base ?? undefined);
    this.#dispatch(task, [{ type: "woken", ...how }]);
  }

  /** The `rev` of the task that the store holds, as far as this process knows. */
  base(id: string): number | undefined {
    return this.#table.get(id)?.tenure.base;
  }

  /** Does what is due, and says when to come back: ms since 1970, or Infinity. */
  step(now: number): number {
    this.#followClock();
    for (const id of this.#due.takeDue(now)) this.dispatch(id, { type: "due" });
    return this.#due.next();
  }

  /** Whether this process has such a request for the task in flight, and has not only planned it. */
  sends(id: string, operation: Operation): boolean {
    const task = this.#table.get(id);
    return task !== undefined && isSent(task, operation);
  }

  /** When to step next: ms since 1970, or Infinity. */
  nextStep(): number {
    return this.#due.next();
  }

  /** Whether a step has something to wait for: a reply, or a write. */
  get busy(): boolean {
    return this.#requests.replies > 0 || this.#writer.busy;
  }

  /** Whether anything would be lost with this process. */
  get expecting(): boolean {
    return this.busy || this.#requests.held > 0;
  }

  /**
   * Resolves when nothing is in flight any more and all is written. `tasks/result` opened for a question that
   * does not come in time is given up: it is opened again at the next poll (2025-11-25).
   */
  async quiet(questionMs: number): Promise<void> {
    const giveUp = (task: RunningTask): void => this.#giveQuestionUp(task);
    const late = this.#options.clock.after(questionMs, () => this.#table.all().forEach(giveUp));
    this.#table
      .all()
      .filter(({ state }) => openInputs(state.record).length > 0)
      .forEach(giveUp);
    // What has just been written may be what the next request waited for.
    while (this.busy) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    late();
  }

  /** The network or the page came back: what waits out a failure need not wait longer. */
  nudge(): void {
    for (const task of this.#table.all()) this.#dispatch(task, [{ type: "due", nudge: true }]);
  }

  dispatch(id: string, ...events: readonly TaskEvent[]): void {
    const task = this.#table.get(id);
    if (task) this.#dispatch(task, events);
  }

  /** Releases a task that others run, or that has settled: its record is the store's. */
  release(id: string): void {
    const task = this.#table.get(id);
    if (!task) return;
    this.#push?.unlisten(task);
    this.#table.remove(task);
    this.#due.set(id, Number.POSITIVE_INFINITY);
  }

  /** Takes what a server sent that is not a reply. Returns whether it is about a task of ours. */
  inbound(endpoint: string, message: RpcRequest | RpcNotification, origin: Origin = {}): Taken {
    return this.#inbound.take(endpoint, message, origin);
  }

  /** Releases a task that others run: what is in flight for it no longer matters here. */
  yield(id: string): void {
    const task = this.#table.get(id);
    if (task) abort(task);
    this.release(id);
  }

  /** Another process says that it moved the task on to this record: the questions of an older state are not those that are open. */
  overtakenBy({ id, rev }: Pick<TaskRecord, "id" | "rev">): void {
    const task = this.#table.get(id);
    if (task && task.state.record.rev < rev) void this.#rebase(task, task.tenure);
  }

  close(): void {
    this.#closing.abort();
    for (const { feed } of this.#table.endpoints()) feed?.close();
    for (const task of this.#table.all()) {
      this.#push?.unlisten(task);
      abort(task);
    }
  }

  /** Whether what is known of a task here is as durable as it will be. */
  isStored(id: string): boolean {
    return !this.#writer.last(id) && !this.#table.get(id)?.tenure.overtaken;
  }

  /** Resolves when the record's last write has ended: with false if another process was faster. */
  async stored(id: string): Promise<boolean> {
    const tenure = this.#table.get(id)?.tenure;
    const result = await this.#writer.last(id);
    await tenure?.overtaken;
    return result !== "superseded" && !tenure?.overtaken;
  }

  /** Resolves when every write begun so far has ended. */
  written(): Promise<void> {
    return this.#writer.written();
  }

  #dispatch(task: RunningTask, events: readonly TaskEvent[]): void {
    this.#followClock();
    const { id, tenure, state: before } = task;
    if (this.closed || this.#table.get(id) !== task) return;
    // The record that another process wrote is being read: nothing is decided by the one it replaces.
    if (tenure.overtaken) return void tenure.unsaved.push(...events);
    const next = transition(before, events, this.#options.clock.now(), this.#policy);
    const { state, persist } = next;
    task.state = state;
    if (state.record.outcome) this.#push?.unlisten(task);
    this.#due.set(id, nextDue(state, this.#policy));
    if (state.record.taskId !== before.record.taskId) this.#table.index(task);
    const written = persist ? this.#writer.write(task, state.record, persist, events) : this.#writer.last(id);
    const proceed = (result: WriteResult): void => this.#proceed(task, tenure, next, result);
    if (!written) proceed("stored");
    else void written.then(proceed);
    this.#options.rescheduled();
    if (events.some(({ type }) => type === "asked")) this.#closeQuestionStream(task);
  }

  /** Carries out what was decided, once it is as durable as it will be. */
  #proceed(task: RunningTask, tenure: Tenure, next: Transition, result: WriteResult): void {
    const { state, commands, persist, publish, leavesQueue } = next;
    const released = this.#table.get(task.id)?.tenure !== tenure;
    if (this.closed || (released && result !== "stored")) return;
    const isQueued = leavesQueue && result === "unstored" && tenure.base !== undefined;
    for (const command of released || isQueued ? [] : commands) {
      if (command.type === "abandon") task.requests.get(command.operation)?.abort();
      else {
        // Before the call leaves: a server may ask at once, on its own stream.
        if (command.operation === "describe" || command.operation === "call") this.#push?.listen(task);
        this.#requests.send(task, state.record, command.operation);
      }
    }
    // This write was in flight when the task was handed over, so only this process can publish it.
    if (publish === "everywhere" || (publish && !released))
      this.#options.changed(state, publish === "everywhere");
    if (persist === "removeOncePublished") void this.#writer.remove(state.record);
    if (isQueued) this.#dispatch(task, [{ type: "stillQueued" }]);
  }

  #replied(task: RunningTask, event: TaskEvent): void {
    this.#dispatch(task, [event]);
    if (this.#table.get(task.id) === task && (event.type === "polled" || event.type === "called"))
      this.#push?.watch(task);
  }

  /** Nobody waits for what a person will say: the question is in the record, or is asked again later. */
  #giveQuestionUp(task: RunningTask): void {
    if (!awaitsQuestion(task.state)) return;
    task.requests.get("result")?.abort();
    const failure = { kind: "network", message: "No question came" } as const;
    this.#dispatch(task, [{ type: "requestFailed", operation: "result", failure }]);
  }

  /** The question is known: its stream frees its connection, and the answer goes on another one. */
  #closeQuestionStream(task: RunningTask): void {
    const stream = task.requests.get("result");
    if (!stream) return;
    this.#options.clock.after(MORE_QUESTIONS_MS, () => {
      if (task.requests.get("result") === stream) this.#giveQuestionUp(task);
    });
  }

  #followClock(): void {
    const jump = this.#clockWatch.jump();
    if (jump === 0) return;
    for (const task of this.#table.all()) {
      task.state = movedBy(task.state, jump);
      this.#due.set(task.id, nextDue(task.state, this.#policy));
    }
  }

  /**
   * Another process moved the task on: this one goes on from the record in the store, or releases the task. What it has in
   * flight stays so, and what it received meanwhile is applied again: a reply must not be lost, nor a request made twice.
   */
  #rebase(task: RunningTask, tenure: Tenure): Promise<void> {
    // Once, by the first that finds it out.
    tenure.overtaken ??= this.#options.overtaken(task.id).then((record) => this.#goOn(task, tenure, record));
    return tenure.overtaken;
  }

  #goOn(task: RunningTask, tenure: Tenure, record: TaskRecord | undefined): void {
    if (this.closed || this.#table.get(task.id)?.tenure !== tenure) return;
    if (!record) return this.yield(task.id);
    const sent = [...task.requests.keys()].filter((operation) => isSent(task, operation));
    task.state = rebased(task.state, record, new Set(sent), this.#options.clock.now(), this.#policy);
    task.tenure = { base: record.rev, unsaved: [] };
    // What is sent from here on must not wait for the write that was refused.
    this.#writer.restart(task.id);
    this.#table.index(task);
    this.#dispatch(task, afterRebase(tenure.unsaved));
  }
}

/** Whether the request brings an event: one that was given up does not, unless it is a call, which may still wait for its turn. */
function isSent({ requests }: RunningTask, operation: Operation): boolean {
  const request = requests.get(operation);
  return request !== undefined && (operation === "call" || !request.signal.aborted);
}

function abort({ requests }: RunningTask): void {
  for (const controller of requests.values()) controller.abort();
}
