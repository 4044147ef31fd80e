import { answered } from "../answered-call.ts";
import { type Clock, shortClock } from "../clock.ts";
import { ClientClosedError } from "../errors.ts";
import { readDeliveries } from "../mirror/delivery-message.ts";
import { isListedTool } from "../mirror/read-tool.ts";
import { readView } from "../mirror/read-view.ts";
import { TaskMirror } from "../mirror/task-mirror.ts";
import { createWaits, type Waits } from "../mirror/waits.ts";
import { type JsonObject, jsonCopy } from "../protocol/json.ts";
import type { ListedTool } from "../protocol/tool-facts.ts";
import { randomId } from "../random-id.ts";
import type { Task } from "../task.ts";
import type { CallOptions, TaskClientApi } from "../task-client-api.ts";
import type { Delivery, DeliveryReceipt, TaskInbox, UndeliveredQuery } from "../task-inbox.ts";
import type { TaskView } from "../task-view.ts";
import { reportTo } from "../warn-once.ts";
import { type ExtensionBrowser, globalBrowser } from "./browser.ts";
import { ExtensionError } from "./extension-error.ts";
import { type PageRequest, PORT_NAME } from "./messages.ts";
import { WorkerLine } from "./worker-line.ts";

/** Something a page may show: the worker could not be reached, or refuses this page. The first is tried again. */
export interface ConnectionProblem {
  readonly kind: "connection";
  readonly message: string;
  readonly error: ExtensionError;
}

export interface ExtensionTaskClientOptions {
  /** `browser` or `chrome`: by default whichever the global scope has. */
  readonly browser?: ExtensionBrowser;
  /** From a web page: whose tasks. The extension must name the page in `externally_connectable`, and `allow` it. */
  readonly extensionId?: string;
  readonly clock?: Clock;
  /** Called while the worker cannot be reached or refuses. By default, one `console.warn` for each message. */
  readonly onProblem?: (problem: ConnectionProblem) => void;
}

export interface ExtensionCallOptions extends CallOptions {
  /** Our id of the task, if the page makes it: a call under an id that is known gives the task it has. */
  readonly id?: string;
}

/**
 * The tasks of the extension's worker, with the surface of `TaskClient`: for popup, side panel and options, and for
 * content scripts and pages that the extension allows. Nothing is stored here, and nothing polled.
 *
 * The worker may end at any time, and is started again when it is needed; what was asked is then asked again,
 * and done once. What cannot be asked rejects with an {@link ExtensionError}.
 */
export class ExtensionTaskClient implements TaskClientApi, TaskInbox {
  readonly #line: WorkerLine;
  readonly #waits: Waits;
  readonly #mirror: TaskMirror;
  readonly #closing: AbortController = new AbortController();
  readonly #clock: Clock;
  /** Since when somebody listens: ms since 1970. The worker's clock is this one. */
  #since = 0;

  constructor(options: ExtensionTaskClientOptions = {}) {
    const { extensionId, clock = shortClock } = options;
    const report = reportTo(options.onProblem);
    const { runtime } = options.browser ?? globalBrowser();
    const info = { name: PORT_NAME };
    this.#clock = clock;
    this.#waits = createWaits(clock);
    const ask = (request: PageRequest): Promise<unknown> => this.#line.ask(request);
    const mirror = new TaskMirror({
      source: {
        tasks: async (which) =>
          listOf(await ask({ method: "tasks", which })).flatMap((task) => readView(task) ?? []),
        task: async (id) => {
          const task = await ask({ method: "task", id });
          return task ? taskIn(task) : undefined;
        },
        cancel: async (id) => readView(await ask({ method: "cancel", id })),
        answer: async ({ id }, key, response) => readView(await ask({ method: "answer", id, key, response })),
      },
      closed: this.#closing.signal,
      // Only a caller that waits for a change needs the worker.
      watch: () => this.#line.watch(mirror.needsEvents),
      // Subscribers are not called for a task that ended before they subscribed.
      isNews: ({ outcome, settledAt = 0 }) => mirror.hasSubscribers && (!outcome || settledAt >= this.#since),
    });
    this.#mirror = mirror;
    this.#line = new WorkerLine({
      connect: () => (extensionId === undefined ? runtime.connect(info) : runtime.connect(extensionId, info)),
      lastError: () => runtime.lastError?.message,
      clock,
      waits: this.#waits,
      mirror,
      failed: (error) => report({ kind: "connection", message: error.message, error }),
    });
  }

  async endpoints(): Promise<readonly string[]> {
    const names = listOf(await this.#line.ask({ method: "endpoints" }));
    return names.filter((name) => typeof name === "string");
  }

  /**
   * Starts a tool call in the worker. Resolves when the worker holds it, before its server has been reached. Started once,
   * however often the worker dies meanwhile. Rejects as `TaskClient.start` does, and with an ExtensionError.
   */
  async start<Output = unknown, Args extends object = object>(
    endpoint: string,
    tool: string,
    args?: Args,
    options: ExtensionCallOptions = {},
  ): Promise<Task<Output>> {
    const { signal, prefer, ttlMs, repeatable, idempotencyKey, notify, id = randomId() } = options;
    signal?.throwIfAborted();
    const asked = jsonCopy((args ?? {}) as JsonObject, `The arguments of ${tool}`);
    const answer = await this.#line.ask(
      { method: "call", id, endpoint, tool, args: asked, prefer, ttlMs, repeatable, idempotencyKey, notify },
      signal,
    );
    return this.#mirror.apply(taskIn(answer)) as Task<Output>;
  }

  /**
   * Calls a tool in the worker: {@link start}, and a wait for something to hold, or the result. Rejects as
   * `TaskClient.callTool` does, and with an ExtensionError.
   */
  async callTool<Output = unknown, Args extends object = object>(
    endpoint: string,
    tool: string,
    args?: Args,
    options: ExtensionCallOptions = {},
  ): Promise<Task<Output>> {
    return answered(await this.start<Output, Args>(endpoint, tool, args, options), options.signal);
  }

  resume(): Promise<readonly Task[]> {
    return this.#mirror.resume();
  }

  list(): Promise<readonly Task[]> {
    return this.#mirror.list();
  }

  get(id: string): Promise<Task | undefined> {
    return this.#mirror.get(id);
  }

  async undelivered({
    addressee,
    leaseMs,
    receipt = randomId(),
    task,
  }: UndeliveredQuery): Promise<readonly Delivery[]> {
    const answer = await this.#line.ask({ method: "undelivered", addressee, receipt, leaseMs, task });
    return readDeliveries(listOf(answer), (view) => this.#mirror.apply(view, false));
  }

  async notify({ id }: Pick<Task, "id">, addressee: string): Promise<void> {
    await this.#line.ask({ method: "notify", id, addressee });
  }

  async acknowledge({ addressee, receipt, task: { id }, question }: DeliveryReceipt): Promise<boolean> {
    const key = question?.key;
    return (await this.#line.ask({ method: "acknowledge", id, addressee, receipt, key })) === true;
  }

  async forget(id: string): Promise<void> {
    await this.#line.ask({ method: "forget", id });
    // One that runs is left.
    if (!this.#mirror.has(id)) this.#mirror.forget(id);
  }

  async listTools(endpoint: string): Promise<readonly ListedTool[]> {
    return listOf(await this.#line.ask({ method: "tools", endpoint })).filter(isListedTool);
  }

  /**
   * Calls back after each change of any task. The function returned ends it.
   * @param forgotten Called with the id of each task that was deleted, by whomever, while the worker ran.
   */
  subscribe(listener: (task: Task) => void, forgotten?: (id: string) => void): () => void {
    if (!this.#mirror.hasSubscribers) this.#since = this.#clock.now();
    return this.#mirror.subscribe(listener, forgotten);
  }

  /** Tries again at once what waits out a failure, here and in the worker. */
  nudge(): void {
    this.#waits.nudge();
    this.#line.ask({ method: "nudge" }).catch(() => undefined);
  }

  async close(): Promise<void> {
    const reason = new ClientClosedError();
    this.#closing.abort(reason);
    this.#line.close(reason);
  }
}

function taskIn(answer: unknown): TaskView {
  const task = readView(answer);
  if (!task) throw new ExtensionError("malformed", "The worker's answer holds no task");
  return task;
}

function listOf(answer: unknown): readonly unknown[] {
  if (!Array.isArray(answer)) throw new ExtensionError("malformed", "The worker's answer holds no list");
  return answer;
}
