import type { Endpoint } from "../channel/endpoint.ts";
import { readPages } from "../channel/pages.ts";
import { faultOf, RequestFaultError } from "../channel/request-fault.ts";
import { isChannelId, type Origin, type RequestOptions } from "../channel/rpc-channel.ts";
import type { Taken } from "../channel/transport.ts";
import type { Clock } from "../clock.ts";
import { askedOf, mayBeNamed } from "../engine/attribution.ts";
import type { Fault } from "../engine/fault.ts";
import { answersToSend } from "../engine/input.ts";
import { nextDue } from "../engine/plan.ts";
import { describesAnew } from "../engine/queue.ts";
import { rebased } from "../engine/rebase.ts";
import {
  endedAsPlainCall,
  hasEnded,
  isCall,
  mayHaveStray,
  openInputs,
  type RecordedInput,
  type TaskRecord,
} from "../engine/record.ts";
import type { Timing } from "../engine/schedule.ts";
import { idleState, type Operation, type TaskEvent, type TaskState } from "../engine/state.ts";
import { isRival } from "../engine/stray.ts";
import { transition } from "../engine/transition.ts";
import { movedBy } from "../engine/trouble.ts";
import { cutText, MAX_QUESTIONS } from "../protocol/bounds.ts";
import { declinesUnknown, type Question, readQuestion } from "../protocol/input-request.ts";
import { isObject, isShallow, type JsonObject, MAX_DEPTH } from "../protocol/json.ts";
import {
  isRequest,
  METHOD_NOT_FOUND,
  type RpcNotification,
  type RpcReply,
  type RpcRequest,
} from "../protocol/json-rpc.ts";
import { protocolOf, traitsOf } from "../protocol/registry.ts";
import { RELATED_TASK, SUBSCRIPTION_ID } from "../protocol/session.ts";
import type { TaskId } from "../protocol/task-protocol.ts";
import { MalformedReplyError, type TaskReading } from "../protocol/task-reading.ts";
import { isTerminal, readTaskId, type TaskProgress } from "../protocol/task-snapshot.ts";
import { RecentSet } from "../recent-set.ts";
import { readRecord } from "../store/read-record.ts";
import type { TaskStore } from "../store/task-store.ts";
import { ClockWatch } from "./clock-watch.ts";
import { DueQueue } from "./due-queue.ts";
import { Gate } from "./gate.ts";
import { PushFeed } from "./push-feed.ts";
import { SharedList } from "./shared-list.ts";

const OPERATIONS: readonly Operation[] = ["describe", "call", "get", "result", "list", "answer", "cancel"];
const UNSTORED: Fault = {
  kind: "network",
  message: "The call could not be stored, so it was not sent",
  unsent: true,
};
/** Whoever asked for these asks again where another process was faster. */
const BY_APP: ReadonlySet<TaskEvent["type"]> = new Set(["answered", "cancelled"]);
/** How many `tasks/result` streams of an endpoint wait for questions at once. A page has six connections to a host. */
const QUESTION_STREAMS = 2;
/** How long each of them waits before it lets the next task ask, in ms. The next poll opens it again. */
const QUESTION_STREAM_MS = 5_000;
/** How many questions wait for the reply that names their task. A server that asks more is refused. */
const MAX_UNNAMED = 64;
/** How long a stream that brought a question stays open for further ones, in ms. */
const MORE_QUESTIONS_MS = 100;

export interface RuntimeOptions {
  readonly store: TaskStore;
  readonly clock: Clock;
  readonly timing: Timing;
  /** The longest result taken, by the length of its JSON text. */
  readonly maxResultLength: number;
  /** Whether to have servers push changes. Not where no connection may be held between polls. */
  readonly push: boolean;
  /** How many polls may be out at once; their timeouts begin when it is their turn. */
  readonly pollsAtOnce: number;
  /** The timeout of each request, in ms. */
  readonly requestTimeoutMs: number;
  readonly endpoint: (name: string) => Endpoint | undefined;
  /** Other tabs may hold handles of what runs here: then a plain call's end is written too, until they are told. */
  readonly shared?: boolean;
  /** Plain calls are records like any other: whoever made them may not be there when they end. */
  readonly keepPlain?: boolean;
  /** After every change, once it is as durable as it will be; and when a task is taken up, which is no news to others. */
  readonly changed: (state: TaskState, news: boolean) => void;
  /** The store failed; the task goes on in memory. */
  readonly storageFailed: (record: TaskRecord, error: unknown) => void;
  /**
   * Another process has moved this task on. Resolves with the record that the store holds, for the task to go on from, or
   * with `undefined`: then this process lets go of it.
   */
  readonly overtaken: (id: string) => Promise<TaskRecord | undefined>;
  /** When {@link TaskRuntime.step} should be called next may have changed. */
  readonly rescheduled: () => void;
}

/** `unstored`: the store failed, and only memory has it. `superseded`: another process was faster. */
type WriteResult = "stored" | "unstored" | "superseded";

/** The tasks of an endpoint that no record claims, and the records of calls that may be among them. */
interface Unclaimed {
  readonly tasks: readonly TaskReading[];
  readonly calls: readonly TaskRecord[];
}

/** A task in the hands of this process: from when it was started, resumed or rebased until it is released or overtaken. */
interface Tenure {
  /** The `rev` that the store holds, as this process last read or wrote it. */
  base: number | undefined;
  /** The events whose records are not stored yet. */
  readonly unsaved: TaskEvent[];
  /** Another process moved the task on: resolves when the task goes on from there, or was let go of. */
  overtaken?: Promise<void>;
}

/**
 * Turns the engine's commands into requests and their replies into events. For each task the
 * order is fixed: next state, write, then send. It has no timer of its own: somebody calls `step`.
 */
export class TaskRuntime {
  readonly #options: RuntimeOptions;
  readonly #states: Map<string, TaskState> = new Map();
  readonly #tenures: Map<string, Tenure> = new Map();
  readonly #due: DueQueue = new DueQueue();
  readonly #clockWatch: ClockWatch;
  /** Record ids by endpoint and the server's task id. */
  readonly #byTask: Map<string, string> = new Map();
  /** Calls made in this process: whoever made them has their plain result in hand. */
  readonly #made: Set<string> = new Set();
  /** Calls known to become no task: they are as ephemeral as the page, as without us. */
  readonly #ephemeral: Set<string> = new Set();
  /** The last write of each record. */
  readonly #writes: Map<string, Promise<WriteResult>> = new Map();
  readonly #feeds: Map<string, PushFeed> = new Map();
  /** By record: ends its use of the server's own stream (2025-11-25). */
  readonly #listening: Map<string, () => void> = new Map();
  /**
   * Tasks that a lost call may have been: another lost call must not take one of them for certain. What is forgotten
   * here is read from the store with the next list.
   */
  readonly #suspected: Set<string> = new RecentSet(1_000);
  readonly #abandon: Map<string, AbortController> = new Map();
  /** Asks again whose a question is that names an unknown task, once a call has its reply. */
  readonly #unnamed: (() => void)[] = [];
  readonly #polls: Gate;
  /** By endpoint: one list and one reading of the store serve all lost calls. */
  readonly #unclaimed: Map<string, SharedList<Unclaimed>> = new Map();
  /** By endpoint. */
  readonly #questionStreams: Map<string, Gate> = new Map();
  /** What is out; each resolves when its reply has been taken in, or is no longer wanted. */
  readonly #replies: Set<Promise<void>> = new Set();
  /** The same for calls that may take longer than a request: no step waits for them. */
  readonly #held: Set<Promise<void>> = new Set();
  /** Steps that wait until nothing is out. */
  readonly #waiting: (() => void)[] = [];
  readonly #closing: AbortController = new AbortController();

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.#clockWatch = new ClockWatch(options.clock);
    this.#polls = new Gate(options.pollsAtOnce);
  }

  state(id: string): TaskState | undefined {
    return this.#states.get(id);
  }

  states(): IterableIterator<TaskState> {
    return this.#states.values();
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Takes a new call on. Resolves when its record is written, or the store has refused it. */
  async start(state: TaskState): Promise<void> {
    const { record } = state;
    if (this.#closed) return;
    this.#made.add(record.id);
    if (this.#isPlain(record)) this.#ephemeral.add(record.id);
    this.#begin(state, undefined);
    // What was cancelled before it could be recorded is not to be sent.
    if ((await this.#write(record)) !== "superseded") this.dispatch(record.id, { type: "started" });
  }

  /**
   * Resumes an unfinished record. `fresh`: another process has just heard of it.
   * @param base The `rev` that the store holds, if its last write failed another than the record's; `null` if none succeeded.
   */
  wake(
    record: TaskRecord,
    how: { readonly fresh?: boolean; readonly dueFrom?: number } = {},
    base: number | null = record.rev,
  ): void {
    if (this.#closed || this.#states.has(record.id)) return;
    this.#begin(idleState(record), base ?? undefined);
    this.#index(record);
    this.dispatch(record.id, { type: "woken", ...how });
  }

  /** The `rev` of the task that the store holds, as far as this process knows. */
  base(id: string): number | undefined {
    return this.#tenures.get(id)?.base;
  }

  /** Does what is due, and says when to come back: ms since 1970, or Infinity. */
  step(now: number): number {
    this.#followClock();
    for (const id of this.#due.takeDue(now)) this.dispatch(id, { type: "due" });
    return this.#due.next();
  }

  /** Whether this process has such a request for the task under way, and has not only planned it. */
  sends(id: string, operation: Operation): boolean {
    const request = this.#abandon.get(`${id}/${operation}`);
    // One that was given up brings no event, unless it is a call, though it may still wait for its turn.
    return request !== undefined && (operation === "call" || !request.signal.aborted);
  }

  /** When to step next: ms since 1970, or Infinity. */
  nextStep(): number {
    return this.#due.next();
  }

  /** Whether a step has something to wait for: a reply, or a write. */
  get busy(): boolean {
    return this.#replies.size > 0 || this.#writes.size > 0;
  }

  /** Whether anything would be lost with this process. */
  get expecting(): boolean {
    return this.busy || this.#held.size > 0;
  }

  /**
   * Resolves when nothing is out any more and all is written. `tasks/result` opened for a question that
   * does not come in time is given up: it is opened again at the next poll (2025-11-25).
   */
  async quiet(questionMs: number): Promise<void> {
    const late = this.#options.clock.after(questionMs, () => {
      for (const id of [...this.#states.keys()]) this.#giveQuestionUp(id);
    });
    for (const [id, { record }] of [...this.#states])
      if (openInputs(record).length > 0) this.#giveQuestionUp(id);
    // What has just been written may be what the next request waited for.
    while (this.busy) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    late();
  }

  /** The network or the page came back: what waits out a fault need not wait longer. */
  nudge(): void {
    for (const id of [...this.#states.keys()]) this.dispatch(id, { type: "due", nudge: true });
  }

  dispatch(id: string, ...events: readonly TaskEvent[]): void {
    this.#followClock();
    const before = this.#states.get(id);
    const tenure = this.#tenures.get(id);
    if (!before || this.#closed) return;
    // The record that another process wrote is being read: nothing is decided by the one it replaces.
    if (tenure?.overtaken) return void tenure.unsaved.push(...events);
    const { clock, timing } = this.#options;
    const isA = (type: TaskEvent["type"]): boolean => events.some((event) => event.type === type);
    const { state, commands } = transition(before, events, clock.now(), timing);
    this.#states.set(id, state);
    if (state.record.outcome) this.#stopListening(id);
    this.#due.set(id, nextDue(state, timing));
    if (state.record.taskId !== before.record.taskId) {
      this.#ephemeral.delete(id);
      this.#index(state.record);
    }
    const written = state.record === before.record ? this.#writes.get(id) : this.#write(state.record, events);
    const proceed = (result: WriteResult): void => {
      const letGo = this.#tenures.get(id) !== tenure;
      if (this.#closed || (letGo && result !== "stored")) return;
      // The store still holds the call as queued, so another page would send it again.
      const isQueued = isA("described") && result === "unstored" && tenure?.base !== undefined;
      for (const command of letGo || isQueued ? [] : commands) {
        if (command.type === "send") this.#send(id, state.record, command.operation);
        else this.#abandonRequest(id, command.operation);
      }
      const spent = this.#options.shared && this.#isSpent(state.record);
      const news = isA("started") || looksChanged(before, state);
      // This write was in flight when the task was handed over, so only this process can publish it.
      if (news || (!letGo && isA("woken"))) this.#options.changed(state, news);
      if (spent) void this.#remove(state.record);
      if (isQueued) {
        this.#ephemeral.delete(id);
        this.dispatch(id, { type: "faulted", operation: "call", fault: UNSTORED });
      }
    };
    if (!written) proceed("stored");
    else void written.then(proceed);
    this.#options.rescheduled();
    if (isA("asked")) this.#closeQuestionStream(id);
  }

  /** Forgets a settled task; its record is the store's. */
  release(id: string): void {
    const record = this.#states.get(id)?.record;
    const key = `${record?.endpoint}/${record?.taskId}`;
    // A server that counts anew after a restart gives a later task the same id.
    if (record?.taskId !== undefined && this.#byTask.get(key) === id) {
      this.#byTask.delete(key);
      this.#feeds.get(record.endpoint)?.unwatch(record.taskId);
    }
    this.#stopListening(id);
    this.#states.delete(id);
    this.#tenures.delete(id);
    this.#due.set(id, Number.POSITIVE_INFINITY);
    this.#made.delete(id);
    this.#ephemeral.delete(id);
  }

  /** Takes what a server sent that is not a reply. Returns whether it is about a task of ours. */
  inbound(endpoint: string, message: RpcRequest | RpcNotification, origin: Origin = {}): Taken {
    const { params } = message;
    // A request is refused, and what a notification would have said the next poll says.
    if (!isShallow(params)) return false;
    if (isRequest(message)) {
      const asked = readQuestion(message, origin.sessionId, origin.about);
      return asked ? this.#asked(endpoint, asked, origin.about) : false;
    }
    if (message.method === "notifications/progress") return this.#progressed(endpoint, params);
    if (message.method === "notifications/subscriptions/acknowledged") {
      return this.#acknowledged(endpoint, params);
    }
    return this.#notified(endpoint, message.method, params);
  }

  #asked(endpoint: string, asked: Question, about: string | undefined): Taken {
    const states = [...this.#states.values()].filter(({ record }) => record.endpoint === endpoint);
    // On a Client's transport what comes on no stream of ours may be asked of the Client.
    const alone = this.#options.endpoint(endpoint)?.hasOwnTransport === true;
    const { taskId, request } = asked;
    const state = askedOf(states, { taskId, about }, alone);
    if (!state) {
      if (this.#unnamed.length >= MAX_UNNAMED || !mayBeNamed(states, { taskId, about })) return false;
      return new Promise((resolve) => {
        this.#unnamed.push(() => resolve(this.#asked(endpoint, asked, about)));
      });
    }
    const { id } = state.record;
    this.dispatch(id, { type: "asked", request });
    // One for which there was no room is refused, like one that nobody can answer.
    const isAsked = (): boolean =>
      this.#states.get(id)?.record.inputs.some(({ rpcId }) => rpcId === request.rpcId) ?? true;
    return this.#tenures.get(id)?.overtaken?.then(isAsked) ?? isAsked();
  }

  /** Lets go of a task that others run: what is out for it no longer matters here. */
  yield(id: string): void {
    for (const [key, controller] of this.#abandon) {
      if (key.startsWith(`${id}/`)) controller.abort();
    }
    this.release(id);
  }

  /** Another process says that it moved the task on to this record: the questions of an older state are not those that are open. */
  overtakenBy({ id, rev }: Pick<TaskRecord, "id" | "rev">): void {
    const own = this.#states.get(id)?.record;
    const tenure = this.#tenures.get(id);
    if (own && tenure && own.rev < rev) void this.#rebase(id, tenure);
  }

  close(): void {
    this.#closing.abort();
    for (const feed of this.#feeds.values()) feed.close();
    for (const stop of this.#listening.values()) stop();
    for (const controller of this.#abandon.values()) controller.abort();
  }

  /** Whether what is known of a task here is as durable as it will be. */
  isStored(id: string): boolean {
    return !this.#writes.has(id) && !this.#tenures.get(id)?.overtaken;
  }

  /** Resolves when the record's last write has ended: with false if another process was faster. */
  async stored(id: string): Promise<boolean> {
    const tenure = this.#tenures.get(id);
    const result = await this.#writes.get(id);
    await tenure?.overtaken;
    return result !== "superseded" && !tenure?.overtaken;
  }

  /** Nobody waits for what a person will say: the question is in the record, or is asked again later. */
  #giveQuestionUp(id: string): void {
    const state = this.#states.get(id);
    const snapshot = state?.record.snapshot;
    if (!state?.inFlight.has("result") || !snapshot || isTerminal(snapshot.status)) return;
    this.#abandon.get(`${id}/result`)?.abort();
    const fault: Fault = { kind: "network", message: "No question came" };
    this.dispatch(id, { type: "faulted", operation: "result", fault });
  }

  /** The question is known: its stream frees its connection, and the answer goes on another one. */
  #closeQuestionStream(id: string): void {
    const stream = this.#abandon.get(`${id}/result`);
    if (!stream) return;
    this.#options.clock.after(MORE_QUESTIONS_MS, () => {
      if (this.#abandon.get(`${id}/result`) === stream) this.#giveQuestionUp(id);
    });
  }

  /** Resolves when every write begun so far has ended. */
  async written(): Promise<void> {
    await Promise.all(this.#writes.values());
  }

  #begin(state: TaskState, base: number | undefined): void {
    this.#states.set(state.record.id, state);
    this.#tenures.set(state.record.id, { base, unsaved: [] });
  }

  #followClock(): void {
    const jump = this.#clockWatch.jump();
    if (jump === 0) return;
    for (const [id, state] of this.#states) {
      const next = movedBy(state, jump);
      this.#states.set(id, next);
      this.#due.set(id, nextDue(next, this.#options.timing));
    }
  }

  #index(record: TaskRecord): void {
    if (record.taskId !== undefined) this.#byTask.set(`${record.endpoint}/${record.taskId}`, record.id);
  }

  #stateOf(endpoint: string, taskId: unknown): TaskState | undefined {
    const id = this.#byTask.get(`${endpoint}/${readTaskId(taskId)}`);
    return id === undefined ? undefined : this.#states.get(id);
  }

  /** Has the server push, if it will. A task taken up is polled first: it may have ended meanwhile. */
  #havePushed(record: TaskRecord): void {
    const endpoint = this.#options.endpoint(record.endpoint);
    if (!this.#options.push || !endpoint || record.taskId === undefined) return;
    if (record.outcome || hasEnded(record) || endpoint.refusesPush) return;
    const { push } = traitsOf(record.generation);
    if (push !== "subscription") return push && this.#listen(record);
    let feed = this.#feeds.get(record.endpoint);
    if (!feed) {
      const { clock, timing } = this.#options;
      const pushing = (ids: readonly string[], on: boolean): void => {
        for (const id of ids) this.dispatch(id, { type: "pushing", on });
      };
      feed = new PushFeed(endpoint, { clock, timing, pushing });
      this.#feeds.set(record.endpoint, feed);
    }
    feed.watch(record.taskId, record.id);
  }

  /** Lets a 2025-11-25 server send of its own accord until the task has settled. */
  #listen({ id, endpoint }: TaskRecord): void {
    const stop = !this.#listening.has(id) && this.#options.push && this.#options.endpoint(endpoint)?.listen();
    if (stop) this.#listening.set(id, stop);
  }

  #abandonRequest(id: string, operation: Operation): void {
    const request = this.#abandon.get(`${id}/${operation}`);
    // Its reply has come meanwhile.
    if (!request || request.signal.aborted) return;
    request.abort();
  }

  #questionStream(endpoint: string): Gate {
    const gate = this.#questionStreams.get(endpoint) ?? new Gate(QUESTION_STREAMS);
    this.#questionStreams.set(endpoint, gate);
    return gate;
  }

  #stopListening(id: string): void {
    this.#listening.get(id)?.();
    this.#listening.delete(id);
  }

  /** Subscriptions of others on the same transport are acknowledged to them. */
  #acknowledged(endpoint: string, params: JsonObject | undefined): boolean {
    const subscription = isObject(params?._meta) ? params._meta[SUBSCRIPTION_ID] : undefined;
    const feed = this.#feeds.get(endpoint);
    if (!feed || !isChannelId(subscription)) return false;
    const agreed = isObject(params?.notifications) ? params.notifications.taskIds : undefined;
    feed.acknowledged(Array.isArray(agreed) ? agreed : []);
    return true;
  }

  #progressed(endpoint: string, params: JsonObject | undefined): boolean {
    if (!params || typeof params.progress !== "number") return false;
    const { progressToken, progress, total, message } = params;
    // The token is the record's own id, so it still means the same after a reload.
    const state = typeof progressToken === "string" ? this.#states.get(progressToken) : undefined;
    if (state?.record.endpoint !== endpoint) return false;
    const seen: TaskProgress = {
      progress,
      ...(typeof total === "number" && { total }),
      ...(typeof message === "string" && { message: cutText(message) }),
    };
    this.dispatch(state.record.id, { type: "progressed", progress: seen });
    return true;
  }

  #notified(endpoint: string, method: string, params: JsonObject | undefined): boolean {
    const taskId = params?.taskId;
    const state = this.#stateOf(endpoint, taskId);
    if (!state) return false;
    try {
      const reading = protocolOf(state.record.generation).decodeNotification(method, params);
      if (!reading) return false;
      const event = this.#withinSize({ type: "notified", reading }, "get");
      // One too large is left to the poll, which says so.
      if (event.type === "notified") this.dispatch(state.record.id, event);
    } catch (error) {
      // A notification is only a hint: a malformed one changes nothing, and the polls go on.
      if (!(error instanceof MalformedReplyError)) throw error;
    }
    return true;
  }

  /**
   * Another process moved the task on: this one goes on from the record in the store, or lets go. What it has in flight
   * stays so, and what it has heard meanwhile is applied again: a reply must not be lost, nor a request made twice.
   */
  #rebase(id: string, tenure: Tenure): Promise<void> {
    // Once, whoever finds it out first.
    tenure.overtaken ??= this.#options.overtaken(id).then((record) => this.#goOn(id, tenure, record));
    return tenure.overtaken;
  }

  #goOn(id: string, tenure: Tenure, record: TaskRecord | undefined): void {
    const state = this.#states.get(id);
    if (this.#closed || !state || this.#tenures.get(id) !== tenure) return;
    if (!record) return this.yield(id);
    const { clock, timing } = this.#options;
    const sent = OPERATIONS.filter((operation) => this.sends(id, operation));
    this.#begin(rebased(state, record, new Set(sent), clock.now(), timing), record.rev);
    // What is sent from here on must not wait for the write that was refused.
    this.#writes.delete(id);
    this.#index(record);
    const heard = tenure.unsaved.filter(({ type }) => !BY_APP.has(type));
    this.dispatch(id, ...heard, { type: "due" });
  }

  /** A plain call of this process. Not persisted: it ends with the page, like any other request. */
  #isPlain({ id, stage, call }: TaskRecord): boolean {
    return stage === "calling" && !call.asTask && this.#made.has(id) && !this.#options.keepPlain;
  }

  /** A plain call whose caller has its end in hand: nobody will look for it. */
  #isSpent(record: TaskRecord): boolean {
    if (this.#options.keepPlain) return false;
    return endedAsPlainCall(record) && this.#made.has(record.id) && !this.#ephemeral.has(record.id);
  }

  async #remove(record: TaskRecord): Promise<void> {
    await this.#options.store.remove(record.id).catch((error: unknown) => {
      this.#options.storageFailed(record, error);
    });
  }

  /** @param events What changed the record; none where it is new. */
  #write(record: TaskRecord, events: readonly TaskEvent[] = []): Promise<WriteResult> {
    const tenure = this.#tenures.get(record.id);
    // Queued again with fresh metadata, a plain call may be sent as a task: then it is persisted first.
    if (!this.#isPlain(record) && isCall(record)) this.#ephemeral.delete(record.id);
    if (!tenure || this.#ephemeral.has(record.id)) return Promise.resolve("stored");
    const { store } = this.#options;
    const becomesPlain = events.some(({ type }) => type === "described") && this.#isPlain(record);
    if (becomesPlain) this.#ephemeral.add(record.id);
    const unwanted = !this.#options.shared && (becomesPlain || this.#isSpent(record));
    tenure.unsaved.push(...events);
    const put = async (): Promise<WriteResult> => {
      // What follows on a state that another process overtook must not be written over that one's.
      const overtaken =
        tenure.overtaken !== undefined || !(unwanted || (await store.save(record, tenure.base)));
      if (overtaken) {
        await this.#rebase(record.id, tenure);
        return "superseded";
      }
      // Should the page end, a plain call must not be found queued, and sent again.
      const removes = unwanted || becomesPlain;
      if (removes) await store.remove(record.id);
      tenure.base = removes ? undefined : record.rev;
      return "stored";
    };
    const write = Promise.resolve(this.#writes.get(record.id))
      .then(put)
      .catch((error: unknown): WriteResult => {
        this.#options.storageFailed(record, error);
        return "unstored";
      })
      .finally(() => {
        const last = events.at(-1);
        if (last && !tenure.overtaken) tenure.unsaved.splice(0, tenure.unsaved.indexOf(last) + 1);
      });
    this.#writes.set(record.id, write);
    // Before any other callback on this write, so that nothing overtakes what waits for it.
    void write.then(() => {
      if (this.#writes.get(record.id) === write) this.#writes.delete(record.id);
      this.#ended();
    });
    return write;
  }

  /** Sends by the record that was written, not by a later one whose write is still to come. */
  #send(id: string, record: TaskRecord, operation: Operation): void {
    const key = `${id}/${operation}`;
    const abandon = new AbortController();
    const out = operation === "call" && record.call.timeoutMs !== undefined ? this.#held : this.#replies;
    this.#abandon.set(key, abandon);
    // Before the call leaves: a server may ask at once, on its own stream.
    if (operation === "describe" || operation === "call") this.#listen(record);
    let sent = false;
    const onSent = (): void => {
      sent = true;
    };
    const given: Promise<void> = this.#perform(record, operation, abandon.signal, onSent)
      .then((event) => this.#withinSize(event, operation))
      .catch((error: unknown): TaskEvent => {
        const method = error instanceof RequestFaultError ? { method: error.method } : {};
        return { type: "faulted", operation, fault: faultOf(error), ...method };
      })
      .then((event) => {
        const latest = this.#abandon.get(key) === abandon;
        if (latest) this.#abandon.delete(key);
        if (abandon.signal.aborted) {
          // The server knows, or has had its time to.
          if (latest && operation === "call") this.dispatch(id, { type: "callAbandoned", unsent: !sent });
          return;
        }
        this.dispatch(id, event.type === "listed" ? this.#unclaimedNow(record, event) : event);
        const after = this.#states.get(id);
        if (after && (event.type === "polled" || event.type === "called")) this.#havePushed(after.record);
      })
      .finally(() => {
        out.delete(given);
        if (operation === "call") for (const again of this.#unnamed.splice(0)) again();
        this.#ended();
      });
    out.add(given);
  }

  #ended(): void {
    if (!this.busy) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** A result that would not fit is refused before anything holds it: at the server it stays for its TTL. */
  #withinSize(event: TaskEvent, operation: Operation): TaskEvent {
    const payload = payloadOf(event);
    const { maxResultLength } = this.#options;
    const length = payload === undefined ? 0 : JSON.stringify(payload).length;
    const owed =
      event.type === "called" && event.reply.kind === "input" ? event.reply.requestState : undefined;
    const stateLength = owed?.length ?? 0;
    if (length <= maxResultLength && stateLength <= MAX_QUESTIONS) return event;
    const message =
      length > maxResultLength
        ? `The result is ${length} characters long, and at most ${maxResultLength} are taken`
        : `The state that the server wants back is ${stateLength} characters long, and at most ${MAX_QUESTIONS} are taken`;
    return { type: "faulted", operation, fault: { kind: "oversized", message } };
  }

  async #perform(
    record: TaskRecord,
    operation: Operation,
    signal: AbortSignal,
    onSent: () => void,
  ): Promise<TaskEvent> {
    const endpoint = this.#options.endpoint(record.endpoint);
    if (!endpoint) return { type: "faulted", operation, fault: unknownEndpoint(record.endpoint) };
    const mayRepeat = (): boolean => {
      const hold = this.#states.get(record.id)?.hold;
      return !hold?.demanded || this.#options.clock.now() >= hold.until;
    };
    const options = { timeoutMs: this.#options.requestTimeoutMs, signal, about: record.id, mayRepeat };
    if (operation === "describe") {
      const state = this.#states.get(record.id) ?? idleState(record);
      const description = await endpoint.describe(record.call.name, describesAnew(state), signal);
      return { type: "described", description };
    }
    const { generation } = record;
    const protocol = protocolOf(generation);
    const taskId = wireIdOf(record);
    switch (operation) {
      case "call": {
        const { call } = record;
        const frame = protocol.encodeCall(call, retryOf(record));
        const token = call.progressToken;
        const limits = {
          ...options,
          rejectAfterAnnouncing: true,
          onSent,
          ...(call.timeoutMs !== undefined && { timeoutMs: call.timeoutMs }),
          ...(token !== undefined && { progressToken: token }),
        };
        const result = await endpoint.request(frame, limits, generation);
        return { type: "called", reply: protocol.decodeCall(call, shallow(result)) };
      }
      case "get": {
        const reply = await this.#polls.pass(async () => {
          signal.throwIfAborted();
          return endpoint.request(protocol.encodeGet(taskId), options, generation);
        });
        return { type: "polled", reading: protocol.decodeGet(taskId, shallow(reply)) };
      }
      case "result": {
        if (!protocol.encodeResult || !protocol.decodeResult)
          return { type: "faulted", operation, fault: unsupported(operation) };
        const frame = protocol.encodeResult(taskId);
        const payload = hasEnded(record)
          ? await endpoint.request(frame, options, generation)
          : await this.#questionStream(record.endpoint).pass(async () => {
              signal.throwIfAborted();
              const timeoutMs = Math.min(options.timeoutMs, QUESTION_STREAM_MS);
              return endpoint.request(frame, { ...options, timeoutMs }, generation);
            });
        return { type: "fetched", payload: protocol.decodeResult(shallow(payload)) };
      }
      case "list":
        return this.#search(record, endpoint);
      case "answer":
        return this.#answer(record, endpoint, options);
      case "cancel": {
        // In whatever generation: it must not wait for the server to speak the task's own again.
        const result = await endpoint.request(protocol.encodeCancel(taskId), options);
        const reading = protocol.decodeCancel(taskId, result);
        return { type: "cancelTaken", ...(reading && { reading }) };
      }
    }
  }

  async #search(record: TaskRecord, endpoint: Endpoint): Promise<TaskEvent> {
    const { generation } = record;
    const { encodeList, decodeList } = protocolOf(generation);
    if (!encodeList || !decodeList) return { type: "faulted", operation: "list", fault: unsupported("list") };
    const { clock, timing, requestTimeoutMs: timeoutMs } = this.#options;
    const shared = this.#unclaimed.get(record.endpoint) ?? new SharedList(clock, timing.backoffMs);
    this.#unclaimed.set(record.endpoint, shared);
    const { tasks, calls } = await shared.get(async () => {
      const { items, cut } = await readPages(
        "tasks/list",
        async (cursor) => {
          // Whoever asked may go; the others still wait for it.
          const options = { timeoutMs, signal: this.#closing.signal };
          const reply = await endpoint.request(encodeList(cursor), options, generation);
          const { readings, ...rest } = decodeList(reply);
          return { items: readings, ...rest };
        },
        ({ snapshot }) => snapshot.taskId,
      );
      if (cut !== undefined) endpoint.listCut(cut);
      return this.#unclaimedOf(record.endpoint, items);
    });
    return { type: "listed", unclaimed: tasks, rivals: calls.some((other) => isRival(record, other)) };
  }

  async #unclaimedOf(endpoint: string, listed: readonly TaskReading[]): Promise<Unclaimed> {
    const { store } = this.#options;
    const claimed = new Set<unknown>();
    const calls: TaskRecord[] = [];
    for (const stored of [...(await store.loadActive()), ...(await store.loadSettled())]) {
      const reading = readRecord(stored);
      if (reading.kind !== "record" || reading.record.endpoint !== endpoint) continue;
      const { taskId, outcome } = reading.record;
      claimed.add(taskId);
      if (outcome?.kind === "lost") this.#suspect(outcome.candidates);
      if (mayHaveStray(reading.record)) calls.push(reading.record);
    }
    return { tasks: listed.filter(({ snapshot }) => !claimed.has(snapshot.taskId)), calls };
  }

  /** What has been claimed here while the list was on its way is claimed. */
  #unclaimedNow(record: TaskRecord, event: TaskEvent & { type: "listed" }): TaskEvent {
    const unclaimed = event.unclaimed.filter(
      ({ snapshot }) => this.#stateOf(record.endpoint, snapshot.taskId) === undefined,
    );
    const rivals =
      event.rivals ||
      unclaimed.some(({ snapshot }) => this.#suspected.has(snapshot.taskId)) ||
      [...this.#states.values()].some((other) => isRival(record, other.record));
    return { ...event, unclaimed, rivals };
  }

  #suspect(taskIds: unknown): void {
    if (Array.isArray(taskIds)) for (const taskId of taskIds) this.#suspected.add(String(taskId));
  }

  async #answer(record: TaskRecord, endpoint: Endpoint, options: RequestOptions): Promise<TaskEvent> {
    const protocol = protocolOf(record.generation);
    const answered = answersToSend(record);
    if (protocol.encodeUpdate) {
      const frame = protocol.encodeUpdate(wireIdOf(record), responsesOf(answered));
      await endpoint.request(frame, options, record.generation);
      return { type: "delivered", keys: answered.map(({ key }) => key) };
    }
    const [first] = answered;
    if (!first || first.rpcId === undefined) return { type: "delivered", keys: [] };
    const related =
      record.taskId === undefined ? {} : { _meta: { [RELATED_TASK]: { taskId: wireIdOf(record) } } };
    const reply: RpcReply = declinesUnknown(first)
      ? { error: { code: METHOD_NOT_FOUND, message: `${first.method} is not supported by this client` } }
      : { result: { ...first.response, ...related } };
    const { key, sessionId } = first;
    const sent = await endpoint.respond(first.rpcId, reply, sessionId, options.signal);
    return sent ? { type: "delivered", keys: [key] } : { type: "undeliverable", keys: [key], sessionId };
  }
}

/** A reply that can be read, compared and stored. Throws a RequestFaultError: at the server it stays for its TTL. */
function shallow(reply: unknown): unknown {
  if (isShallow(reply)) return reply;
  const message = `The reply is nested more than ${MAX_DEPTH} levels deep, which cannot be stored`;
  throw new RequestFaultError("The request", { kind: "oversized", message });
}

/** The id as the server wrote it. */
function wireIdOf({ taskId = "", snapshot }: TaskRecord): TaskId {
  return snapshot?.numericId ? Number(taskId) : taskId;
}

/** Whether there is anything to publish: most polls bring nothing new, whatever is written of their pace. */
function looksChanged(before: TaskState, after: TaskState): boolean {
  if (before.progress !== after.progress || before.trouble !== after.trouble) return true;
  const [a, b] = [before.record, after.record];
  const fields = Object.keys({ ...a, ...b }) as (keyof TaskRecord)[];
  return a !== b && fields.some((field) => !UNSHOWN.has(field) && a[field] !== b[field]);
}

const UNSHOWN: ReadonlySet<keyof TaskRecord> = new Set(["rev", "polledAt", "doubt", "search"]);

function payloadOf(event: TaskEvent): unknown {
  switch (event.type) {
    case "called":
      return event.reply.kind === "result" ? event.reply.result : undefined;
    case "polled":
    case "notified":
      return event.reading.payload;
    case "fetched":
      return event.payload;
    default:
      return undefined;
  }
}

/** Its call may have reached the server, and nobody knows the task. */
function retryOf(record: TaskRecord): { inputResponses?: JsonObject; requestState?: string } | undefined {
  const { rounds, requestState } = record.call;
  if (rounds === 0) return undefined;
  const responses = responsesOf(record.inputs);
  return {
    ...(Object.keys(responses).length > 0 && { inputResponses: responses }),
    ...(requestState !== undefined && { requestState }),
  };
}

function responsesOf(inputs: readonly RecordedInput[]): JsonObject {
  return Object.fromEntries(inputs.flatMap(({ key, response }) => (response ? [[key, response]] : [])));
}

function unknownEndpoint(name: string): Fault {
  return { kind: "network", message: `No endpoint named ${JSON.stringify(name)} is configured` };
}

function unsupported(operation: Operation): Fault {
  return { kind: "malformed", message: `This generation has no ${operation} request` };
}
