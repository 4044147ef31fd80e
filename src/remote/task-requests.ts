import { InputError } from "../errors.ts";
import { isListedTool } from "../mirror/read-tool.ts";
import { readView } from "../mirror/read-view.ts";
import type { TaskSource } from "../mirror/task-mirror.ts";
import { hasTexts, isObject, type JsonObject } from "../protocol/json.ts";
import type { ListedTool } from "../protocol/tool-facts.ts";
import { randomId } from "../random-id.ts";
import type { CallOptions } from "../task-client-api.ts";
import type { DeliveryReceipt, UndeliveredQuery } from "../task-inbox.ts";
import type { TaskView } from "../task-view.ts";
import { type ApiRequest, isPassing, type RemoteApi } from "./remote-api.ts";
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
export interface TaskRequests extends TaskSource {
  endpoints(): Promise<readonly string[]>;
  tools(endpoint: string): Promise<readonly ListedTool[]>;
  /** Retries a lost reply. The key makes all attempts one call. */
  call(endpoint: string, tool: string, args: JsonObject, options: CallOptions): Promise<CallAnswer>;
  notify(id: string, addressee: string): Promise<void>;
  /** Retries a lost reply. The receipt makes all attempts one lease. */
  undelivered(query: UndeliveredQuery): Promise<readonly unknown[]>;
  /** False if the task was deleted, too. */
  acknowledge(delivery: DeliveryReceipt): Promise<boolean>;
  /** False for a task that runs, and is left. */
  remove(id: string, force: boolean): Promise<boolean>;
}

/**
 * @param closed Ends every request.
 * @param incomplete Called once a list for each endpoint whose tasks the worker could not all read, and for a list that
 *   was cut.
 */
export function createTaskRequests(
  api: RemoteApi,
  closed: AbortSignal,
  incomplete: (why: string, endpoint?: string) => void,
): TaskRequests {
  const ask = async (
    request: Omit<ApiRequest, "signal">,
    attempts: number = ATTEMPTS,
    repeating?: () => void,
  ): Promise<unknown> => (await api.insist({ ...request, signal: closed }, attempts, repeating)).json;
  const read = (path: string, attempts?: number): Promise<unknown> => ask({ method: "GET", path }, attempts);
  const post = (path: string, fields?: object, repeating?: () => void): Promise<unknown> =>
    ask({ method: "POST", path, ...(fields && { body: JSON.stringify(fields) }) }, ATTEMPTS, repeating);
  const reportMissing = (endpoints: Iterable<string>): void => {
    for (const endpoint of endpoints)
      incomplete(
        `The worker could not read all tasks of the endpoint ${endpoint}: call again later. The worker's log says why (group-unreadable)`,
        endpoint,
      );
  };

  return {
    async endpoints() {
      return listIn(await read(pathOf("endpoints")), "endpoints").flatMap((entry) =>
        hasTexts(entry, "name") ? [entry.name] : [],
      );
    },
    async tools(endpoint) {
      return listIn(await read(pathOf("endpoints", endpoint, "tools")), "tools").filter(isListedTool);
    },
    async call(endpoint, tool, args, { signal, prefer, ttlMs, repeatable, idempotencyKey, notify }) {
      const request: ApiRequest = {
        method: "POST",
        path: pathOf("endpoints", endpoint, "calls"),
        body: JSON.stringify({ tool, arguments: args, prefer, ttlMs, repeatable, idempotencyKey, notify }),
        headers: { "idempotency-key": randomId() },
        signal: signal ? AbortSignal.any([signal, closed]) : closed,
      };
      const answer = await api.insist(request, CALL_ATTEMPTS).catch((error: unknown) => {
        if (!isPassing(error)) throw error;
        const detail = `${error.detail} It was asked ${CALL_ATTEMPTS} times and may hold the call: list() shows it then.`;
        throw new RemoteApiError({ ...error, detail }, { cause: error });
      });
      return { task: taskIn(answer.json), ended: answer.status === 200 };
    },
    task: (id, attempts) => read(pathOf("tasks", id), attempts).then(taskIn).catch(unless(404)),
    /** From all pages; the newest first. */
    async tasks(which, attempts) {
      const missing = new Set<string>();
      const views = new Map<string, TaskView>();
      const cursors = new Set<unknown>();
      let cursor: unknown;
      const first = `${pathOf("tasks")}?limit=${PAGE}${which === "all" ? "" : "&status=unfinished"}`;
      do {
        cursors.add(cursor);
        const json = await read(
          isText(cursor) ? `${first}&cursor=${encodeURIComponent(cursor)}` : first,
          attempts,
        );
        for (const entry of listIn(json, "tasks")) {
          const view = readView(entry);
          if (view) views.set(view.id, view);
        }
        for (const endpoint of missingIn(json)) missing.add(endpoint);
        cursor = (json as JsonObject).nextCursor;
      } while (isText(cursor) && !cursors.has(cursor) && cursors.size < MAX_PAGES);
      reportMissing(missing);
      if (isText(cursor)) {
        const cut = cursors.has(cursor)
          ? `names the cursor ${JSON.stringify(cursor.slice(0, 80))} again`
          : `has more than ${MAX_PAGES} pages`;
        incomplete(`The worker's list of tasks is incomplete. GET /v1/tasks ${cut}: the rest is left out`);
      }
      return [...views.values()];
    },
    async answer(task, key, response) {
      const path = pathOf("tasks", task.id, "inputs", key);
      let perhapsTaken = false;
      try {
        return taskIn(
          await post(path, response, () => {
            perhapsTaken = true;
          }),
        );
      } catch (error) {
        if (!isRefusal(error, 409, 422)) throw error;
        // The answer got there, and only its reply was lost.
        if (error.status === 409 && perhapsTaken) return undefined;
        throw new InputError(task, key, error.detail);
      }
    },
    async notify(id, addressee) {
      await post(pathOf("tasks", id, "addressees"), { addressee });
    },
    async undelivered({ addressee, leaseMs, receipt = randomId(), task }) {
      const asking = post(pathOf("deliveries"), { addressee, leaseMs, receipt, task });
      const json = await (task === undefined ? asking : asking.catch(unless(404)));
      if (json === undefined) return [];
      reportMissing(missingIn(json));
      return listIn(json, "deliveries");
    },
    async acknowledge({ addressee, receipt, task, question }) {
      const fields = { addressee, receipt, key: question?.key };
      const answer = await post(pathOf("tasks", task.id, "acknowledgements"), fields).catch(unless(404));
      return isObject(answer) && answer.acknowledged === true;
    },
    // A task that has ended cannot be cancelled.
    cancel: (id) =>
      post(pathOf("tasks", id, "cancel"))
        .then(taskIn)
        .catch(unless(409)),
    async remove(id, force) {
      const path = `${pathOf("tasks", id)}${force ? "?force=true" : ""}`;
      try {
        await ask({ method: "DELETE", path });
      } catch (error) {
        if (!isRefusal(error, 404, 409)) throw error;
        return error.status === 404;
      }
      return true;
    },
  };
}

/** Takes a refusal with this status for `undefined`; throws any other error again. */
function unless(status: number): (error: unknown) => undefined {
  return (error) => {
    if (!isRefusal(error, status)) throw error;
  };
}

function isRefusal(error: unknown, ...statuses: readonly number[]): error is RemoteApiError {
  return error instanceof RemoteApiError && statuses.includes(error.status);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function pathOf(...parts: readonly string[]): string {
  return `/v1/${parts.map(encodeURIComponent).join("/")}`;
}

/** The part of an answer, which must be there. */
function required<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw malformed(200, `The worker's answer holds no ${name}`);
  return part;
}

function taskIn(json: unknown): TaskView {
  return required(readView(json), "task");
}

function listIn(json: unknown, field: string): readonly unknown[] {
  return required(maybeListIn(json, field), field);
}

/** The endpoints some of whose tasks the worker could not read. */
function missingIn(json: unknown): readonly string[] {
  return (maybeListIn(json, "missing") ?? []).map(String);
}

function maybeListIn(json: unknown, field: string): readonly unknown[] | undefined {
  const list = isObject(json) && json[field];
  return Array.isArray(list) ? list : undefined;
}
