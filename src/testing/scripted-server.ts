import type { Connector } from "../channel/connection.ts";
import { HttpError } from "../channel/http-error.ts";
import type { Transport } from "../channel/transport.ts";
import { fromTransport } from "../channel/transport-connector.ts";
import { defined, isObject, type JsonObject } from "../protocol/json.ts";
import { isRequest, isResponse, type RpcErrorBody } from "../protocol/json-rpc.ts";
import { type ScriptedTask, type ServedTask, scriptedTask } from "./scripted-task.ts";
import type { ServedConnection, ServedRequest, ServedTools, Wire } from "./served-request.ts";
import { type TestClock, testClock } from "./test-clock.ts";
import { wire2025 } from "./wire-2025-11-25.ts";
import { wire2026 } from "./wire-2026-07-28.ts";

/** A protocol that a scripted server can speak. */
export type ScriptedGeneration = "2025-11-25" | "2026-07-28";

/** What a tool is, beside its name. */
export interface ScriptedTool {
  /** As `execution.taskSupport` (2025-11-25). `"optional"` by default; `"forbidden"` makes plain calls in either generation. */
  readonly taskSupport?: "required" | "optional" | "forbidden";
  /** How long a client should wait between polls, in ms: 1000. */
  readonly pollIntervalMs?: number;
  /** How long the server keeps a task, in ms. By default what the call asks for, else `null`: without end. */
  readonly ttlMs?: number | null;
  /** Further fields of the tool's definition: `description`, `inputSchema`, `annotations`. */
  readonly definition?: JsonObject;
  /**
   * What a call does. Its result completes the task, and what it throws fails it; after `wait`, `ask` and `progress` it goes
   * on where it stood. Without a script the test drives each call itself: see {@link ScriptedServer.task}.
   */
  readonly script?: (task: ScriptedTask) => unknown;
}

/** What becomes of a request, instead of a reply. */
export type ScriptedFailure =
  /** The request does not arrive. */
  | { readonly kind: "unreachable" }
  /** The server carries the request out, and the connection breaks before its reply. */
  | { readonly kind: "lost-reply" }
  /** The server carries the request out and never replies: the client's timeout ends the wait. */
  | { readonly kind: "no-reply" }
  /** The server answers with a status of HTTP, and does nothing. `retryAfterMs` is its `Retry-After`, in ms. */
  | { readonly kind: "http"; readonly status: number; readonly retryAfterMs?: number }
  /** The server answers with a JSON-RPC error, and does nothing. */
  | ({ readonly kind: "rpc" } & RpcErrorBody);

/** A request that a client sent. */
export interface ScriptedRequest {
  readonly method: string;
  readonly params: JsonObject;
  /** When it was sent, in ms since 1970. */
  readonly at: number;
}

export interface ScriptedServerOptions {
  /** The protocol that the server speaks: `"2026-07-28"` by default. */
  readonly generation?: ScriptedGeneration;
  /** `false`: the server pushes no changes, so that only polls bring them. */
  readonly push?: boolean;
  readonly clock?: TestClock;
}

/** An MCP server in the memory of a test, which does what the test says and nothing else. */
export interface ScriptedServer {
  readonly generation: ScriptedGeneration;
  readonly clock: TestClock;
  /** A connector to the server, for a TaskClient of your own. {@link testPage} brings one. */
  connector(): Connector;
  /** Adds a tool, or replaces it. */
  tool(name: string, tool?: ScriptedTool | ScriptedTool["script"]): void;
  /** Resolves with the next call of a tool (of any, without a name) that no earlier `task()` resolved with. */
  task(tool?: string): Promise<ScriptedTask>;
  /** Every request that a client sent, the earliest first; those that did not arrive, too. */
  readonly requests: readonly ScriptedRequest[];
  /** How many requests of a method a client sent. */
  count(method: string): number;
  /** Has the next requests of a method fail. `times` is 1 by default. */
  fail(method: string, failure: ScriptedFailure, times?: number): void;
  /** Breaks all connections, and lets none come about before {@link start}. */
  stop(): void;
  start(): void;
  /** Breaks all connections, as a restart does. With `forgetTasks` the tasks are gone, too. */
  restart(options?: { readonly forgetTasks?: boolean }): void;
}

/** One connection: what a page holds, and what the server holds. */
interface Link extends ServedConnection {
  /** The connection broke. The page, if it lives, is notified. */
  cut(): void;
}

/** The page that a connection belongs to. */
export interface PageLife {
  readonly alive: boolean;
  /** Calls back when the page dies. */
  onEnd(callback: () => void): void;
}

const WIRES: Readonly<Record<ScriptedGeneration, (tools: ServedTools) => Wire>> = {
  "2025-11-25": wire2025,
  "2026-07-28": wire2026,
};

const ENDLESS: PageLife = { alive: true, onEnd: () => undefined };

/** What only {@link testPage} may do with a server: connect a page that can die. */
export const connectorOf: unique symbol = Symbol("connectorOf");

export interface ConnectableServer extends ScriptedServer {
  [connectorOf](life: PageLife): Connector;
}

/**
 * Returns an MCP server in memory.
 * @example
 * const papers = scriptedServer();
 * papers.tool("acquire_paper", async (task) => {
 *   await task.progress("Looking for it");
 *   await task.wait(60_000);
 *   return "Acquired";
 * });
 */
export function scriptedServer(options: ScriptedServerOptions = {}): ScriptedServer {
  const { generation = "2026-07-28", push = true, clock = testClock() } = options;
  const tools = new Map<string, ScriptedTool>();
  const tasks = new Map<string, ServedTask>();
  const requests: ScriptedRequest[] = [];
  const failures: { readonly method: string; readonly failure: ScriptedFailure }[] = [];
  const links = new Set<Link>();
  /** Calls that no `task()` has resolved with, and those that wait for one. */
  const calls: ScriptedTask[] = [];
  const takers: { readonly tool: string | undefined; readonly take: (task: ScriptedTask) => void }[] = [];
  let running = true;
  let lastTask = 0;

  const served: ServedTools = {
    pushes: push,
    tasks,
    definitions: () =>
      [...tools].map(([name, { taskSupport = "optional", definition }]) => ({
        name,
        inputSchema: { type: "object" },
        execution: { taskSupport },
        ...definition,
      })),
    taskSupport: (name) => {
      const tool = tools.get(name);
      return tool && (tool.taskSupport ?? "optional");
    },
    start,
  };
  const wire = WIRES[generation](served);

  function start(params: JsonObject, isTask: boolean, wantedTtlMs: number | null = null): ServedTask {
    const name = String(params.name);
    const { script, ttlMs = wantedTtlMs, pollIntervalMs = 1_000 } = tools.get(name) ?? {};
    const meta = isObject(params._meta) ? params._meta : {};
    const task = scriptedTask({
      id: `task-${++lastTask}`,
      tool: name,
      arguments: isObject(params.arguments) ? params.arguments : {},
      meta,
      isTask,
      pollIntervalMs,
      ttlMs,
      clock,
      changed: (changed, measured) => {
        const { progressToken } = meta;
        const notifies = measured && progressToken !== undefined;
        const message = changed.statusMessage;
        wire.changed(changed, notifies ? defined({ progressToken, message, ...measured }) : undefined);
      },
      forgotten: ({ id }) => void tasks.delete(id),
    });
    if (isTask) tasks.set(task.id, task);
    if (isTask && ttlMs !== null) clock.after(ttlMs, task.forget);
    if (script) void run(script, task);
    const taker = takers.findIndex(({ tool }) => tool === undefined || tool === name);
    if (taker === -1) calls.push(task);
    else for (const { take } of takers.splice(taker, 1)) take(task);
    return task;
  }

  async function run(script: NonNullable<ScriptedTool["script"]>, task: ServedTask): Promise<void> {
    try {
      // The reply to the call comes first.
      await Promise.resolve();
      void task.complete(await script(task));
    } catch (error) {
      void task.fail(error instanceof Error ? error.message : String(error));
    }
  }

  function receive(link: Link, message: JsonObject, broken: (error: unknown) => void): void {
    if (isResponse(message)) {
      const response = message.error === undefined ? message.result : { error: message.error };
      return wire.answered(message.id, response);
    }
    const { method } = message;
    const params = isObject(message.params) ? message.params : {};
    if (!isRequest(message)) {
      if (method === "notifications/cancelled") wire.abandoned(params.requestId, link);
      return;
    }
    const { id } = message;
    requests.push({ method: message.method, params, at: clock.now() });
    const index = failures.findIndex((failing) => failing.method === method);
    const [failing] = index === -1 ? [] : failures.splice(index, 1);
    const failure = failing?.failure;
    const answer = (body: JsonObject): void => {
      if (failure?.kind === "lost-reply") return broken(new TypeError("The connection broke"));
      if (failure?.kind !== "no-reply") link.send({ jsonrpc: "2.0", id, ...body });
    };
    const request: ServedRequest = {
      id,
      method: message.method,
      params,
      connection: link,
      reply: (result) => answer({ result }),
      fail: (code, text) => answer({ error: { code, message: text } }),
    };
    switch (failure?.kind) {
      case "unreachable":
        return broken(unreachable());
      case "http":
        return broken(new HttpError(failure.status, "", failure.retryAfterMs));
      case "rpc": {
        const { kind: _kind, ...error } = failure;
        return answer({ error });
      }
      default:
        return wire.serve(request);
    }
  }

  function open(life: PageLife): Transport {
    let connected = true;
    const transport: Transport = {
      async start() {
        if (!running) throw unreachable();
        links.add(link);
        life.onEnd(forget);
      },
      send: (message: JsonObject) => {
        if (!life.alive) return new Promise(() => undefined);
        if (!connected || !running) return Promise.reject(unreachable());
        return new Promise((resolve, reject) => {
          receive(link, copy(message), reject);
          resolve();
        });
      },
      close: async () => {
        forget();
        transport.onclose?.();
      },
    };
    const forget = (): void => {
      connected = false;
      if (links.delete(link)) wire.closed(link);
    };
    const link: Link = {
      send(message) {
        const sent = copy(message);
        // Not by `queueMicrotask`, which fake timers replace.
        void Promise.resolve().then(() => {
          if (connected && life.alive) transport.onmessage?.(sent as never);
        });
      },
      cut() {
        forget();
        if (life.alive) transport.onclose?.();
      },
    };
    return transport;
  }

  function cutAll(): void {
    for (const link of [...links]) link.cut();
  }

  const server: ConnectableServer = {
    generation,
    clock,
    requests,
    connector: () => server[connectorOf](ENDLESS),
    [connectorOf]: (life) =>
      fromTransport(() => open(life), {
        era: generation,
        clock: clockOf(clock, life),
        label: "scripted server",
      }),
    tool(name, tool = {}) {
      tools.set(name, typeof tool === "function" ? { script: tool } : tool);
    },
    task(tool) {
      const index = calls.findIndex((call) => tool === undefined || call.tool === tool);
      const [call] = index === -1 ? [] : calls.splice(index, 1);
      return call ? Promise.resolve(call) : new Promise((take) => void takers.push({ tool, take }));
    },
    count: (method) => requests.filter((request) => request.method === method).length,
    fail(method, failure, times = 1) {
      for (let time = 0; time < times; time++) failures.push({ method, failure });
    },
    stop() {
      running = false;
      cutAll();
    },
    start() {
      running = true;
    },
    restart({ forgetTasks = false } = {}) {
      cutAll();
      if (forgetTasks) tasks.clear();
    },
  };
  return server;
}

/** The clock as a page has it: a dead one's timers do not ring. */
export function clockOf(clock: TestClock, life: PageLife): TestClock {
  const after: TestClock["after"] = (ms, callback) => clock.after(ms, () => life.alive && callback());
  return { ...clock, after };
}

/** What `fetch` throws where nothing listens: the request certainly did nothing. */
function unreachable(): TypeError {
  return new TypeError("The scripted server is unreachable", { cause: { code: "ECONNREFUSED" } });
}

function copy(message: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(message)) as JsonObject;
}
