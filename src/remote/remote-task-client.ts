import { type Clock, shortClock } from "../clock.ts";
import { ClientClosedError, errorOf, UnknownEndpointError } from "../errors.ts";
import { readDeliveries } from "../mirror/delivery-message.ts";
import { TaskMirror } from "../mirror/task-mirror.ts";
import type { Waits } from "../mirror/waits.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { ListedTool } from "../protocol/tool-facts.ts";
import type { Task } from "../task.ts";
import type { CallOptions, TaskClientApi } from "../task-client-api.ts";
import type { Delivery, DeliveryReceipt, TaskInbox, UndeliveredQuery } from "../task-inbox.ts";
import { reportTo } from "../warn-once.ts";
import { createRemoteApi, type TokenSource } from "./remote-api.ts";
import { RemoteApiError } from "./remote-api-error.ts";
import { createTaskFeed, type TaskFeed } from "./task-feed.ts";
import { type CallAnswer, createTaskRequests, type TaskRequests } from "./task-requests.ts";

/** Something an app may show. */
export type RemoteProblem =
  /** A request or the event stream failed with `error`, and is tried again. */
  | { readonly kind: "request" | "events"; readonly message: string; readonly error: RemoteApiError }
  /**
   * `list()` and `resume()` resolve without some tasks: the worker could not read all of an endpoint, or, without an
   * `endpoint`, its pages repeat themselves.
   */
  | { readonly kind: "incomplete-list"; readonly message: string; readonly endpoint?: string };

export interface RemoteTaskClientOptions {
  /** Where the worker is: what stands before `/v1`. */
  readonly url: string | URL;
  /** The bearer token. A function is asked before every request, and again when the worker refuses the token. */
  readonly token?: TokenSource;
  readonly fetch?: typeof globalThis.fetch;
  readonly clock?: Clock;
  /** Called while the worker cannot be reached or refuses. By default, one `console.warn` for each kind of problem. */
  readonly onProblem?: (problem: RemoteProblem) => void;
}

/**
 * The tasks that run in a Holdfast worker, with the surface of `TaskClient`. Nothing is stored here,
 * and nothing polled: the page starts, watches and answers, and the tasks go on without it.
 *
 * Requests that fail reject with a {@link RemoteApiError}, after a few attempts where the failure may pass.
 */
export class RemoteTaskClient implements TaskClientApi, TaskInbox {
  readonly #requests: TaskRequests;
  readonly #waits: Waits;
  readonly #feed: TaskFeed;
  readonly #mirror: TaskMirror;
  readonly #closing: AbortController = new AbortController();
  readonly #online = (): void => this.nudge();

  constructor(options: RemoteTaskClientOptions) {
    const { url, token, fetch, clock = shortClock } = options;
    const report = reportTo(options.onProblem);
    const reportAs = (kind: "request" | "events") => (error: RemoteApiError) =>
      report({ kind, message: error.message, error });
    const api = createRemoteApi({ url, token, fetch, clock, retrying: reportAs("request") });
    this.#waits = api.waits;
    const closed = this.#closing.signal;
    this.#requests = createTaskRequests(api, closed, (message, endpoint) =>
      report({ kind: "incomplete-list", message, ...(endpoint !== undefined && { endpoint }) }),
    );
    const mirror = new TaskMirror({
      source: this.#requests,
      closed,
      // Only a caller that waits for a change needs the stream.
      watch: () => (mirror.needsEvents ? this.#feed.open() : this.#feed.close()),
    });
    this.#mirror = mirror;
    this.#feed = createTaskFeed({ api, clock, mirror, failed: reportAs("events") });
    // Pages and workers have an event for the network's return; other platforms do not.
    (globalThis as Partial<EventTarget>).addEventListener?.("online", this.#online);
  }

  endpoints(): Promise<readonly string[]> {
    return this.#requests.endpoints();
  }

  /** Starts a tool call in the worker. Resolves once the worker holds it, or has its result. Rejects as {@link callTool} does, but not with a TaskError. */
  async start<Output = unknown, Args extends object = object>(
    endpoint: string,
    tool: string,
    args?: Args,
    options: CallOptions = {},
  ): Promise<Task<Output>> {
    return this.#mirror.apply((await this.#call(endpoint, tool, args, options)).task) as Task<Output>;
  }

  /**
   * Calls a tool in the worker. Resolves once the worker holds it, or has its result. While the worker does not answer,
   * the same call is asked for again, for three minutes at most, and made once all the same.
   * Rejects with a TaskError when the call came to nothing, with an UnknownEndpointError, with a
   * RemoteApiError when the worker refuses it or is away, and with the signal's reason.
   */
  async callTool<Output = unknown, Args extends object = object>(
    endpoint: string,
    tool: string,
    args?: Args,
    options: CallOptions = {},
  ): Promise<Task<Output>> {
    const { task: view, ended } = await this.#call(endpoint, tool, args, options);
    const task = this.#mirror.apply(view) as Task<Output>;
    const { outcome } = task.view;
    // Otherwise the worker holds the task, and its handle reports its end.
    if (ended && outcome && outcome.kind !== "completed") throw errorOf(view, outcome);
    return task;
  }

  async #call(
    endpoint: string,
    tool: string,
    args: object | undefined,
    options: CallOptions,
  ): Promise<CallAnswer> {
    options.signal?.throwIfAborted();
    return this.#onEndpoint(
      endpoint,
      this.#requests.call(endpoint, tool, (args ?? {}) as JsonObject, options),
    );
  }

  /** Returns all unfinished tasks of this principal, the earliest first. They run in any case. */
  resume(): Promise<readonly Task[]> {
    return this.#mirror.resume();
  }

  list(): Promise<readonly Task[]> {
    return this.#mirror.list();
  }

  get(id: string): Promise<Task | undefined> {
    return this.#mirror.get(id);
  }

  /** See {@link TaskInbox.undelivered}. What endpoints hold that cannot be read now is reported as `incomplete-list`. */
  async undelivered(query: UndeliveredQuery): Promise<readonly Delivery[]> {
    return readDeliveries(await this.#requests.undelivered(query), (view) => this.#mirror.apply(view, false));
  }

  /** See {@link TaskInbox.notify}. Rejects with a {@link RemoteApiError}, also for an unfit name. */
  notify({ id }: Pick<Task, "id">, addressee: string): Promise<void> {
    return this.#requests.notify(id, addressee);
  }

  acknowledge(delivery: DeliveryReceipt): Promise<boolean> {
    return this.#requests.acknowledge(delivery);
  }

  /** @param options `force` deletes a task that runs, too. Its handles end as `lost`; its server is not notified, and may continue. */
  async forget(id: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    if (await this.#requests.remove(id, force)) this.#mirror.forgotten(id);
  }

  async listTools(endpoint: string): Promise<readonly ListedTool[]> {
    return this.#onEndpoint(endpoint, this.#requests.tools(endpoint));
  }

  /**
   * Calls back after each change of any task. The function returned ends it.
   * @param forgotten Called with the id of each task that was deleted, by whomever, while the event stream was open.
   */
  subscribe(listener: (task: Task) => void, forgotten?: (id: string) => void): () => void {
    return this.#mirror.subscribe(listener, forgotten);
  }

  /** Tries again at once what waits out a failure. The browser's `online` event does this by itself. */
  nudge(): void {
    this.#waits.nudge();
  }

  async close(): Promise<void> {
    (globalThis as Partial<EventTarget>).removeEventListener?.("online", this.#online);
    this.#closing.abort(new ClientClosedError());
    this.#feed.close();
  }

  /** Resolves with the answer. Where the worker knows no such endpoint, the error says which there are. */
  async #onEndpoint<T>(endpoint: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (!(error instanceof RemoteApiError) || error.code !== "unknown-endpoint") throw error;
      throw new UnknownEndpointError(endpoint, await this.endpoints().catch(() => []));
    }
  }
}
