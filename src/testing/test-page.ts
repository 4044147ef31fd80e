import type { Connector } from "../channel/connection.ts";
import { TaskClient } from "../client/task-client.ts";
import type { Host } from "../hosts/host.ts";
import { timerHost } from "../hosts/timer-host.ts";
import type { Problem } from "../runtime/problem.ts";
import { memoryStore } from "../store/memory.ts";
import type { TaskStore } from "../store/task-store.ts";
import {
  type ConnectableServer,
  clockOf,
  connectorOf,
  type PageLife,
  type ScriptedServer,
} from "./scripted-server.ts";
import type { TestClock } from "./test-clock.ts";

/** What a client of a test page is made of: the options of a TaskClient. */
export interface TestPageParts {
  readonly store: TaskStore;
  readonly endpoints: Readonly<Record<string, Connector>>;
  readonly host: Host;
  readonly onProblem: (problem: Problem) => void;
}

/** A client that a test page can hold. */
export interface PageClient {
  resume(): Promise<readonly unknown[]>;
  close(): Promise<void>;
}

export interface TestPageOptions<Client extends PageClient> {
  /** Holds the tasks, over reloads too: `memoryStore()` by default. */
  readonly store?: TaskStore;
  /** Makes the client, for an app that makes its own: `(parts) => new TaskClient(parts)` by default. */
  readonly client?: (parts: TestPageParts) => Client;
}

/** A page with a client, which a test can reload. */
export interface TestPage<Client extends PageClient = TaskClient> {
  /** The client of the page as it is now: another one after each {@link reload}. */
  readonly tasks: Client;
  readonly clock: TestClock;
  readonly store: TaskStore;
  /** What the clients reported. */
  readonly problems: readonly Problem[];
  /**
   * Ends the page as a browser does, with no notice: its timers never ring, its connections break, and nothing that it waits for
   * comes. Then opens the next one on the same store. Resolves with what `resume()` of its client resolves with.
   */
  reload(): ReturnType<Client["resume"]>;
  close(): Promise<void>;
}

/**
 * Opens a page with a TaskClient whose endpoints are scripted servers. All of them have one clock, the first server's.
 * Throws a TypeError if there is no server, or two have clocks of their own.
 * @example
 * const papers = scriptedServer();
 * papers.tool("acquire_paper");
 * const page = testPage({ papers });
 * const task = await page.tasks.callTool("papers", "acquire_paper", { doi: "10.1000/1" });
 * await (await papers.task()).complete("Acquired");
 * console.log(await page.clock.until(task.result()));
 */
export function testPage<Client extends PageClient = TaskClient>(
  servers: Readonly<Record<string, ScriptedServer>>,
  options: TestPageOptions<Client> = {},
): TestPage<Client> {
  const [clock, ...others] = new Set(Object.values(servers).map((server) => server.clock));
  if (!clock) throw new TypeError("testPage() needs a server: testPage({ papers: scriptedServer() })");
  if (others.length > 0)
    throw new TypeError(
      "The servers of a test page need the same clock: const clock = testClock(), scriptedServer({ clock })",
    );
  const { store = memoryStore(), client = newClient } = options;
  const problems: Problem[] = [];
  let life = new Life();
  let tasks = open();

  function open(): Client {
    const endpoints = Object.entries(servers).map(
      ([name, server]) => [name, (server as ConnectableServer)[connectorOf](life)] as const,
    );
    const { onOnline: _none, ...host } = timerHost();
    return client({
      store: mortal(store, life, clock as TestClock),
      endpoints: Object.fromEntries(endpoints),
      host: { ...host, clock: clockOf(clock as TestClock, life) },
      onProblem: (problem) => problems.push(problem),
    }) as Client;
  }

  return {
    get tasks() {
      return tasks;
    },
    clock,
    store,
    problems,
    reload() {
      life.end();
      life = new Life();
      tasks = open();
      return tasks.resume() as ReturnType<Client["resume"]>;
    },
    close: () => tasks.close(),
  };
}

function newClient(parts: TestPageParts): PageClient {
  return new TaskClient(parts);
}

class Life implements PageLife {
  alive = true;
  readonly #ended: (() => void)[] = [];

  onEnd(callback: () => void): void {
    this.#ended.push(callback);
  }

  end(): void {
    this.alive = false;
    for (const callback of this.#ended) callback();
  }
}

/** An object as a page has it: a dead page calls nothing, and no promise of it settles any more. */
function mortal<T extends object>(target: T, life: PageLife, clock: TestClock): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value === "object" && value !== null) return mortal(value, life, clock);
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]): unknown => {
        if (!life.alive) return new Promise(() => undefined);
        const result: unknown = Reflect.apply(value, object, args);
        if (!(result instanceof Promise)) return result;
        return new Promise((resolve, reject) => {
          clock.track(result).then(
            (settled) => life.alive && resolve(settled),
            (error: unknown) => life.alive && reject(error),
          );
        });
      };
    },
  });
}
