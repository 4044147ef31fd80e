import { InputError, type JsonObject, type Task, type TaskReader, type TaskView } from "holdfast";
import { TaskMirror } from "holdfast/remote";
import { listTasks, type TaskPage } from "../principal/listing.ts";
import { granted } from "../principal/reply.ts";
import { consentRound, withConsentAsked } from "./asked-consent.ts";
import type { Caller } from "./caller.ts";

/** How long an object is asked to wait for news at a time, in ms. */
const WAIT_MS = 20_000;
/** Before an object that was evicted or moved is asked again, in ms. */
const PAUSE_MS = 250;
const MOST_LISTED = 100;

/** A principal's tasks on the endpoints it asks, for as long as one request lasts. */
export class CallerTasks implements TaskReader {
  readonly #caller: Caller;
  readonly #follows: boolean;
  /** Most calls have their result at the first look, and need neither. */
  #closingMade: AbortController | undefined;
  #mirrorMade: TaskMirror | undefined;
  readonly #handles = new Map<string, Task>();

  /** @param follows Whether a task that is asked for is followed until the request is over. */
  constructor(caller: Caller, { follows }: { readonly follows: boolean }) {
    this.#caller = caller;
    this.#follows = follows;
  }

  get #closing(): AbortController {
    this.#closingMade ??= new AbortController();
    return this.#closingMade;
  }

  get #mirror(): TaskMirror {
    this.#mirrorMade ??= new TaskMirror({
      source: {
        tasks: () => this.#views(),
        task: (id) => this.#latest(id),
        cancel: (id) => this.#cancel(id),
        answer: (view, key, response) => this.#answer(view, key, response),
      },
      closed: this.#closing.signal,
      watch: () => undefined,
    });
    return this.#mirrorMade;
  }

  /** Returns the handle of a task, moved on to this view. */
  async handle(received: TaskView): Promise<Task> {
    const view = await withConsentAsked(this.#caller, received);
    const task = this.#mirror.apply(view);
    const known = this.#handles.has(view.id);
    this.#handles.set(view.id, task);
    if (!known && !view.outcome && this.#follows) void this.#follow(view);
    return task;
  }

  async get(id: string): Promise<Task | undefined> {
    const known = this.#handles.get(id);
    if (known) return known;
    const view = await this.#caller.groupOfTask(id)?.task(id);
    return view && (await this.handle(view));
  }

  /** Returns the present view of a task, with its result. */
  async view(id: string): Promise<TaskView | undefined> {
    const view = await this.#latest(id);
    if (view) this.#mirror.apply(view);
    return view;
  }

  list(): Promise<readonly Task[]> {
    return this.#mirror.list();
  }

  /** The tasks run in their objects, watched or not. */
  async resume(): Promise<readonly Task[]> {
    return [];
  }

  close(): void {
    this.#closingMade?.abort(new Error("The request is over"));
  }

  async #latest(id: string): Promise<TaskView | undefined> {
    const view = await this.#caller.groupOfTask(id)?.task(id);
    return view && withConsentAsked(this.#caller, view);
  }

  async #views(): Promise<readonly TaskView[]> {
    return (await pageOfTasks(this.#caller, MOST_LISTED, undefined))?.tasks ?? [];
  }

  async #cancel(id: string): Promise<TaskView> {
    const reply = await this.#caller.groupOfTask(id)?.cancel(id);
    if (!reply) throw new Error(`There is no task ${id}`);
    return granted(reply);
  }

  async #answer(task: TaskView, key: string, response: JsonObject): Promise<TaskView> {
    const round = consentRound(key);
    if (round !== undefined) {
      const { directory } = this.#caller.objects;
      await directory.consentAnswered(task.endpoint, round, response.action !== "accept");
      return (await this.#latest(task.id)) ?? task;
    }
    const reply = await this.#caller.groupOfTask(task.id)?.answer(task.id, key, response);
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
        const failing = seen.retry !== undefined;
        const next = await this.#caller
          .groupOfTask(id)
          ?.task(id, { afterRev: seen.rev, ms: WAIT_MS, progress, failing });
        // Forgotten meanwhile, from elsewhere.
        if (!next) return;
        seen = await withConsentAsked(this.#caller, next);
        if (!signal.aborted) this.#mirror.apply(seen);
      } catch {
        await scheduler.wait(PAUSE_MS, { signal }).catch(() => undefined);
      }
    }
  }
}

/** One page of the tasks on the endpoints that are asked. Undefined for a cursor that no page gave. */
export async function pageOfTasks(
  caller: Caller,
  limit: number,
  cursor: string | undefined,
): Promise<TaskPage | undefined> {
  const { objects, endpoints } = caller;
  const asked = new Set(endpoints.map(({ name }) => name));
  const groups = (await objects.directory.groups()).filter(({ endpoint }) => asked.has(endpoint));
  const page = await listTasks(objects, groups, {}, limit, cursor);
  if (!page) return undefined;
  return { ...page, tasks: await Promise.all(page.tasks.map((view) => withConsentAsked(caller, view))) };
}
