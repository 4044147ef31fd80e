import { answered, isUnanswered } from "../answered-call.ts";
import type { Endpoint } from "../channel/endpoint.ts";
import { DEFAULT_REQUEST_TIMEOUT_MS } from "../channel/rpc-channel.ts";
import type { Clock } from "../clock.ts";
import { described } from "../engine/queue.ts";
import type { TaskRecord } from "../engine/record.ts";
import { DEFAULT_TIMING } from "../engine/schedule.ts";
import { idleState, type TaskState } from "../engine/state.ts";
import { ClientClosedError, errorOf, UnknownEndpointError } from "../errors.ts";
import type { Host } from "../hosts/host.ts";
import { defined, type JsonObject } from "../protocol/json.ts";
import { MissingPartError } from "../protocol/missing-part.ts";
import { registerProtocols } from "../protocol/registry.ts";
import type { Session } from "../protocol/session.ts";
import type { ListedTool } from "../protocol/tool-facts.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import { randomId } from "../random-id.ts";
import { RecentSet } from "../recent-set.ts";
import type { Parts } from "../runtime/parts.ts";
import type { Problem } from "../runtime/problem.ts";
import { DEFAULT_RETENTION } from "../runtime/retention.ts";
import { inSlices } from "../runtime/slices.ts";
import { createTaskHost, type TaskHost } from "../runtime/task-host.ts";
import type { DeliveryNotes, TaskStore } from "../store/task-store.ts";
import { nextChange, Task, type TaskActions } from "../task.ts";
import type { TaskClientApi } from "../task-client-api.ts";
import { publishChange, publishForgotten, type Subscriber, subscribed } from "../task-subscribers.ts";
import { deletedView, type TaskView, viewOf } from "../task-view.ts";
import { reportTo } from "../warn-once.ts";
import { checkedTime } from "./checked-time.ts";
import { endpointsOf } from "./endpoints.ts";
import { newCall, type StartOptions } from "./new-call.ts";
import type { CloseOptions, EndpointRequestOptions, HostedClientOptions } from "./options.ts";
import type { Tracing } from "./tracing.ts";

const NO_STORE =
  "A TaskClient needs a `store`: indexedDbStore() of holdfast/indexeddb, memoryStore() of holdfast/memory, or another TaskStore";
const DEFAULT_MAX_RESULT_LENGTH = 32 * 2 ** 20;

/** Starts tool calls that may be tasks, holds them in storage, and sees them to their end, on a given {@link Host}. */
export class HostedClient implements TaskClientApi {
  readonly #store: TaskStore;
  readonly #clock: Clock;
  readonly #parts: Parts;
  readonly #tracing: Tracing | undefined;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  readonly #host: TaskHost;
  readonly #tasks: Map<string, Task> = new Map();
  /** Tasks that have ended here. A later message that shows one as unfinished is older, and is dropped. */
  readonly #ended: Set<string> = new RecentSet(10_000);
  /** By id, calls that are not durable yet. */
  readonly #starting: Map<string, Promise<Task>> = new Map();
  readonly #subscribers: Set<Subscriber> = new Set();
  readonly #report: (problem: Problem) => void;
  readonly #closing: AbortController = new AbortController();
  readonly #actions: TaskActions = {
    cancel: async ({ view: { id, endpoint } }) =>
      void (await this.#host.act(endpoint, { type: "cancelled", id })),
    answer: async ({ view }, key, response) => {
      const { questions } = this.#parts;
      if (!questions) throw new MissingPartError("questions");
      await questions.answer(view, key, response, (action) => this.#host.act(view.endpoint, action));
    },
    storedResult: (task) => this.#storedResult(task),
    running: (id) => this.#host.view(id),
    closed: this.#closing.signal,
  };
  readonly #stopOnline: (() => void) | undefined;

  /** Throws a TypeError if `store` is not a TaskStore, an endpoint not a {@link Connector}, or a time not a number of ms. */
  constructor(options: HostedClientOptions, host: Host) {
    if (typeof options?.store?.save !== "function") throw new TypeError(NO_STORE);
    registerProtocols(host.protocols ?? {});
    this.#store = options.store;
    this.#parts = host;
    this.#clock = host.clock;
    this.#report = reportTo(options.onProblem);
    const { store, tracing, requestTimeoutMs: given } = options;
    const requestTimeoutMs = checkedTime("requestTimeoutMs", given ?? DEFAULT_REQUEST_TIMEOUT_MS, 1);
    const timing = defined(options.timing ?? {});
    for (const [name, ms] of Object.entries(timing)) checkedTime(`timing.${name}`, ms);
    this.#tracing = tracing;
    this.#endpoints = endpointsOf(options.endpoints, {
      store,
      tracing,
      clock: host.clock,
      requestTimeoutMs,
      report: this.#report,
      explain: host.explain,
      host: () => this.#host,
    });
    this.#host = createTaskHost({
      ...host,
      tracing,
      store,
      timing: { ...DEFAULT_TIMING, ...host.timing, ...timing },
      requestTimeoutMs,
      maxResultLength: options.maxResultLength ?? DEFAULT_MAX_RESULT_LENGTH,
      retention: { ...DEFAULT_RETENTION, ...defined(options.retention ?? {}) },
      push: options.push === false ? undefined : host.push,
      endpoint: (name) => this.#endpoints.get(name),
      endpoints: [...this.#endpoints.keys()],
      followed: () => viewsOf(this.#tasks.values()),
      follows: (id) => this.#tasks.has(id),
      changed: (view) => this.#changed(view),
      over: (id) => {
        this.#lose(id, "It was a plain call, and the page that made it was closed");
        this.#ended.add(id);
      },
      forgotten: (id) => {
        // It ran, and was deleted with `force`: its waits end.
        this.#lose(id, "It was deleted while it ran");
        publishForgotten(this.#subscribers, id);
      },
      report: this.#report,
    });
    this.#stopOnline = host.onOnline?.(() => this.nudge());
  }

  /**
   * Starts a tool call. Resolves when the call is durable, before its server has been reached: with no network it waits, and
   * the call is made once the server can be reached, by this page or by a later one that calls {@link resume}. What becomes
   * of it is in the task; it is `queued` until it is sent.
   *
   * A queued call fails only for what will not pass: no MCP server at the address, a refused handshake, a missing sign-in, or a
   * server out of reach for a day. Once its tool turns out to be plain, it is not persisted any more, and ends with this page;
   * in a later page, which did not make it, its result is stored. Over `holdfast/http` a plain call outlives the page if its
   * 2025-11-25 server sends its response stream with event ids: a later page that calls {@link resume} awaits its reply.
   *
   * Throws an UnknownEndpointError, a TypeError for arguments that are not JSON and for unfit options, and the signal's reason.
   */
  async start<Output = unknown, Args extends object = object>(
    endpoint: string,
    tool: string,
    args?: Args,
    options: StartOptions = {},
  ): Promise<Task<Output>> {
    const server = this.#endpointNamed(endpoint);
    options.signal?.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    const { id = randomId() } = options;
    // In the turn of the caller, whose span is the active one.
    const trace = options.trace ?? this.#tracing?.started(endpoint, tool);
    const record = newCall(
      id,
      endpoint,
      tool,
      (args ?? {}) as JsonObject,
      { ...options, trace },
      this.#clock.now(),
      server.idempotencyKey,
    );
    const known = this.#starting.get(id);
    if (known) return known as Promise<Task<Output>>;
    const starting = this.#start(server, record, options.id !== undefined);
    this.#starting.set(id, starting);
    return starting.finally(() => this.#starting.delete(id)) as Promise<Task<Output>>;
  }

  /**
   * Calls a tool: {@link start}, and a wait. Resolves once there is something to hold: a durable task handle, a question the
   * server asks first, or the result, if the call was plain. Rejects with a TaskError when the call came to nothing, with a
   * RequestFailedError when it was never sent and will not be, and with the signal's reason: a call that is still queued is
   * then cancelled.
   */
  async callTool<Output = unknown, Args extends object = object>(
    endpoint: string,
    tool: string,
    args?: Args,
    options: StartOptions = {},
  ): Promise<Task<Output>> {
    return answered(await this.start<Output, Args>(endpoint, tool, args, options), options.signal);
  }

  async #start(server: Endpoint, record: TaskRecord, mayBeKnown: boolean): Promise<Task> {
    const held = mayBeKnown ? await this.get(record.id) : undefined;
    if (held) return held;
    const description = server.described(record.call.name);
    // Certainly not sent yet: whatever comes while it is written may send it, but never lose it.
    const queued: TaskState = { ...idleState(record), mayCall: true };
    const state = description ? described(queued, description, this.#clock.now(), this.#parts) : queued;
    const task = new Task(viewOf(state.record), this.#actions);
    this.#tasks.set(record.id, task);
    const durable = this.#host.start(state);
    // Until it is answered, the person who made the call may be asked to sign in.
    const inHand = async (): Promise<void> => {
      await durable;
      while (isUnanswered(task)) await nextChange(task);
    };
    server.forPerson(inHand).catch(() => undefined);
    await durable;
    return task;
  }

  /**
   * Sees to it that every unfinished task of the store runs, here or in the tab that leads. Gives
   * those tasks, the earliest first. Call it once when the page starts.
   */
  async resume(): Promise<readonly Task[]> {
    const records = (await this.#host.resume()).filter(({ endpoint }) => this.#endpoints.has(endpoint));
    return this.#handles(records, ({ outcome }) => outcome === undefined);
  }

  /** All tasks the store holds and all that run, the earliest first. */
  async list(): Promise<readonly Task[]> {
    const records = [...(await this.#host.stored.active()), ...(await this.#host.stored.settled())];
    return this.#handles(records, () => true);
  }

  /** One task by our id, or `undefined`. An unfinished one does not run by this: `resume` takes it up. */
  async get(id: string): Promise<Task | undefined> {
    const hadEnded = this.#ended.has(id);
    let view = this.#host.view(id);
    if (!view) {
      const record = await this.#host.stored.record(id);
      view = this.#host.view(id) ?? (record && viewOf(record));
    }
    if (!view || view.outcome || !this.#ended.has(id)) return view && this.#taskOf(view);
    // It ended while it was read. One whose end could not be stored, and was forgotten, is not to be waited for.
    return hadEnded ? undefined : this.get(id);
  }

  /**
   * Deletes a settled task from the store and notifies subscribers, in other tabs too. A running task stays: cancel it first.
   * @param options `force` deletes a task that runs, too. Its handles end as `lost`; its server is not notified, and may continue.
   */
  async forget(id: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    const task = await this.get(id);
    if (task && (task.view.outcome || force)) await this.#host.forget(task.view);
  }

  /** For `holdfast/inbox`: where this client's store notes what was delivered. */
  get deliveries(): DeliveryNotes | undefined {
    return this.#store.deliveries;
  }

  async endpoints(): Promise<readonly string[]> {
    return [...this.#endpoints.keys()];
  }

  /** The tools of an endpoint, as the server defines them. Throws a RequestFailedError, or the signal's reason. */
  async listTools(endpoint: string, options?: EndpointRequestOptions): Promise<readonly ListedTool[]> {
    const server = this.#endpointNamed(endpoint);
    return server.forPerson(() => server.listTools(options));
  }

  /** What is agreed with an endpoint; connects if need be. Throws a RequestFailedError, or the signal's reason. */
  async session(endpoint: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Session> {
    const server = this.#endpointNamed(endpoint);
    return server.forPerson(() => server.session(signal));
  }

  /**
   * Sends a request of the app's own on an endpoint's connection, and returns its result. Throws a RequestFailedError,
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
    return subscribed(this.#subscribers, listener, forgotten);
  }

  /** What the host's alarm calls: does what is due, and resolves when all that was sent has been answered and written. */
  step(): Promise<void> {
    return this.#host.step();
  }

  /** Whether a call waits for its reply: closing the client now would lose the reply. A call in its backoff does not count. */
  get calling(): boolean {
    return this.#host.calling();
  }

  /** Tries again at once what waits out a failure. The browser's `online` event does this by itself. */
  nudge(): void {
    this.#host.nudge();
  }

  /**
   * Stops polling and closes the connections. The tasks go on at their servers; the store keeps them.
   * @example
   * await tasks.close({ endSessions: true }); // a person signs out
   */
  async close({ endSessions }: CloseOptions = {}): Promise<void> {
    this.#stopOnline?.();
    await this.#host.close();
    const closed = new ClientClosedError();
    this.#closing.abort(closed);
    const endpoints = [...this.#endpoints.values()];
    await Promise.all(endpoints.map((endpoint) => endpoint.close(closed)));
    if (endSessions) await Promise.all(endpoints.map((endpoint) => endpoint.endSession()));
    await this.#store.close?.();
  }

  async #storedResult(task: Task): Promise<ToolResult> {
    const outcome = (await this.#host.stored.record(task.id))?.outcome;
    if (outcome?.kind === "completed" && !outcome.apart) return outcome.result;
    throw errorOf(task.view, { kind: "lost", detail: "Its result is no longer in the store" });
  }

  #changed(view: TaskView): void {
    const { id, outcome } = view;
    if (!outcome && this.#ended.has(id)) return;
    const task = this.#taskOf(view);
    task.apply(view);
    publishChange(this.#subscribers, task);
    if (outcome) {
      this.#tasks.delete(id);
      this.#ended.add(id);
    }
  }

  #lose(id: string, detail: string): void {
    const task = this.#tasks.get(id);
    this.#tasks.delete(id);
    task?.apply(deletedView(task.view, detail));
  }

  /** Handles for the stored tasks and for those that run here, whose states are newer. Of thousands most have a handle: no view is made. */
  async #handles(
    stored: readonly TaskRecord[],
    wanted: (record: Pick<TaskRecord, "outcome">) => boolean,
  ): Promise<readonly Task[]> {
    const records = new Map<string, TaskRecord>();
    for (const record of stored) records.set(record.id, record);
    for (const record of this.#host.records()) records.set(record.id, record);
    const handles: Task[] = [];
    const earliestFirst = [...records.values()].sort((a, b) => a.createdAt - b.createdAt);
    await inSlices(earliestFirst, this.#clock, (record) => {
      if (wanted(record) && (record.outcome || !this.#ended.has(record.id)))
        handles.push(
          this.#tasks.get(record.id) ?? this.#taskOf(this.#host.view(record.id) ?? viewOf(record)),
        );
    });
    return handles;
  }

  #taskOf(view: TaskView): Task {
    const { id, status, outcome } = view;
    const known = this.#tasks.get(id);
    if (known) return known;
    const task = new Task(view, this.#actions);
    if (!outcome) this.#tasks.set(id, task);
    if (status === "queued" || (status === "calling" && !view.asTask)) this.#host.followCall(view);
    return task;
  }

  #endpointNamed(name: string): Endpoint {
    const endpoint = this.#endpoints.get(name);
    if (!endpoint) throw new UnknownEndpointError(name, [...this.#endpoints.keys()]);
    return endpoint;
  }
}

/** One by one: who looks for a task of ten thousand makes no list of them. */
function* viewsOf(tasks: Iterable<Task>): Generator<TaskView, void> {
  for (const { view } of tasks) yield view;
}
