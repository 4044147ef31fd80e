import type { Clock } from "../../../src/clock.ts";
import type { Stage, TaskRecord } from "../../../src/engine/record.ts";
import type { Problem, TaskClient } from "../../../src/index.ts";
import { type LeaseOptions, leases } from "../../../src/leases/index.ts";
import type { LeasedStore, LeaseTable } from "../../../src/store/lease-table.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { lab2026 } from "../../fixtures/client-lab.ts";
import { FakeClock } from "../../fixtures/fake-clock.ts";
import { T0 } from "../../fixtures/records.ts";
import type { ScriptedServer } from "../../fixtures/scripted-server.ts";

export const LEASE_MS = 10_000;
export const POLL_MS = 500;

/** A database in memory with a clock of its own, which the test moves. */
export function memoryDatabase(now: () => number): LeasedStore {
  const store = memoryStore();
  const held = new Map<string, { readonly tenure: string; readonly until: number }>();
  const messages: { readonly at: number; readonly body: string }[] = [];
  let pruned = 0;
  const table: LeaseTable = {
    async take({ name, tenure }, ms, steal) {
      if (!steal && (held.get(name)?.until ?? 0) > now()) return undefined;
      held.set(name, { tenure, until: now() + ms });
      return now();
    },
    async renew(asked, ms) {
      const kept = asked.filter(({ name, tenure }) => held.get(name)?.tenure === tenure);
      for (const { name, tenure } of kept) held.set(name, { tenure, until: now() + ms });
      return kept.map(({ tenure }) => tenure);
    },
    async release({ name, tenure }) {
      if (held.get(name)?.tenure === tenure) held.delete(name);
    },
    held: async () => [...held].flatMap(([name, { until }]) => (until > now() ? [name] : [])),
    post: async (body) => void messages.push({ at: now(), body }),
    async read(position) {
      const end = String(pruned + messages.length);
      const from = position === undefined ? messages.length : Number(position) - pruned;
      return { position: end, bodies: messages.slice(Math.max(from, 0)).map(({ body }) => body) };
    },
    async prune(ms) {
      const old = messages.filter(({ at }) => at < now() - ms).length;
      messages.splice(0, old);
      pruned += old;
      for (const [name, { until }] of held) if (until < now() - ms) held.delete(name);
    },
  };
  return {
    ...store,
    leases: table,
    async save(record, after, fence) {
      if (fence && !fence.some(({ name, tenure }) => held.get(name)?.tenure === tenure)) return false;
      return store.save(record, after);
    },
  };
}

/** Where a paused process waits for its database: its request is still on its way, or only the reply is. */
type Wait = "request" | "reply";

interface ProcessOptions extends LeaseOptions {
  /** How far the clock of the process is ahead, in ms. */
  readonly skewMs?: number;
  readonly labOf?: typeof lab2026;
}

/** Processes with one database and one true time; each has a client, a connection and a clock of its own. */
export class LeasedProcesses {
  readonly clock: FakeClock = new FakeClock(T0);
  readonly database: LeasedStore = memoryDatabase(() => this.clock.now());
  /** The database refuses every request. */
  unreachable = false;

  async start(options: ProcessOptions = {}): Promise<LeasedProcess> {
    const process = new LeasedProcess(this, options);
    // Its timers belong to the test.
    const resuming = process.client.resume();
    await this.clock.advance(0);
    await resuming;
    return process;
  }

  /** Moves the time on in steps that are shorter than any timer here. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += POLL_MS / 2) await this.clock.advance(POLL_MS / 2);
  }
}

export class LeasedProcess {
  readonly client: TaskClient;
  readonly server: ScriptedServer;
  readonly problems: readonly Problem[];
  readonly #processes: LeasedProcesses;
  readonly #waiting: (() => void)[] = [];
  #paused: Wait | undefined;
  #pausesAfter: Stage | undefined;

  constructor(processes: LeasedProcesses, { skewMs = 0, labOf = lab2026, ...options }: ProcessOptions) {
    const { clock, database } = processes;
    this.#processes = processes;
    const own: Clock = {
      now: () => clock.now() + skewMs,
      elapsed: () => clock.now(),
      after: (ms, callback) => clock.after(ms, () => void this.#awake().then(callback)),
    };
    const { store, host } = leases(this.#connected(database), {
      leaseMs: LEASE_MS,
      pollMs: POLL_MS,
      ...options,
    });
    const lab = labOf({ store, clock, host: { ...host, clock: own } });
    this.client = lab.client;
    this.server = lab.server;
    this.problems = lab.problems;
  }

  /** As SIGSTOP does: timers wait, and so does what it has asked of the database. */
  pause(wait: Wait = "request"): void {
    this.#paused = wait;
  }

  /** Pauses once a record of this stage is in the database, before the process knows that it is. */
  pauseAfterSave(stage: Stage): void {
    this.#pausesAfter = stage;
  }

  /** As SIGCONT does. */
  continue(): void {
    this.#paused = undefined;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #awake(wait: Wait | undefined = this.#paused): Promise<void> {
    while (this.#paused !== undefined && this.#paused === wait)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #connected<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, key) => {
        const value: unknown = Reflect.get(object, key);
        if (typeof value === "object" && value !== null) return this.#connected(value);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]) => {
          await this.#awake("request");
          if (this.#processes.unreachable) throw new Error("The database cannot be reached");
          const result: unknown = await Reflect.apply(value, object, args);
          if (key === "save" && (args[0] as TaskRecord).stage === this.#pausesAfter) {
            this.#pausesAfter = undefined;
            this.pause("reply");
          }
          await this.#awake("reply");
          return result;
        };
      },
    });
  }
}
