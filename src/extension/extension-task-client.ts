import { type Clock, systemClock } from "../clock.ts";
import { ClientClosedError, errorOf } from "../errors.ts";
import { type JsonObject, jsonCopy } from "../protocol/json.ts";
import type { ListedTool } from "../protocol/tool-facts.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import { randomId } from "../random-id.ts";
import { CatchUp } from "../remote/catch-up.ts";
import { readTask } from "../remote/read-task.ts";
import { isListedTool } from "../remote/read-tool.ts";
import { TaskBook } from "../remote/task-book.ts";
import { Waits } from "../remote/waits.ts";
import { Task, type TaskActions } from "../task.ts";
import type { CallOptions, TaskClientApi } from "../task-client-api.ts";
import { stateOf, type TaskJson } from "../task-json.ts";
import { warnOnce } from "../warn-once.ts";
import { type ExtensionBrowser, globalBrowser } from "./browser.ts";
import { ExtensionError } from "./extension-error.ts";
import { PORT_NAME } from "./messages.ts";
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
export class ExtensionTaskClient implements TaskClientApi {
  readonly #line: WorkerLine;
  readonly #waits: Waits;
  readonly #book: TaskBook;
  readonly #closing: AbortController = new AbortController();
  readonly #actions: TaskActions = {
    cancel: async ({ id }) => this.#heard(await this.#line.ask({ method: "cancel", id })),
    answer: async ({ id }, key, response) =>
      this.#heard(await this.#line.ask({ method: "answer", id, key, response })),
    storedResult: (task) => this.#result(task),
    closed: this.#closing.signal,
  };
  readonly #clock: Clock;
  /** Since when somebody listens: ms since 1970. The worker's clock is this one. */
  #since = 0;

  constructor(options: ExtensionTaskClientOptions = {}) {
    const { extensionId, clock = systemClock, onProblem = warnOnce() } = options;
    const { runtime } = options.browser ?? globalBrowser();
    const info = { name: PORT_NAME };
    this.#clock = clock;
    this.#waits = new Waits(clock);
    this.#book = new TaskBook({
      handle: (task) => this.#handle(task),
      recounted: () => this.#watch(),
    });
    const source = {
      tasks: async (which: "all" | "unfinished") =>
        (await this.#tasks(which)).filter((task) => this.#isNews(task)),
      task: (id: string) => this.#task(id),
    };
    const catchUp = new CatchUp(source, this.#book);
    this.#line = new WorkerLine({
      connect: () => (extensionId === undefined ? runtime.connect(info) : runtime.connect(extensionId, info)),
      lastError: () => runtime.lastError?.message,
      clock,
      waits: this.#waits,
      ready: () => {
        if (this.#book.waitsForNews) catchUp.ready(false);
      },
      told: (task) => {
        if (this.#isNews(task)) this.#book.hear(task);
      },
      progressed: (id, progress) => this.#book.progressed(id, progress),
      forgotten: (id) => this.#book.forgotten(id),
      troubled: (error) => onProblem({ kind: "connection", message: error.message, error }),
    });
  }

  async endpoints(): Promise<readonly string[]> {
    const names = listOf(await this.#line.ask({ method: "endpoints" }));
    return names.filter((name) => typeof name === "string");
  }

  /**
   * Calls a tool in the worker. Resolves once there is something to hold, or the result. Made once, however often the
   * worker dies meanwhile. Rejects as `TaskClient.callTool` does, and with an ExtensionError.
   */
  async callTool(
    endpoint: string,
    tool: string,
    args: JsonObject = {},
    options: ExtensionCallOptions = {},
  ): Promise<Task> {
    const { signal, prefer, ttlMs, repeatable, id = randomId() } = options;
    signal?.throwIfAborted();
    const choices = {
      ...(prefer !== undefined && { prefer }),
      ...(ttlMs !== undefined && { ttlMs }),
      ...(repeatable !== undefined && { repeatable }),
    };
    const asked = jsonCopy(args, `The arguments of ${tool}`);
    const answer = await this.#line.ask(
      { method: "call", id, endpoint, tool, args: asked, ...choices },
      signal,
    );
    const task = this.#book.hear(taskIn(answer));
    const { outcome } = task;
    if (!outcome || outcome.kind === "completed") return task;
    throw errorOf(task.reference, outcome);
  }

  async resume(): Promise<readonly Task[]> {
    return this.#book.takeAll(await this.#tasks("unfinished"));
  }

  async list(): Promise<readonly Task[]> {
    return this.#book.takeAll(await this.#tasks("all"));
  }

  async get(id: string): Promise<Task | undefined> {
    const task = await this.#task(id);
    return task && this.#book.take(task);
  }

  async forget(id: string): Promise<void> {
    await this.#line.ask({ method: "forget", id });
    // One that runs is left.
    if (!this.#book.has(id)) this.#book.forget(id);
  }

  async listTools(endpoint: string): Promise<readonly ListedTool[]> {
    return listOf(await this.#line.ask({ method: "tools", endpoint })).filter(isListedTool);
  }

  /**
   * Calls back after each change of any task. The function returned ends it.
   * @param forgotten Called with the id of each task that was deleted, by whomever, while the worker ran.
   */
  subscribe(listener: (task: Task) => void, forgotten?: (id: string) => void): () => void {
    if (!this.#book.hasSubscribers) this.#since = this.#clock.now();
    return this.#book.subscribe(listener, forgotten);
  }

  /** Tries again at once what waits out a fault, here and in the worker. */
  nudge(): void {
    this.#waits.nudge();
    this.#line.ask({ method: "nudge" }).catch(() => undefined);
  }

  async close(): Promise<void> {
    const reason = new ClientClosedError();
    this.#closing.abort(reason);
    this.#line.close(reason);
  }

  async #tasks(which: "all" | "unfinished"): Promise<readonly TaskJson[]> {
    const tasks = listOf(await this.#line.ask({ method: "tasks", which }));
    return tasks.flatMap((task) => readTask(task) ?? []);
  }

  async #task(id: string): Promise<TaskJson | undefined> {
    const task = await this.#line.ask({ method: "task", id });
    return task === undefined || task === null ? undefined : taskIn(task);
  }

  #handle(json: TaskJson): Task {
    return new Task(stateOf(json), this.#actions);
  }

  /** What the worker said of a task after it did something to it. */
  #heard(answer: unknown): void {
    const task = readTask(answer);
    if (task) this.#book.take(task);
  }

  async #result({ id, reference }: Task): Promise<ToolResult> {
    const outcome = (await this.#task(id))?.outcome;
    if (outcome?.kind === "completed" && !outcome.apart) return outcome.result;
    throw errorOf(reference, { kind: "lost", detail: "Its result is no longer in the worker" });
  }

  /** What ended before anybody here listened is no news. */
  #isNews({ id, outcome, settledAt = 0 }: TaskJson): boolean {
    return this.#book.has(id) || (this.#book.hasSubscribers && (!outcome || settledAt >= this.#since));
  }

  /** Whoever waits for a change of a task, or of any, needs the worker; nobody else does. */
  #watch(): void {
    this.#line.watch(this.#book.waitsForNews && !this.#closing.signal.aborted);
  }
}

function taskIn(answer: unknown): TaskJson {
  const task = readTask(answer);
  if (!task) throw new ExtensionError("malformed", "The worker's answer holds no task");
  return task;
}

function listOf(answer: unknown): readonly unknown[] {
  if (!Array.isArray(answer)) throw new ExtensionError("malformed", "The worker's answer holds no list");
  return answer;
}
