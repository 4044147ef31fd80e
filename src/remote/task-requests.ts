import { readPages } from "../channel/pages.ts";
import { InputError } from "../errors.ts";
import { isListedTool } from "../mirror/read-tool.ts";
import { readView } from "../mirror/read-view.ts";
import type { TaskSource } from "../mirror/task-mirror.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";
import type { ListedTool } from "../protocol/tool-facts.ts";
import { randomId } from "../random-id.ts";
import type { CallOptions } from "../task-client-api.ts";
import type { DeliveryReceipt, UndeliveredQuery } from "../task-inbox.ts";
import type { TaskView } from "../task-view.ts";
import { type Answer, type ApiRequest, isPassing, type RemoteApi } from "./remote-api.ts";
import { malformed, RemoteApiError } from "./remote-api-error.ts";

/** How often a request that somebody waits for is tried, where nothing else is said. */
const ATTEMPTS = 4;
/** The same for a call, which is made once however often it is asked for: three minutes in all, at most. */
const CALL_ATTEMPTS = 9;
/** The most tasks a page of the list has. */
const PAGE = 100;
/** The most pages of the list that are read: 100,000 tasks. */
const MAX_PAGES = 1_000;

/** What the worker said of a call: its task, and whether the call has ended within the request. */
export interface CallAnswer {
  readonly task: TaskView;
  readonly ended: boolean;
}

/** The resources of the worker's API. Everything here throws a {@link RemoteApiError}, and the signal's reason. */
export class TaskRequests implements TaskSource {
  readonly #api: RemoteApi;
  readonly #signal: AbortSignal;
  readonly #incomplete: (why: string, endpoint?: string) => void;

  /**
   * @param signal Ends every request.
   * @param incomplete Called once a list for each endpoint whose tasks the worker could not all read, and for a list that
   *   was cut.
   */
  constructor(api: RemoteApi, signal: AbortSignal, incomplete: (why: string, endpoint?: string) => void) {
    this.#api = api;
    this.#signal = signal;
    this.#incomplete = incomplete;
  }

  async endpoints(): Promise<readonly string[]> {
    const { json } = await this.#ask({ method: "GET", path: "/v1/endpoints" });
    return listIn(json, "endpoints").flatMap((entry) =>
      isObject(entry) && typeof entry.name === "string" ? [entry.name] : [],
    );
  }

  async tools(endpoint: string): Promise<readonly ListedTool[]> {
    const { json } = await this.#ask({ method: "GET", path: `${endpointPath(endpoint)}/tools` });
    return listIn(json, "tools").filter(isListedTool);
  }

  /** Asks again where there is no answer: the key makes all attempts one call. */
  async call(
    endpoint: string,
    tool: string,
    args: JsonObject,
    { signal, prefer, ttlMs, repeatable, notify }: CallOptions,
  ): Promise<CallAnswer> {
    const key = randomId();
    const request: ApiRequest = {
      method: "POST",
      path: `${endpointPath(endpoint)}/calls`,
      body: JSON.stringify({ tool, arguments: args, prefer, ttlMs, repeatable, notify }),
      headers: { "idempotency-key": key },
      signal: signal ? AbortSignal.any([signal, this.#signal]) : this.#signal,
    };
    const answer = await this.#api
      .insist(request, { attempts: CALL_ATTEMPTS, key })
      .catch((error: unknown) => {
        if (!isPassing(error)) throw error;
        const detail = `${error.detail} It was asked ${CALL_ATTEMPTS} times and may hold the call: list() shows it then.`;
        throw new RemoteApiError({ status: error.status, code: error.code, detail }, { cause: error });
      });
    return { task: taskIn(answer), ended: answer.status === 200 };
  }

  /** With its result; `undefined` if the worker has no such task. */
  async task(id: string, attempts?: number): Promise<TaskView | undefined> {
    try {
      return taskIn(await this.#ask({ method: "GET", path: taskPath(id) }, attempts));
    } catch (error) {
      if (isRefusal(error, 404)) return undefined;
      throw error;
    }
  }

  /** All of them, or all without an outcome, from all pages; the newest first. */
  async tasks(which: "all" | "unfinished", attempts?: number): Promise<readonly TaskView[]> {
    const missing = new Set<string>();
    const first = `/v1/tasks?limit=${PAGE}${which === "all" ? "" : "&status=unfinished"}`;
    const { items, cut } = await readPages(
      "GET /v1/tasks",
      async (cursor) => {
        const path = cursor === undefined ? first : `${first}&cursor=${encodeURIComponent(cursor)}`;
        const { json } = await this.#ask({ method: "GET", path }, attempts);
        const tasks = listIn(json, "tasks").flatMap((entry) => readView(entry) ?? []);
        const { nextCursor } = json as JsonObject;
        for (const endpoint of missingIn(json)) missing.add(endpoint);
        return { items: tasks, ...(typeof nextCursor === "string" && { nextCursor }) };
      },
      ({ id }) => id,
      MAX_PAGES,
    );
    this.#reportMissing(missing);
    if (cut !== undefined) this.#incomplete(`The worker's list of tasks is incomplete. ${cut}`);
    return items;
  }

  async answer(task: TaskView, key: string, response: JsonObject): Promise<TaskView | undefined> {
    const path = `${taskPath(task.id)}/inputs/${encodeURIComponent(key)}`;
    const body = JSON.stringify(response);
    let perhapsTaken = false;
    const repeating = (): void => {
      perhapsTaken = true;
    };
    try {
      return taskIn(await this.#ask({ method: "POST", path, body }, ATTEMPTS, repeating));
    } catch (error) {
      if (!isRefusal(error, 409, 422)) throw error;
      // The answer got there, and only its reply was lost.
      if (error.status === 409 && perhapsTaken) return undefined;
      throw new InputError(task, key, error.detail);
    }
  }

  async notify(id: string, addressee: string): Promise<void> {
    await this.#ask({
      method: "POST",
      path: `${taskPath(id)}/addressees`,
      body: JSON.stringify({ addressee }),
    });
  }

  /** Asked again where there is no answer: the receipt makes all attempts one lease. */
  async undelivered({
    addressee,
    leaseMs,
    receipt = randomId(),
  }: UndeliveredQuery): Promise<readonly unknown[]> {
    const body = JSON.stringify({ addressee, leaseMs, receipt });
    const { json } = await this.#ask({ method: "POST", path: "/v1/deliveries", body });
    this.#reportMissing(missingIn(json));
    return listIn(json, "deliveries");
  }

  async acknowledge({ addressee, receipt, task, question }: DeliveryReceipt): Promise<boolean> {
    const body = JSON.stringify({ addressee, receipt, key: question?.key });
    try {
      const { json } = await this.#ask({
        method: "POST",
        path: `${taskPath(task.id)}/acknowledgements`,
        body,
      });
      return isObject(json) && json.acknowledged === true;
    } catch (error) {
      // It was deleted.
      if (isRefusal(error, 404)) return false;
      throw error;
    }
  }

  async cancel(id: string): Promise<TaskView | undefined> {
    try {
      return taskIn(await this.#ask({ method: "POST", path: `${taskPath(id)}/cancel` }));
    } catch (error) {
      // The task has ended: there is nothing to cancel.
      if (isRefusal(error, 409)) return undefined;
      throw error;
    }
  }

  async remove(id: string, force: boolean): Promise<void> {
    await this.#ask({ method: "DELETE", path: `${taskPath(id)}${force ? "?force=true" : ""}` });
  }

  #reportMissing(endpoints: Iterable<string>): void {
    for (const endpoint of endpoints)
      this.#incomplete(
        `The worker could not read all tasks of the endpoint ${endpoint}: call again later. The worker's log says why (group-unreadable)`,
        endpoint,
      );
  }

  #ask(
    request: Omit<ApiRequest, "signal">,
    attempts: number = ATTEMPTS,
    repeating?: (error: RemoteApiError) => void,
  ): Promise<Answer> {
    const persistence = { attempts, key: randomId() };
    return this.#api.insist({ ...request, signal: this.#signal }, persistence, repeating);
  }
}

export function isRefusal(error: unknown, ...statuses: readonly number[]): error is RemoteApiError {
  return error instanceof RemoteApiError && statuses.includes(error.status);
}

function endpointPath(endpoint: string): string {
  return `/v1/endpoints/${encodeURIComponent(endpoint)}`;
}

function taskPath(id: string): string {
  return `/v1/tasks/${encodeURIComponent(id)}`;
}

function taskIn({ status, json }: Answer): TaskView {
  const task = readView(json);
  if (!task) throw malformed(status, "The worker's answer holds no task");
  return task;
}

/** The endpoints some of whose tasks the worker could not read. */
function missingIn(json: unknown): readonly string[] {
  return isObject(json) && Array.isArray(json.missing) ? json.missing.map(String) : [];
}

function listIn(json: unknown, field: string): readonly unknown[] {
  const list = isObject(json) ? json[field] : undefined;
  if (!Array.isArray(list)) throw malformed(200, `The worker's answer holds no ${field}`);
  return list;
}
