import { InputError, type JsonObject, type Task, type TaskReader, type TaskView } from "holdfast";
import { TaskMirror } from "holdfast/remote";
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
export class CallerTasks implements TaskReader {
  readonly #caller: Caller;
  readonly #follows: boolean;
  readonly #closing = new AbortController();
  readonly #mirror: TaskMirror;
  readonly #handles = new Map<string, Task>();

  /** @param follows Whether a task that is asked for is followed until the request is over. */
  constructor(caller: Caller, { follows }: { readonly follows: boolean }) {
    this.#caller = caller;
    this.#follows = follows;
    this.#mirror = new TaskMirror({
      source: {
        tasks: () => this.#views(),
        task: async (id) => this.#group(id)?.task(id),
        cancel: (id) => this.#cancel(id),
        answer: (view, key, response) => this.#answer(view, key, response),
      },
      closed: this.#closing.signal,
      watch: () => undefined,
    });
  }

  /** Returns the handle of a task, moved on to this view. */
  handle(view: TaskView): Task {
    const task = this.#mirror.apply(view);
    const known = this.#handles.has(view.id);
    this.#handles.set(view.id, task);
    if (!known && !view.outcome && this.#follows) void this.#follow(view);
    return task;
  }

  async get(id: string): Promise<Task | undefined> {
    const known = this.#handles.get(id);
    if (known) return known;
    const view = await this.#group(id)?.task(id);
    return view && this.handle(view);
  }

  /** Returns the present view of a task, with its result. */
  async view(id: string): Promise<TaskView | undefined> {
    const view = await this.#group(id)?.task(id);
    if (view) this.#mirror.apply(view);
    return view;
  }

  list(): Promise<readonly Task[]> {
    return this.#mirror.list();
  }

  /** The tasks run in their objects, whoever watches. */
  async resume(): Promise<readonly Task[]> {
    return [];
  }

  close(): void {
    this.#closing.abort(new Error("The request is over"));
  }

  /** Undefined for a malformed id, and for an id of another endpoint. The object is the caller's own in any case. */
  #group(id: string): GatewayGroupStub | undefined {
    const address = readTaskId(id);
    return address?.endpoint === this.#caller.endpoint.name ? this.#caller.group(address.shard) : undefined;
  }

  async #views(): Promise<readonly TaskView[]> {
    const { objects, endpoint } = this.#caller;
    const groups = await objects.directory.groups();
    const page = await listTasks(objects, groups, { endpoint: endpoint.name }, MOST_LISTED, undefined);
    return page?.tasks ?? [];
  }

  async #cancel(id: string): Promise<TaskView> {
    const reply = await this.#group(id)?.cancel(id);
    if (!reply) throw new Error(`There is no task ${id}`);
    return granted(reply);
  }

  async #answer(task: TaskView, key: string, response: JsonObject): Promise<TaskView> {
    const reply = await this.#group(task.id)?.answer(task.id, key, response);
    if (reply && !reply.ok) throw new InputError(task, key, reply.problem.detail);
    if (!reply) throw new Error(`There is no task ${task.id}`);
    return reply.value;
  }

  async #follow(view: TaskView): Promise<void> {
    const { signal } = this.#closing;
    const { id } = view;
    let seen = view;
    while (!seen.outcome && !signal.aborted) {
      try {
        const progress = seen.progress?.progress ?? -1;
        const next = await this.#group(id)?.task(id, { afterRev: seen.rev, ms: WAIT_MS, progress });
        // Forgotten meanwhile, from elsewhere.
        if (!next) return;
        seen = next;
        if (!signal.aborted) this.#mirror.apply(seen);
      } catch {
        await scheduler.wait(PAUSE_MS, { signal }).catch(() => undefined);
      }
    }
  }
}
