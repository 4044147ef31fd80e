import type { Connector } from "../channel/connection.ts";
import { explainedHere } from "../channel/network-cause.ts";
import { everything } from "../client/everything.ts";
import { HostedClient } from "../client/hosted-client.ts";
import type { HostedClientOptions } from "../client/options.ts";
import type { TaskClient } from "../client/task-client.ts";
import { systemClock } from "../clock.ts";
import { ClientClosedError } from "../errors.ts";
import { extensionHost } from "../hosts/extension-host.ts";
import type { Host } from "../hosts/host.ts";
import { isObject } from "../protocol/json.ts";
import type { Problem } from "../runtime/problem.ts";
import { indexedDbStore } from "../store/indexeddb.ts";
import type { TaskStore } from "../store/task-store.ts";
import type { Task } from "../task.ts";
import { publishChange, publishForgotten, type Subscriber, subscribed } from "../task-subscribers.ts";
import type { TaskView } from "../task-view.ts";
import { reportTo } from "../warn-once.ts";
import { alarmedStore } from "./alarmed-store.ts";
import { type BrowserPort, type ExtensionBrowser, globalBrowser, type MessageSender } from "./browser.ts";
import { ExtensionAlarm } from "./extension-alarm.ts";
import { PortHub } from "./port-hub.ts";
import { isOwnPage } from "./sender.ts";
import { TaskService } from "./task-service.ts";

/** A problem that is not the outcome of a task. */
export type ExtensionProblem =
  | Problem
  /** The worker woke up and something went wrong: `endpoints` rejected, `allow` threw, or the browser refused the alarm. */
  | { readonly kind: "wake"; readonly message: string; readonly error: unknown };

export interface ExtensionTasksOptions
  extends Partial<
    Pick<HostedClientOptions, "timing" | "requestTimeoutMs" | "maxResultLength" | "retention" | "push">
  > {
  /** Replaces parts of what an extension's background provides. */
  readonly host?: Partial<Host>;
  /** `browser` or `chrome`: by default whichever the global scope has. Needs the permission `alarms`. */
  readonly browser?: ExtensionBrowser;
  /**
   * The servers, by names of your choice. Asked at every start of the worker, and by `reload()`: they
   * may be added while the extension is installed.
   */
  readonly endpoints: () => Promise<Readonly<Record<string, Connector>>>;
  /** `indexedDbStore("holdfast")` by default. */
  readonly store?: TaskStore;
  /**
   * Which content scripts, web pages and other extensions may speak to the tasks, besides the extension's
   * own pages: none by default. An allowed page sees all tasks and can call all tools.
   */
  readonly allow?: (sender: MessageSender) => boolean;
  /** Called with problems that are not the outcome of a task. By default, one `console.warn` for each kind and subject. */
  readonly onProblem?: (problem: ExtensionProblem) => void;
}

/**
 * The tasks of an extension, in its background worker (or event page). Make it in the worker's first turn:
 * browsers lose events whose listeners come later. The worker may be killed at any moment; an alarm brings
 * it back while a task is unfinished, and while it lives timers keep to intervals shorter than an alarm can.
 *
 * A request must be answered while the worker lives: browsers end it when a reply takes longer than 30 s.
 * A plain call that takes longer is `lost`, unless its server lets the next worker resume its response stream.
 */
export class ExtensionTasks {
  readonly #options: ExtensionTasksOptions;
  readonly #store: TaskStore;
  readonly #report: (problem: ExtensionProblem) => void;
  readonly #alarm: ExtensionAlarm;
  readonly #host: Host;
  readonly #hub: PortHub;
  readonly #subscribers: Set<Subscriber> = new Set();
  readonly #seen: WeakMap<Task, TaskView> = new WeakMap();
  /** Take back every listener that was given to the browser. */
  readonly #stops: (() => void)[] = [];
  #client: Promise<TaskClient> | undefined;
  #reloading: Promise<void> = Promise.resolve();
  #waking: Promise<void> | undefined;
  #closed = false;

  /** Throws an Error where there is no extension's background to be in. */
  constructor(options: ExtensionTasksOptions) {
    const { allow, store = indexedDbStore() } = options;
    const browser = options.browser ?? globalBrowser();
    const { runtime, alarms, permissions } = browser;
    if (!alarms) throw new Error("ExtensionTasks needs the permission `alarms`");
    this.#options = options;
    this.#report = reportTo(options.onProblem);
    const clock = options.host?.clock ?? systemClock;
    this.#alarm = new ExtensionAlarm(alarms, `holdfast/${store.scope ?? ""}`, clock);
    this.#host = { ...extensionHost(this.#alarm), ...options.host };
    this.#store = alarmedStore(store, this.#alarm, (error) =>
      this.#failed("The alarm could not be set", error),
    );
    const service = new TaskService(() => this.client());
    this.#hub = new PortHub(({ request, again }) => service.answer(request, again));
    const allowed = (sender: MessageSender): boolean => {
      try {
        return allow?.(sender) === true;
      } catch (error) {
        this.#failed("`allow` threw", error);
        return false;
      }
    };
    const connected = (port: BrowserPort): void => {
      this.#hub.accept(port, (sender) => isOwnPage(sender, runtime) || allowed(sender));
      void this.#wake();
    };
    // Nobody who comes from outside is one of the extension's own, whatever it is said to be.
    const visited = (port: BrowserPort): void => {
      this.#hub.accept(port, allowed);
      void this.#wake();
    };
    const wake = (): Promise<void> => this.#wake();
    const back = (): Promise<void> => this.#wake(true);
    this.#on(alarms.onAlarm, ({ name, scheduledTime }) => {
      if (name !== this.#alarm.name) return undefined;
      this.#alarm.wentOff(scheduledTime);
      return this.#wake();
    });
    this.#on(runtime.onConnect, connected);
    this.#on(runtime.onConnectExternal, visited);
    this.#on(runtime.onStartup, wake);
    this.#on(runtime.onInstalled, wake);
    // A server that could not be reached for want of the permission.
    this.#on(permissions?.onAdded, back);
    const scope = globalThis as Partial<EventTarget>;
    scope.addEventListener?.("online", back);
    this.#stops.push(() => scope.removeEventListener?.("online", back));
    void this.#wake();
  }

  /**
   * The client that runs in this worker, its tasks resumed; another one after `reload()`, which closes this.
   * Rejects as `endpoints` does, and with a ClientClosedError once this is closed.
   */
  client(): Promise<TaskClient> {
    if (this.#closed) return Promise.reject(new ClientClosedError());
    this.#client ??= this.#kept(this.#open(() => this.#options.endpoints()));
    return this.#client;
  }

  /**
   * Reads the endpoints anew. Waits for calls in flight, then closes the client there was: its handles
   * no longer change, so take new ones. Rejects as `endpoints` does, and then leaves everything as it is.
   */
  reload(): Promise<void> {
    const reloaded = this.#reloading.then(() => this.#reload());
    this.#reloading = reloaded.catch(() => undefined);
    return reloaded;
  }

  /**
   * After each change of any task, over reloads. Returns the function that unsubscribes. Nothing is replayed: a worker that
   * is killed as a task ends notifies no listener. To miss no end, read `list()` when the worker starts.
   * @param forgotten Called with the id of each task that was deleted.
   */
  subscribe(listener: (task: Task) => void, forgotten?: (id: string) => void): () => void {
    return subscribed(this.#subscribers, listener, forgotten);
  }

  /** Ends all of it in this worker; the alarm stays, and with it the tasks. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#hub.close();
    await (await this.#client?.catch(() => undefined))?.close();
  }

  async #reload(): Promise<void> {
    const endpoints = await this.#options.endpoints();
    const old = await this.#client?.catch(() => undefined);
    if (old) await callsEnded(old);
    if (this.#closed) throw new ClientClosedError();
    const next = this.#open(async () => {
      await old?.close();
      return endpoints;
    });
    this.#client = this.#kept(next);
    await next;
    await this.#wake();
  }

  /** One that cannot be made is tried again when it is next wanted. */
  #kept(client: Promise<TaskClient>): Promise<TaskClient> {
    client.catch(() => {
      if (this.#client === client) this.#client = undefined;
    });
    return client;
  }

  async #open(endpoints: ExtensionTasksOptions["endpoints"]): Promise<TaskClient> {
    const options = {
      push: false,
      ...this.#options,
      endpoints: await endpoints(),
      store: this.#store,
      onProblem: this.#report,
    };
    const client = new HostedClient(options, { ...everything, explain: explainedHere, ...this.#host });
    client.subscribe(
      (task) => this.#changed(task),
      (id) => this.#forgotten(id),
    );
    await client.resume();
    if (this.#closed) await client.close();
    return client;
  }

  #changed(task: Task): void {
    if (this.#seen.get(task) === task.view) return;
    this.#seen.set(task, task.view);
    this.#hub.publish(task);
    publishChange(this.#subscribers, task);
  }

  #forgotten(id: string): void {
    this.#hub.publishForgotten(id);
    publishForgotten(this.#subscribers, id);
  }

  /** @param back What could not be reached may be there again. */
  #wake(back = false): Promise<void> {
    this.#waking ??= this.#step()
      .catch((error: unknown) => this.#failed("The due tasks could not be run", error))
      .finally(() => {
        this.#waking = undefined;
      });
    if (back) void this.#client?.then((client) => client.nudge()).catch(() => undefined);
    return this.#waking;
  }

  async #step(): Promise<void> {
    if (this.#closed) return;
    const client = await this.client();
    await client.step();
    const endpoints = new Set<unknown>(await client.endpoints());
    // What a page of the extension runs by a client of its own needs the alarm too: the page may be closed.
    // For a server that was taken away nothing can be done, until it is there again.
    await this.#alarm.clearUnless(async () =>
      (await this.#store.loadActive()).some((record) => isObject(record) && endpoints.has(record.endpoint)),
    );
  }

  #failed(what: string, error: unknown): void {
    if (this.#closed) return;
    this.#report({ kind: "wake", message: `${what}: ${String(error)}`, error });
  }

  #on<L extends (...args: never[]) => unknown>(
    event: { addListener(listener: L): void; removeListener(listener: L): void } | undefined,
    listener: L,
  ): void {
    event?.addListener(listener);
    this.#stops.push(() => event?.removeListener(listener));
  }
}

/**
 * Resolves when no reply to a call is waited for: until then nobody else could take it. A call that waits out
 * a failure is not waited for: its server may be the very one that is to be taken away.
 */
async function callsEnded(client: TaskClient): Promise<void> {
  let changed = (): void => undefined;
  const stop = client.subscribe(() => changed());
  try {
    for (;;) {
      const change = new Promise<void>((resolve) => {
        changed = resolve;
      });
      if (!client.calling) return;
      await change;
    }
  } finally {
    stop();
  }
}
