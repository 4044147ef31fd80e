import type { ConnectionEvents, Connector } from "./channel/connection.ts";
import { Endpoint } from "./channel/endpoint.ts";
import { RequestFaultError } from "./channel/request-fault.ts";
import { DEFAULT_REQUEST_TIMEOUT_MS } from "./channel/rpc-channel.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type Outcome, RECORD_VERSION, type RecordedCall, type TaskRecord } from "./engine/record.ts";
import { DEFAULT_TIMING, type Timing } from "./engine/schedule.ts";
import { ClientClosedError, errorOf, InputError, UnknownEndpointError } from "./errors.ts";
import { checkAnswer } from "./protocol/answer.ts";
import { type JsonObject, jsonCopy, own } from "./protocol/json.ts";
import { HEADER_MISMATCH, METHOD_NOT_FOUND, UNSUPPORTED_PROTOCOL_VERSION } from "./protocol/json-rpc.ts";
import { parameterHeaders } from "./protocol/parameter-headers.ts";
import type { Session } from "./protocol/session.ts";
import { protocolOf } from "./protocol/task-protocol.ts";
import type { ListedTool, ToolFacts } from "./protocol/tool-facts.ts";
import type { ToolResult } from "./protocol/tool-result.ts";
import { randomId } from "./random-id.ts";
import { RecentSet } from "./recent-set.ts";
import type { Alarm } from "./runtime/alarm.ts";
import { type Problem, storageProblem } from "./runtime/problem.ts";
import { browserTabs, type TabPlatform } from "./runtime/tab-platform.ts";
import { DEFAULT_KEEP, type Keep, TaskHost } from "./runtime/task-host.ts";
import { readSession } from "./store/read-record.ts";
import type { TaskStore } from "./store/task-store.ts";
import { nextChange, Task, type TaskActions } from "./task.ts";
import type { CallOptions, TaskClientApi } from "./task-client-api.ts";
import { TaskSubscribers } from "./task-subscribers.ts";
import { deletedView, type TaskView, viewOf } from "./task-view.ts";
import { warnOnce } from "./warn-once.ts";

export interface TaskClientOptions {
  /** Where tasks live: `indexedDbStore()`, `memoryStore()`, or your own. */
  readonly store: TaskStore;
  /** The servers, by names of your choice. A record keeps the name: give the same one after a reload. */
  readonly endpoints: Readonly<Record<string, Connector>>;
  /** How long a single request may take, in ms (60 s), of whatever kind. Tasks have no such limit. */
  readonly requestTimeoutMs?: number;
  /** The longest result taken, by the length of its JSON text: 32 Mi characters. A longer one is outcome `failed`. */
  readonly maxResultLength?: number;
  /** Have servers push changes where they offer it; by default true. Polls go on all the same, only rarer. */
  readonly push?: boolean;
  readonly timing?: Partial<Timing>;
  /** How long settled tasks are kept that `forget` has not deleted: 7 days, and the latest 1,000. */
  readonly keep?: Partial<Keep>;
  readonly clock?: Clock;
  /**
   * How tabs that share the store know of each other: by default the browser's Web Locks. One tab
   * then polls for all. `null` makes this client count as alone.
   */
  readonly tabs?: TabPlatform | null;
  /**
   * For a process that is evicted between steps: what calls {@link TaskClient.step} when something is due.
   * No timer is held then, unless `besideTimers` says so; give `push: false` too, so that no connection is.
   */
  readonly alarm?: Alarm;
  /**
   * Store plain calls too, with what they gave: for a process whose caller may be gone when they end. Without it, of calls
   * that were no task only those are kept that asked something first.
   */
  readonly keepPlain?: boolean;
  /** How many polls may be out at once: 32. Fewer for places that have few connections. */
  readonly pollsAtOnce?: number;
  /** Called with what an app should know of that is no task's outcome. By default, one `console.warn` for each kind and subject. */
  readonly onProblem?: (problem: Problem) => void;
}

export interface NewCallOptions extends CallOptions {
  /** Our id of the task, if the caller makes it: a call under an id that is known gives the task it has. */
  readonly id?: string;
  /** How long the call's own reply may take, in ms, for servers that are slow and know no tasks: `requestTimeoutMs`. */
  readonly timeoutMs?: number;
}

/** What bounds a request of the app's own. */
export interface EndpointRequestOptions {
  /** How long each reply may take, in ms: `requestTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Gives the request up, also while the endpoint connects. The server is told first, which takes 1 s at most. */
  readonly signal?: AbortSignal;
}

const DELETED = "It was deleted while it ran";
/** The reason with which a tentative call is aborted. */
type Refusal = readonly [TaskView, TaskRecord];

/** Chromium refuses requests when thousands are out, and each takes the page a millisecond to send. */
const DEFAULT_POLLS_AT_ONCE = 32;
const NO_STORE =
  "A TaskClient needs a `store`: indexedDbStore() of holdfast/indexeddb keeps tasks over reloads, memoryStore() of holdfast/memory keeps them until the page ends, and any other TaskStore will do";
const DEFAULT_MAX_RESULT_LENGTH = 32 * 2 ** 20;

/** Starts tool calls that may be tasks, holds them in storage, and sees them to their end. */
export class TaskClient implements TaskClientApi {
  readonly #store: TaskStore;
  readonly #clock: Clock;
  readonly #requestTimeoutMs: number;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  readonly #host: TaskHost;
  readonly #tasks: Map<string, Task> = new Map();
  /** Tasks seen to their end: what is heard of them as unfinished is older, and never so much older as this set is long. */
  readonly #ended: Set<string> = new RecentSet(10_000);
  /** Calls made by what was remembered of their tools: a refusal of their manner, the reason of the abort, is not their end. */
  readonly #tentative: Map<string, AbortController> = new Map();
  readonly #subscribers: TaskSubscribers = new TaskSubscribers();
  readonly #report: (problem: Problem) => void;
  readonly #push: boolean;
  readonly #closing: AbortController = new AbortController();
  readonly #actions: TaskActions = {
    cancel: async ({ view: { id, endpoint } }) =>
      void (await this.#host.act(endpoint, { type: "cancelled", id })),
    answer: (task, key, response) => this.#answer(task, key, response),
    storedResult: (task) => this.#storedResult(task),
    running: (id) => this.#host.view(id),
    closed: this.#closing.signal,
  };
  readonly #online = (): void => this.nudge();

  /** Throws a TypeError if `store` is not a TaskStore. */
  constructor(options: TaskClientOptions) {
    if (typeof options?.store?.save !== "function") throw new TypeError(NO_STORE);
    this.#store = options.store;
    this.#clock = options.clock ?? systemClock;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    this.#report = options.onProblem ?? warnOnce();
    this.#push = options.push ?? true;
    this.#endpoints = new Map(
      Object.entries(options.endpoints).map(([name, connector]) => [name, this.#endpointOf(name, connector)]),
    );
    this.#host = new TaskHost({
      store: this.#store,
      clock: this.#clock,
      timing: { ...DEFAULT_TIMING, ...options.timing },
      requestTimeoutMs: this.#requestTimeoutMs,
      maxResultLength: options.maxResultLength ?? DEFAULT_MAX_RESULT_LENGTH,
      keep: { ...DEFAULT_KEEP, ...options.keep },
      push: this.#push,
      keepPlain: options.keepPlain ?? false,
      pollsAtOnce: options.pollsAtOnce ?? DEFAULT_POLLS_AT_ONCE,
      alarm: options.alarm,
      tabs: options.tabs === undefined ? browserTabs() : (options.tabs ?? undefined),
      endpoint: (name) => this.#endpoints.get(name),
      endpoints: [...this.#endpoints.keys()],
      followed: () => [...this.#tasks.values()].map(({ view }) => view),
      changed: (view, record) => this.#changed(view, record),
      over: (id) => void this.#ended.add(id),
      forgotten: (id) => {
        const task = this.#tasks.get(id);
        this.#tasks.delete(id);
        // It ran, and was deleted with `force`: whoever waits for it is told.
        task?.apply(deletedView(task.view, DELETED));
        this.#subscribers.tellForgotten(id);
      },
      report: this.#report,
    });
    // Pages and workers are told when the network is back; elsewhere there is no such event.
    if (!options.alarm) (globalThis as Partial<EventTarget>).addEventListener?.("online", this.#online);
  }

  /**
   * Calls a tool. Resolves once there is something to hold: a durable task handle, a question the
   * server asks first, or the result, if the tool was no task. Rejects with a TaskError when the
   * call came to nothing, with a RequestFaultError when the server could not be reached at all, and
   * with the signal's reason.
   */
  async callTool(
    endpoint: string,
    tool: string,
    args: JsonObject = {},
    options: NewCallOptions = {},
  ): Promise<Task> {
    const server = this.#endpointNamed(endpoint);
    options.signal?.throwIfAborted();
    const held = options.id === undefined ? undefined : await this.get(options.id);
    if (held) return held;
    // Before the call leaves: a server may ask at once, on its own stream.
    const stopListening = this.#push ? server.listen() : undefined;
    try {
      return await server.forPerson(() => this.#callNow(server, endpoint, tool, args, options));
    } finally {
      stopListening?.();
    }
  }

  async #callNow(
    server: Endpoint,
    endpoint: string,
    tool: string,
    args: JsonObject,
    options: NewCallOptions,
  ): Promise<Task> {
    const known = own((await server.rememberedSession())?.tools, tool);
    const facts = known ?? (await factsOf(server, tool, options.signal));
    const session = await server.session(options.signal);
    options.signal?.throwIfAborted();
    const record = this.#newRecord(endpoint, session, tool, args, facts, options);
    const refused = new AbortController();
    if (known) this.#tentative.set(record.id, refused);
    try {
      return await this.#call(record, session, facts, options, refused.signal);
    } catch (error) {
      if (!refused.signal.aborted) throw error;
    } finally {
      this.#tentative.delete(record.id);
    }
    // The server did nothing: what was remembered of it, or of the tool, is out of date (tools, "x-mcp-header").
    const [refusal, refusedRecord] = refused.signal.reason as Refusal;
    const { id, rev, outcome } = refusal;
    let current: Session;
    let fresh: ToolFacts | undefined;
    try {
      current = await server.session(options.signal);
      if (outcome?.kind === "failed" && current.generation === session.generation && !refusesKind(outcome))
        throw errorOf(refusal, outcome);
      await server.forgetTools();
      fresh = await factsOf(server, tool, options.signal);
      await this.#store.remove(id);
    } catch (error) {
      this.#changed(refusal);
      this.#host.publish(refusal, refusedRecord);
      throw error;
    }
    const again = this.#newRecord(endpoint, current, tool, args, fresh, { ...options, id });
    return this.#call({ ...again, rev: rev + 1 }, current, fresh, options);
  }

  /**
   * Sees to it that every unfinished task of the store runs, here or in the tab that leads. Gives
   * those tasks, the earliest first. Call it once when the page starts.
   */
  async resume(): Promise<readonly Task[]> {
    const records = (await this.#host.takeUp()).filter(({ endpoint }) => this.#endpoints.has(endpoint));
    return this.#handles(records, ({ outcome }) => outcome === undefined);
  }

  /** All tasks the store holds and all that run, the earliest first. */
  async list(): Promise<readonly Task[]> {
    const records = [...(await this.#host.active()), ...(await this.#host.settled())];
    return this.#handles(records, () => true);
  }

  /** One task by our id, or `undefined`. An unfinished one does not run by this: `resume` takes it up. */
  async get(id: string): Promise<Task | undefined> {
    const running = this.#host.view(id);
    if (running) return this.#taskOf(running);
    let record = await this.#host.record(id);
    // It ended while it was read.
    if (record && !record.outcome && this.#ended.has(id)) record = await this.#host.record(id);
    return record && this.#taskOf(viewOf(record));
  }

  /**
   * Deletes a settled task from the store, and tells subscribers, in other tabs too. One that runs is left: cancel it first.
   * @param options `force` deletes a task that runs, too. Its handles end as `lost`; its server is not told, and may go on.
   */
  async forget(id: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    const task = await this.get(id);
    if (task && (task.view.outcome || force)) await this.#host.forget(task.view);
  }

  async endpoints(): Promise<readonly string[]> {
    return [...this.#endpoints.keys()];
  }

  /** The tools of an endpoint, as the server defines them. Throws a RequestFaultError, or the signal's reason. */
  async listTools(endpoint: string, options?: EndpointRequestOptions): Promise<readonly ListedTool[]> {
    const server = this.#endpointNamed(endpoint);
    return server.forPerson(() => server.listTools(options));
  }

  /** What is agreed with an endpoint; connects if need be. Throws a RequestFaultError, or the signal's reason. */
  async session(endpoint: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Session> {
    const server = this.#endpointNamed(endpoint);
    return server.forPerson(() => server.session(signal));
  }

  /**
   * Sends a request of the app's own on an endpoint's connection, and returns its result. Throws a RequestFaultError,
   * or the signal's reason.
   */
  async request(
    endpoint: string,
    method: string,
    params: JsonObject,
    options?: EndpointRequestOptions,
  ): Promise<unknown> {
    const server = this.#endpointNamed(endpoint);
    return server.forPerson(() =>
      server.request({ method, params }, { rejectAfterAnnouncing: true, ...options }),
    );
  }

  /** What was agreed with an endpoint before, if anything: to make your own transport resume it. */
  async rememberedSession(endpoint: string): Promise<Session | undefined> {
    return this.#endpointNamed(endpoint).rememberedSession();
  }

  /**
   * Calls back after each change of any task that runs here or in another tab. A poll that brings nothing new is no
   * change. The function returned ends it.
   * @param forgotten Called with the id of each task that was deleted: by `forget`, here or in another
   *   tab, or because it was kept long enough.
   */
  subscribe(listener: (task: Task) => void, forgotten?: (id: string) => void): () => void {
    return this.#subscribers.add(listener, forgotten);
  }

  /** With an `alarm`, what it calls: does what is due, and resolves when all that was sent has been answered and written. */
  step(): Promise<void> {
    return this.#host.step();
  }

  /** Whether a call waits for its reply: closing the client now would lose the reply. A call in its backoff does not count. */
  get calling(): boolean {
    return this.#host.calling;
  }

  /** Tries again at once what waits out a fault. The browser's `online` event does this by itself. */
  nudge(): void {
    this.#host.nudge();
  }

  /** Stops polling and closes the connections. The tasks go on at their servers; the store keeps them. */
  async close(): Promise<void> {
    (globalThis as Partial<EventTarget>).removeEventListener?.("online", this.#online);
    await this.#host.close();
    const closed = new ClientClosedError();
    this.#closing.abort(closed);
    await Promise.all([...this.#endpoints.values()].map((endpoint) => endpoint.close(closed)));
    this.#store.close?.();
  }

  async #call(
    record: TaskRecord,
    session: Session,
    facts: ToolFacts | undefined,
    { signal, prefer = "task" }: CallOptions,
    refused?: AbortSignal,
  ): Promise<Task> {
    const mayBecomeTask = protocolOf(session.generation).mayBecomeTask(session, facts, prefer);
    const task = this.#taskOf(viewOf(record));
    await this.#host.start(record, mayBecomeTask);
    while (task.view.status === "calling") await nextChange(task, signal, refused);
    const { outcome } = task.view;
    if (!outcome || outcome.kind === "completed") return task;
    throw errorOf(task.view, outcome);
  }

  #newRecord(
    endpoint: string,
    session: Session,
    tool: string,
    args: JsonObject,
    facts: ToolFacts | undefined,
    options: NewCallOptions,
  ): TaskRecord {
    const id = options.id ?? randomId();
    const protocol = protocolOf(session.generation);
    const asTask = protocol.mayBecomeTask(session, facts, options.prefer ?? "task");
    const repeatable = options.repeatable ?? facts?.repeatable ?? false;
    const call: RecordedCall = {
      name: tool,
      // As they are now: a call that is sent again is the same call, whatever the app does to its object.
      arguments: jsonCopy(args, `The arguments of ${tool}`),
      asTask,
      ...(options.ttlMs !== undefined && { ttlMs: options.ttlMs }),
      ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
      ...(facts?.headers && { headers: parameterHeaders(facts.headers, args) }),
      progressToken: id,
      // A call that asked for no task is none of those the server lists.
      recovery: repeatable ? "repeat" : asTask && protocol.canList(session) ? "list" : "none",
      rounds: 0,
    };
    return {
      v: RECORD_VERSION,
      rev: 1,
      id,
      endpoint,
      generation: session.generation,
      stage: "calling",
      call,
      createdAt: this.#clock.now(),
      inputs: [],
    };
  }

  async #answer(task: Task, key: string, response: JsonObject): Promise<void> {
    const { id, endpoint, inputRequests } = task.view;
    const request = inputRequests.find((open) => open.key === key);
    if (request) {
      const checked = checkAnswer(request, response);
      if (!checked.ok)
        throw new InputError(task.view, key, `The answer does not fit: ${checked.problems.join("; ")}`);
      const action = { type: "answered", id, key, response: checked.response } as const;
      if (await this.#host.act(endpoint, action)) return;
    }
    const message = `Task ${id} asks nothing under the key ${JSON.stringify(key)}, or no longer does`;
    throw new InputError(task.view, key, message);
  }

  async #storedResult(task: Task): Promise<ToolResult> {
    const outcome = (await this.#host.record(task.id))?.outcome;
    if (outcome?.kind === "completed" && !outcome.apart) return outcome.result;
    throw errorOf(task.view, { kind: "lost", detail: "Its result is no longer in the store" });
  }

  /** False when the call is made once more, which nobody need know. */
  #changed(view: TaskView, record?: TaskRecord): boolean {
    const { id, outcome } = view;
    if (!outcome && this.#ended.has(id)) return true;
    const tentative = this.#tentative.get(id);
    if (tentative && outcome && (refusesKind(outcome) || refusesVersion(outcome))) {
      tentative.abort([view, record]);
      return false;
    }
    const task = this.#taskOf(view);
    task.apply(view);
    this.#subscribers.tellChanged(task);
    if (outcome) {
      this.#tasks.delete(id);
      this.#ended.add(id);
    }
    return true;
  }

  /** Handles for the stored tasks and for those that run here, whose views are newer. */
  #handles(stored: readonly TaskRecord[], wanted: (view: TaskView) => boolean): readonly Task[] {
    const views = new Map(
      [...stored.map((record) => viewOf(record)), ...this.#host.views()].map((view) => [view.id, view]),
    );
    return [...views.values()]
      .filter((view) => wanted(view) && (view.outcome || !this.#ended.has(view.id)))
      .sort((a, b) => a.createdAt - b.createdAt)
      .map((view) => this.#taskOf(view));
  }

  #taskOf(view: TaskView): Task {
    const { id, outcome } = view;
    const known = this.#tasks.get(id);
    if (known) return known;
    const task = new Task(view, this.#actions);
    if (!outcome) this.#tasks.set(id, task);
    return task;
  }

  #endpointNamed(name: string): Endpoint {
    const endpoint = this.#endpoints.get(name);
    if (!endpoint) throw new UnknownEndpointError(name, [...this.#endpoints.keys()]);
    return endpoint;
  }

  #endpointOf(name: string, connector: Connector): Endpoint {
    const forgiving = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await work();
      } catch (error) {
        this.#report(
          storageProblem(
            `The session of the endpoint ${JSON.stringify(name)} could not be stored or read`,
            error,
          ),
        );
        return undefined;
      }
    };
    const memory = {
      load: async () => readSession(await forgiving(() => this.#store.loadSession(name))),
      save: async (session: Session) => forgiving(() => this.#store.saveSession(name, session)),
      exclusively: <T>(work: () => Promise<T>) => this.#host.exclusively(name, work),
    };
    const inbound: ConnectionEvents["inbound"] = (message, origin) =>
      this.#host.inbound(name, message, origin);
    const listCut = (why: string): void =>
      this.#report({ kind: "incomplete-list", endpoint: name, message: `The server of ${name}: ${why}` });
    return new Endpoint(name, connector, memory, inbound, this.#clock, this.#requestTimeoutMs, listCut);
  }
}

async function factsOf(
  server: Endpoint,
  tool: string,
  signal: AbortSignal | undefined,
): Promise<ToolFacts | undefined> {
  try {
    return await server.tool(tool, signal);
  } catch (error) {
    // A server may have tools and no list of them; the call itself will tell.
    if (error instanceof RequestFaultError && error.fault.kind === "rpc") return undefined;
    throw error;
  }
}

/** The server refused the manner of the call, not the call: as a task or not, or by its headers. */
function refusesKind(outcome: Outcome): boolean {
  const code = outcome.kind === "failed" ? outcome.error.rpc?.code : undefined;
  return code === METHOD_NOT_FOUND || code === HEADER_MISMATCH;
}

/** The server refused the version it was called in, or answered as one does that does not know it or the session. */
function refusesVersion(outcome: Outcome): boolean {
  if (outcome.kind !== "failed") return false;
  const { rpc, httpStatus } = outcome.error;
  return rpc?.code === UNSUPPORTED_PROTOCOL_VERSION || httpStatus === 400 || httpStatus === 404;
}
