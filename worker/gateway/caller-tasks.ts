import {
  InputError,
  type JsonObject,
  type ListedTool,
  Task,
  type TaskClientApi,
  type TaskJson,
} from "holdfast";
import { stateOf } from "holdfast/remote";
import { readTaskId } from "../directory/task-id.ts";
import type { GatewayGroupStub } from "../group/group-stub.ts";
import { listTasks } from "../principal/listing.ts";
import { granted } from "../principal/reply.ts";
import type { Caller } from "./caller.ts";

/** How long an object is asked to wait for news at a time, in ms. */
const WAIT_MS = 20_000;
/** Before an object that was evicted or moved is asked again, in ms. */
const PAUSE_MS = 250;
const MOST_LISTED = 100;

/** A principal's tasks on one endpoint, for as long as one request lasts. */
export class CallerTasks implements TaskClientApi {
  readonly #caller: Caller;
  readonly #follows: boolean;
  readonly #closing = new AbortController();
  readonly #handles = new Map<string, Task>();

  /** @param follows Whether a task that is asked for is followed until the request is over. */
  constructor(caller: Caller, { follows }: { readonly follows: boolean }) {
    this.#caller = caller;
    this.#follows = follows;
  }

  /** The handle of a task of which more was just told. */
  handle(json: TaskJson): Task {
    const known = this.#handles.get(json.id);
    if (known) {
      known.accept(stateOf(json));
      return known;
    }
    const task = this.#made(json);
    this.#handles.set(json.id, task);
    if (!json.outcome && this.#follows) void this.#follow(task, json);
    return task;
  }

  async get(id: string): Promise<Task | undefined> {
    const known = this.#handles.get(id);
    if (known) return known;
    const json = await this.#group(id)?.task(id);
    return json && this.handle(json);
  }

  /** All that is known of a task now. */
  async json(id: string): Promise<TaskJson | undefined> {
    const json = await this.#group(id)?.task(id);
    if (json) this.#handles.get(id)?.accept(stateOf(json));
    return json;
  }

  async list(): Promise<readonly Task[]> {
    const { name } = this.#caller.endpoint;
    const { objects } = this.#caller;
    const groups = await objects.directory.groups();
    const page = await listTasks(objects, groups, { endpoint: name }, MOST_LISTED, undefined);
    return (page?.tasks ?? []).map((json) => this.#handles.get(json.id) ?? this.#made(json)).reverse();
  }

  async forget(id: string): Promise<void> {
    const group = this.#group(id);
    if (group) granted(await group.forget(id, false));
  }

  async endpoints(): Promise<readonly string[]> {
    return [this.#caller.endpoint.name];
  }

  async listTools(): Promise<readonly ListedTool[]> {
    return granted(await this.#caller.first.tools(this.#caller.identity(0)));
  }

  /** They run in their objects, whoever watches. */
  async resume(): Promise<readonly Task[]> {
    return [];
  }

  callTool(): Promise<Task> {
    return Promise.reject(new Error("The gateway starts calls by another way"));
  }

  subscribe(): () => void {
    return () => undefined;
  }

  nudge(): void {}

  async close(): Promise<void> {
    this.#closing.abort(new Error("The request is over"));
  }

  /** Undefined for an id that is none, or none of this endpoint's. The object is the caller's own in any case. */
  #group(id: string): GatewayGroupStub | undefined {
    const address = readTaskId(id);
    return address?.endpoint === this.#caller.endpoint.name ? this.#caller.group(address.shard) : undefined;
  }

  #made(json: TaskJson): Task {
    const { id } = json;
    const told = async (reply: Promise<TaskJson>): Promise<void> => task.accept(stateOf(await reply));
    const task = new Task(stateOf(json), {
      cancel: async () => told(this.#cancel(id)),
      answer: async (_asked, key, response) => told(this.#answer(task, key, response)),
      storedResult: async () => {
        const whole = await this.#group(id)?.task(id);
        if (whole?.outcome?.kind === "completed") return whole.outcome.result;
        throw new Error(`The result of task ${id} is no longer kept`);
      },
      closed: this.#closing.signal,
    });
    return task;
  }

  async #cancel(id: string): Promise<TaskJson> {
    const reply = await this.#group(id)?.cancel(id);
    if (!reply) throw new Error(`There is no task ${id}`);
    return granted(reply);
  }

  async #answer(task: Task, key: string, response: JsonObject): Promise<TaskJson> {
    const reply = await this.#group(task.id)?.answer(task.id, key, response);
    if (reply && !reply.ok) throw new InputError(task.reference, key, reply.problem.detail);
    if (!reply) throw new Error(`There is no task ${task.id}`);
    return reply.value;
  }

  async #follow(task: Task, json: TaskJson): Promise<void> {
    const { signal } = this.#closing;
    let seen = json;
    while (!seen.outcome && !signal.aborted) {
      try {
        const progress = seen.progress?.progress ?? -1;
        const next = await this.#group(task.id)?.task(task.id, { afterRev: seen.rev, ms: WAIT_MS, progress });
        // Forgotten meanwhile, from elsewhere.
        if (!next) return;
        seen = next;
        if (!signal.aborted) task.accept(stateOf(seen));
      } catch {
        await scheduler.wait(PAUSE_MS, { signal }).catch(() => undefined);
      }
    }
  }
}
