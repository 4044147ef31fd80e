import type { Connector } from "../../src/channel/connection.ts";
import { explainedHere } from "../../src/channel/network-cause.ts";
import { everything } from "../../src/client/everything.ts";
import { HostedClient } from "../../src/client/hosted-client.ts";
import type { StartOptions } from "../../src/client/new-call.ts";
import type { TaskClient } from "../../src/client/task-client.ts";
import type { TaskRecord } from "../../src/engine/record.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import type { ListedTool } from "../../src/protocol/tool-facts.ts";
import { readRecord } from "../../src/store/read-record.ts";
import type { Task } from "../../src/task.ts";
import type { CallOptions, TaskClientApi } from "../../src/task-client-api.ts";
import type { Log } from "../log.ts";
import { reasonOf } from "../reason.ts";
import { LiveStates } from "./live-states.ts";
import type { OwnedFile, StoreFolder } from "./store-folder.ts";
import type { OpenWish } from "./task-file.ts";

/** How often ownerless stores are looked for, and how often wishes of a terminal are, in ms. */
const ADOPT_MS = 5_000;
const WISHES_MS = 500;
/** How long the reply to a call of a tool without Tasks may take, in ms: as long as the process lives, in effect. */
const PLAIN_CALL_MS = 7 * 24 * 3_600_000;

export interface OwnedTasksOptions {
  readonly folder: StoreFolder;
  /** Names the agent: only its own calls are joined. */
  readonly agent: string;
  readonly log: Log;
  /** By server name. */
  readonly connectors: Readonly<Record<string, Connector>>;
  /** For the tasks of an adopted store, whose sessions are its own. */
  readonly connectorsOfAdopted: () => Readonly<Record<string, Connector>>;
  /** A store was adopted with these tasks, and the agent does not know of them yet. */
  readonly untold: (tasks: readonly TaskRecord[], agent: string | undefined) => void;
}

interface Shelf {
  readonly owned: OwnedFile;
  readonly client: TaskClient;
  readonly live: LiveStates;
  readonly granting: Set<number>;
  version: number;
}

/**
 * The tasks of every store that this process owns: its own, where its calls go, and those it adopted from processes that
 * ended. Each store has a client of its own, since a server may know a task only in the session in which it was made.
 */
export class OwnedTasks implements TaskClientApi {
  readonly #options: OwnedTasksOptions;
  readonly #own: Shelf;
  readonly #shelves: Shelf[];
  readonly #listeners: Map<(task: Task) => void, ((id: string) => void) | undefined> = new Map();
  readonly #timers: NodeJS.Timeout[] = [];
  #adopting: Promise<void> | undefined;
  #closed = false;

  private constructor(options: OwnedTasksOptions, own: OwnedFile) {
    this.#options = options;
    own.file.setFact("agent", options.agent);
    this.#own = this.#shelf(own, options.connectors);
    this.#shelves = [this.#own];
  }

  static async open(options: OwnedTasksOptions): Promise<OwnedTasks> {
    const tasks = new OwnedTasks(
      options,
      await options.folder.create(options.agent, (text) => options.log.info(text)),
    );
    await tasks.adopt();
    const every = (ms: number, work: () => void): void =>
      void tasks.#timers.push(setInterval(work, ms).unref());
    every(ADOPT_MS, () => void tasks.adopt().catch(() => undefined));
    every(WISHES_MS, () => tasks.#lookForWishes());
    return tasks;
  }

  /** Takes over the stores that no living process owns: their tasks run here from now on. */
  adopt(all = false): Promise<void> {
    // One at a time: two would compete for the same stores.
    const adopting = (this.#adopting ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#adopt(all));
    this.#adopting = adopting;
    return adopting;
  }

  endpoints(): Promise<readonly string[]> {
    return this.#own.client.endpoints();
  }

  callTool<Output = unknown, Args extends object = object>(
    endpoint: string,
    tool: string,
    args?: Args,
    options?: CallOptions,
  ): Promise<Task<Output>> {
    return this.#own.client.callTool<Output, Args>(endpoint, tool, args, options);
  }

  /** Starts a call. Resolves with its task when the call is durable, which is before it is sent. */
  start<Output = unknown, Args extends object = object>(
    endpoint: string,
    tool: string,
    args?: Args,
    options?: StartOptions,
  ): Promise<Task<Output>> {
    return this.#own.client.start<Output, Args>(endpoint, tool, args, {
      timeoutMs: PLAIN_CALL_MS,
      ...options,
    });
  }

  async resume(): Promise<readonly Task[]> {
    return (await Promise.all(this.#shelves.map(({ client }) => client.resume()))).flat().sort(byAge);
  }

  async list(): Promise<readonly Task[]> {
    await this.adopt(true);
    return (await Promise.all(this.#shelves.map(({ client }) => client.list()))).flat().sort(byAge);
  }

  async get(id: string): Promise<Task | undefined> {
    const known = await this.#find(id);
    if (known) return known;
    // The process that had it may have ended a moment ago.
    await this.adopt(true);
    return this.#find(id);
  }

  async forget(id: string): Promise<void> {
    for (const { client } of this.#shelves) await client.forget(id);
  }

  listTools(endpoint: string): Promise<readonly ListedTool[]> {
    return this.#own.client.listTools(endpoint);
  }

  subscribe(listener: (task: Task) => void, forgotten?: (id: string) => void): () => void {
    this.#listeners.set(listener, forgotten);
    return () => void this.#listeners.delete(listener);
  }

  nudge(): void {
    for (const { client } of this.#shelves) client.nudge();
  }

  /** Whether the agent has had the task's result or knows that it runs. Another start then does not join a call to it. */
  markTold(id: string): void {
    for (const { owned } of this.#shelves) if (owned.file.tasks.has(id)) owned.file.markTold(id);
  }

  /** Writes what is pending and releases the stores: the next start resumes their tasks. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#adopting?.catch(() => undefined);
    for (const { client, owned, live } of this.#shelves) {
      await client.close().catch(() => undefined);
      live.close();
      // An empty store is deleted.
      if (owned.file.isEmpty) owned.remove();
      else owned.release();
    }
  }

  async #find(id: string): Promise<Task | undefined> {
    for (const { client } of this.#shelves) {
      const task = await client.get(id);
      if (task) return task;
    }
    return undefined;
  }

  async #adopt(all: boolean): Promise<void> {
    if (this.#closed) return;
    const { folder, agent, log } = this.#options;
    for (const owned of await folder.adopt(agent, all, (text) => log.info(text))) {
      if (this.#closed) return owned.release();
      await this.#take(owned).catch((error: unknown) => {
        log.info(`A store could not be adopted: ${String(error)}`);
        owned.release();
      });
    }
  }

  async #take(owned: OwnedFile): Promise<void> {
    const { file } = owned;
    const agent = file.fact("agent");
    const active = recordsIn(await file.tasks.loadActive());
    const settled = recordsIn(await file.tasks.loadSettled());
    const untold = [...active, ...settled].filter(({ id }) => !file.isTold(id));
    if (active.length === 0) {
      await this.#move(owned, settled);
    } else {
      const shelf = this.#shelf(owned, this.#options.connectorsOfAdopted());
      this.#shelves.push(shelf);
      await shelf.client.resume();
      this.#options.log.detail(`${active.length} tasks of an earlier process go on here`);
    }
    this.#options.untold(untold, agent);
  }

  /** What has ended needs no store of its own. Nothing is deleted before its copy is durable. */
  async #move(owned: OwnedFile, settled: readonly TaskRecord[]): Promise<void> {
    const { file } = this.#own.owned;
    for (const { id } of settled) {
      const whole = recordsIn([await owned.file.tasks.load(id)])[0];
      if (!whole) continue;
      await file.tasks.save(whole);
      if (owned.file.isTold(id)) file.markTold(id);
    }
    for (const open of owned.file.openWishes()) file.addWish(open.task, open.wish);
    owned.remove();
  }

  #shelf(owned: OwnedFile, endpoints: Readonly<Record<string, Connector>>): Shelf {
    const { log } = this.#options;
    // The agent may be gone when a plain call ends.
    const host = { ...everything, ...timerHost(), explain: explainedHere, persistPlain: true };
    const store = owned.file.tasks;
    const client = new HostedClient(
      { store, endpoints, onProblem: ({ message }) => log.info(message) },
      host,
    );
    const live = new LiveStates(owned.file);
    client.subscribe(
      (task) => {
        live.changed(task);
        for (const listener of [...this.#listeners.keys()]) listener(task);
      },
      (id) => {
        live.forgotten(id);
        for (const forgotten of [...this.#listeners.values()]) forgotten?.(id);
      },
    );
    return { owned, client, live, granting: new Set(), version: -1 };
  }

  #lookForWishes(): void {
    for (const shelf of this.#shelves) {
      const version = shelf.owned.file.version();
      if (version === shelf.version) continue;
      shelf.version = version;
      for (const wish of shelf.owned.file.openWishes()) void this.#grant(shelf, wish);
    }
  }

  async #grant(
    { client, granting, owned: { file } }: Shelf,
    { id, task: taskId, wish }: OpenWish,
  ): Promise<void> {
    if (granting.has(id)) return;
    granting.add(id);
    const reply = (text: string): void => file.answerWish(id, text);
    try {
      const task = await client.get(taskId);
      if (!task) return reply("There is no such task any more");
      if (wish.kind === "cancel") await task.cancel();
      else if (wish.kind === "answer") await task.answer(wish.key, wish.response);
      else await client.forget(taskId);
      reply("");
    } catch (error) {
      reply(reasonOf(error));
    } finally {
      granting.delete(id);
    }
  }
}

function recordsIn(stored: readonly unknown[]): TaskRecord[] {
  return stored.flatMap((entry) => {
    const reading = readRecord(entry);
    return reading.kind === "record" ? [reading.record] : [];
  });
}

function byAge(a: Task, b: Task): number {
  return a.view.createdAt - b.view.createdAt;
}
