import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import type { JsonObject, TaskView } from "holdfast";
import type { Reply, StartCall } from "../../../worker/group/task-group-rpc.ts";
import type { WireEntry } from "../../../worker/samples/wire-log.ts";

const LAB = "https://holdfast.test/samples/demo";

/** One task in a TaskGroup of its own, whose server is the demo's sample of a generation. */
export class GroupLife {
  readonly generation: "2025-11-25" | "2026-07-28";
  readonly identity: { readonly principal: string; readonly endpoint: string; readonly shard: number };
  readonly id: string;
  #tasksBefore = 0;

  constructor(generation: "2025-11-25" | "2026-07-28") {
    this.generation = generation;
    const endpoint = `sample-${generation.slice(0, 4)}`;
    this.identity = { principal: `p-${crypto.randomUUID()}`, endpoint, shard: 0 };
    this.id = `${endpoint}.0.${crypto.randomUUID()}`;
  }

  /** A new stub each time: one to an object that was aborted stays broken. */
  get group() {
    const { principal, endpoint, shard } = this.identity;
    return env.TASK_GROUP.getByName(JSON.stringify([principal, endpoint, shard]));
  }

  async start(args: JsonObject, more: Partial<StartCall> = {}, waitMs = 900): Promise<Reply<TaskView>> {
    this.#tasksBefore = await tasksAtServer();
    const call = {
      id: this.id,
      tool: "acquire_paper",
      arguments: { doi: "10.1/kelp", stage_ms: 100, ...args },
    };
    return this.group.start(this.identity, { ...call, ...more }, waitMs) as Promise<Reply<TaskView>>;
  }

  task(): Promise<TaskView | undefined> {
    return this.group.task(this.id) as Promise<TaskView | undefined>;
  }

  /** The task once it stands so; asks the object, which wakes it. */
  stands(...statuses: TaskView["status"][]): Promise<TaskView> {
    return until(async () => {
      const task = await this.task();
      return task && statuses.includes(task.status) ? task : undefined;
    });
  }

  /** Resolves when the object has stored an outcome. It is only looked into: nothing here sets the task going. */
  async settlesByItself(): Promise<TaskView> {
    await until(async () => {
      const settled = await runInDurableObject(this.group, (_object, { storage }) => {
        // An object that was evicted while it was made may not have its tables yet.
        if (!storage.kv.get("identity")) return 0;
        const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'task'").toArray();
        return (
          tables.length &&
          storage.sql.exec("SELECT id FROM task WHERE id = ? AND settled = 1", this.id).toArray().length
        );
      }).catch(() => 0);
      return settled > 0 || undefined;
    });
    return (await this.task()) as TaskView;
  }

  /** The methods that reached the sample server since its log was cleared. */
  async wire(): Promise<string[]> {
    const reply = await exports.default.fetch(`${LAB}/wire`);
    const entries = (await reply.json()) as WireEntry[];
    return entries
      .filter(({ generation }) => generation === this.generation)
      .map(({ method, http }) => method ?? http);
  }

  /** Resolves when a method has reached the sample server so often. */
  async sees(method: string, count = 1): Promise<void> {
    await until(
      async () => (await this.wire()).filter((sent) => sent === method).length >= count || undefined,
    );
  }

  /** Resolves when the sample server has made the task, though its reply may not be here yet. */
  async isMade(): Promise<void> {
    await until(async () => (await tasksAtServer()) > this.#tasksBefore || undefined);
  }

  /** The sample does the next request of a method, and answers it later. */
  async delays(method: string, delayMs: number): Promise<void> {
    const body = JSON.stringify({ next: { method, delayMs } });
    await exports.default.fetch(`${LAB}/faults`, { method: "POST", body });
  }

  /** The sample refuses the next request of a method, and says for how long, in seconds. */
  async refuses(method: string, retryAfter: number): Promise<void> {
    const body = JSON.stringify({ next: { method, status: 429, retryAfter: String(retryAfter) } });
    await exports.default.fetch(`${LAB}/faults`, { method: "POST", body });
  }

  /** The sample fails the next request of a method, and says no more. */
  async fails(method: string): Promise<void> {
    const body = JSON.stringify({ next: { method, status: 503 } });
    await exports.default.fetch(`${LAB}/faults`, { method: "POST", body });
  }

  /** No earlier test's tasks at the server: a lost call must not be taken for one of them. */
  async clearServer({ forgetTasks = true } = {}): Promise<void> {
    await exports.default.fetch(`${LAB}/wire`, { method: "DELETE" });
    if (!forgetTasks) return;
    await exports.default.fetch(`${LAB}/faults`, {
      method: "POST",
      body: JSON.stringify({ forgetTasks: true }),
    });
  }
}

function tasksAtServer(): Promise<number> {
  return runInDurableObject(env.SAMPLE_LAB.getByName("demo"), (_lab, { storage }) => {
    return Array.from(storage.kv.list({ prefix: "task:" })).length;
  });
}

/** What the look gives, once it gives something. An object that is just being aborted is asked again. */
export async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const seen = await look().catch(() => undefined);
    if (seen !== undefined) return seen;
    await scheduler.wait(10);
  }
}
