import type { Connection, Connector } from "../../../src/channel/connection.ts";
import {
  type ExtensionProblem,
  ExtensionTasks,
  type ExtensionTasksOptions,
} from "../../../src/extension/extension-tasks.ts";
import {
  type ConnectionProblem,
  ExtensionTaskClient,
  type ExtensionTaskClientOptions,
} from "../../../src/extension/page.ts";
import { tabs } from "../../../src/runtime/tab-group.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { TOOLS } from "../../fixtures/client-lab.ts";
import { FakeClock } from "../../fixtures/fake-clock.ts";
import { T0 } from "../../fixtures/records.ts";
import { SESSION_2025, SESSION_2026 } from "../../fixtures/scripted-server.ts";
import { FakeExtension, type Life, serverOf } from "./fake-extension.ts";

export const INTERVAL_MS = 5_000;
export const RESULT = { content: [{ type: "text", text: "the paper" }], isError: false };

interface Received {
  readonly method: string;
  readonly at: number;
  readonly params: Record<string, unknown>;
}

/** A server whose tools become tasks of a set length, but for one: its calls are plain calls. */
class TaskServer {
  readonly received: Received[] = [];
  readonly connector: Connector;
  readonly #clock: FakeClock;
  readonly #legacy: boolean;
  readonly #begun: Map<string, number> = new Map();
  durationMs = 12_000;
  /** Whether the tasks ask before they end. */
  asks = false;
  result: object = RESULT;
  #answered = false;

  constructor(clock: FakeClock, generation: "2025-11-25" | "2026-07-28") {
    this.#clock = clock;
    this.#legacy = generation === "2025-11-25";
    const session = this.#legacy ? SESSION_2025 : SESSION_2026;
    this.connector = serverOf(session, (method, params) => this.#answer(method, params));
  }

  times(method: string): number {
    return this.received.filter((request) => request.method === method).length;
  }

  /** The shortest time between two polls, in ms, the call being the first. */
  get shortestPause(): number {
    const polls = this.received.filter(({ method }) => method === "tools/call" || method === "tasks/get");
    return Math.min(...polls.slice(1).map(({ at }, index) => at - (polls[index]?.at ?? 0)));
  }

  #answer(method: string, params: Record<string, unknown>): unknown {
    this.received.push({ method, at: this.#clock.now(), params });
    switch (method) {
      case "tools/list":
        return { tools: TOOLS };
      case "tools/call": {
        if (params.name === "plain" && this.#legacy) return this.result;
        const id = `task-${this.#begun.size + 1}`;
        this.#begun.set(id, this.#clock.now());
        return this.#legacy ? { task: this.#task(id) } : { ...this.#task(id), resultType: "task" };
      }
      case "tasks/get":
        return this.#legacy
          ? this.#task(String(params.taskId))
          : { ...this.#task(String(params.taskId)), resultType: "complete" };
      case "tasks/list":
        return { tasks: [...this.#begun.keys()].map((id) => this.#task(id)) };
      case "tasks/result":
        return this.result;
      case "tasks/update":
        this.#answered = true;
        return { resultType: "complete" };
      case "tasks/cancel":
        return this.#legacy ? this.#task(String(params.taskId)) : { resultType: "complete" };
      default:
        return undefined;
    }
  }

  #task(taskId: string): object {
    const begun = this.#begun.get(taskId) ?? 0;
    const over = this.#clock.now() >= begun + this.durationMs;
    const asking = over && this.asks && !this.#answered;
    const status = !over ? "working" : asking ? "input_required" : "completed";
    const times = {
      createdAt: new Date(begun).toISOString(),
      lastUpdatedAt: new Date(over ? begun + this.durationMs : begun).toISOString(),
    };
    if (this.#legacy) return { taskId, status, ...times, ttl: null, pollInterval: INTERVAL_MS };
    const requestedSchema = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
    const question = {
      method: "elicitation/create",
      params: { mode: "form", message: "Who?", requestedSchema },
    };
    return {
      taskId,
      status,
      ...times,
      ttlMs: null,
      pollIntervalMs: INTERVAL_MS,
      ...(status === "completed" && { result: this.result }),
      ...(asking && { inputRequests: { name: question } }),
    };
  }
}

export interface ExtensionLab {
  readonly clock: FakeClock;
  readonly extension: FakeExtension;
  readonly server: TaskServer;
  readonly store: TaskStore;
  /** The ids of what the store holds without an outcome. */
  readonly unfinished: ReadonlySet<string>;
  readonly problems: ExtensionProblem[];
  /** The tasks of the worker that runs. */
  tasks(): ExtensionTasks;
  /** A client in a page: by default in the extension's popup. */
  page(options?: Partial<ExtensionTaskClientOptions>): PageLab;
  /** The alarm, however often the worker has died. */
  readonly hasAlarm: boolean;
}

export interface PageLab {
  readonly client: ExtensionTaskClient;
  readonly problems: ConnectionProblem[];
}

export interface LabOptions {
  readonly generation?: "2025-11-25" | "2026-07-28";
  readonly alarmFloorMs?: number;
  readonly options?: Partial<ExtensionTasksOptions>;
  readonly endpoints?: (life: Life, server: TaskServer) => ExtensionTasksOptions["endpoints"];
}

/** An extension whose worker has one endpoint, "papers", started by whatever happens to it. */
export function extensionLab(options: LabOptions = {}): ExtensionLab {
  const clock = new FakeClock(T0);
  const extension = new FakeExtension(clock, options.alarmFloorMs);
  const server = new TaskServer(clock, options.generation ?? "2026-07-28");
  const disk = memoryStore();
  const unfinished = new Set<string>();
  const store: TaskStore = {
    ...disk,
    scope: "app",
    save(record) {
      if (record.outcome) unfinished.delete(record.id);
      else unfinished.add(record.id);
      return disk.save(record);
    },
  };
  const problems: ExtensionProblem[] = [];
  let tasks: ExtensionTasks | undefined;
  extension.main = (life) => {
    tasks = new ExtensionTasks({
      browser: life.browser,
      store: life.store(store),
      host: { clock: life.clock, ownership: tabs(life.tabs) },
      endpoints:
        options.endpoints?.(life, server) ?? (async () => ({ papers: life.connector(server.connector) })),
      onProblem: (problem) => problems.push(problem),
      ...options.options,
    });
  };
  return {
    clock,
    extension,
    server,
    store,
    problems,
    unfinished,
    tasks() {
      extension.start();
      if (!tasks) throw new Error("The worker made none");
      return tasks;
    },
    page(parts = {}) {
      const problems: ConnectionProblem[] = [];
      const browser = parts.browser ?? extension.page();
      return {
        client: new ExtensionTaskClient({
          clock,
          onProblem: (problem) => problems.push(problem),
          ...parts,
          browser,
        }),
        problems,
      };
    },
    get hasAlarm() {
      return extension.alarms.size > 0;
    },
  };
}

/** The server, whose replies to calls wait. */
export function slowed(connector: Connector, calls: Promise<void>): Connector {
  return {
    renewable: false,
    async connect(events, remembered) {
      const connection = await connector.connect(events, remembered);
      const request: Connection["request"] = async (frame, options) => {
        if (frame.method === "tools/call") await calls;
        return connection.request(frame, options);
      };
      return { ...connection, request };
    },
  };
}

export function heldCalls(): { readonly calls: Promise<void>; finish(): void } {
  let finish = (): void => undefined;
  const calls = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return { calls, finish: () => finish() };
}
