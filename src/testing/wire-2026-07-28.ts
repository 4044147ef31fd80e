import { INVALID_PARAMS, METHOD_NOT_FOUND, UNSUPPORTED_PROTOCOL_VERSION } from "../protocol/error-codes.ts";
import { defined, isObject, type JsonObject } from "../protocol/json.ts";
import { SERVER_INFO, SUBSCRIPTION_ID, TASKS_EXTENSION } from "../protocol/meta-keys.ts";
import type { ServedTask } from "./scripted-task.ts";
import { isoTime, namedTask, type ServedRequest, type ServedTools, type Wire } from "./served-request.ts";

interface Subscription {
  readonly request: ServedRequest;
  readonly taskIds: ReadonlySet<unknown>;
}

/** A server as MCP 2026-07-28 has it: the server decides what becomes a task, and `tasks/get` carries everything. */
export function wire2026(tools: ServedTools): Wire {
  const subscriptions = new Set<Subscription>();
  /** Plain calls, each with the request that it is to answer. */
  const plain = new Map<ServedTask, ServedRequest | undefined>();

  function complete(request: ServedRequest, result: JsonObject): void {
    request.reply({ resultType: "complete", ...result });
  }

  function inputRequests(task: ServedTask): JsonObject {
    const entries = [...task.questions].map(
      ([key, { method, params }]) => [key, { method, params }] as const,
    );
    return Object.fromEntries(entries);
  }

  function view(task: ServedTask): JsonObject {
    const { ending } = task;
    return defined({
      taskId: task.id,
      status: task.status,
      statusMessage: task.statusMessage,
      createdAt: isoTime(task.createdAt),
      lastUpdatedAt: isoTime(task.updatedAt),
      ttlMs: task.ttlMs,
      pollIntervalMs: task.pollIntervalMs,
      inputRequests: task.questions.size > 0 ? inputRequests(task) : undefined,
      result: ending?.kind === "result" ? ending.result : undefined,
      error: ending?.kind === "error" ? ending.error : undefined,
    });
  }

  /** Answers the request of a plain call, if there is something to answer: the end, or questions (mrtr). */
  function answerPlain(task: ServedTask): void {
    const request = plain.get(task);
    const { ending } = task;
    if (!request || !(ending || task.questions.size > 0)) return;
    plain.set(task, undefined);
    if (!ending)
      return request.reply({
        resultType: "input_required",
        inputRequests: inputRequests(task),
        requestState: task.id,
      });
    plain.delete(task);
    if (ending.kind === "result") complete(request, ending.result);
    else if (ending.kind === "error") request.fail(ending.error.code, ending.error.message);
  }

  function call(request: ServedRequest): void {
    const { params } = request;
    const support = tools.taskSupport(String(params.name));
    if (!support) return request.fail(INVALID_PARAMS, `Unknown tool: ${params.name}`);
    if (params.requestState !== undefined) {
      const task = [...plain.keys()].find(({ id }) => id === params.requestState);
      if (!task) return request.fail(INVALID_PARAMS, "Unknown requestState");
      const responses = isObject(params.inputResponses) ? params.inputResponses : {};
      const missing = [...task.questions.keys()].some((key) => !Object.hasOwn(responses, key));
      for (const [key, response] of Object.entries(responses)) task.answer(key, response);
      plain.set(task, request);
      if (missing || task.ending) answerPlain(task);
      return;
    }
    const isTask = support !== "forbidden";
    const task = tools.start(params, isTask);
    if (isTask) return request.reply({ ...view(task), resultType: "task" });
    plain.set(task, request);
    answerPlain(task);
  }

  function subscribe(request: ServedRequest): void {
    if (!tools.pushes) return request.fail(METHOD_NOT_FOUND, `Method not found: ${request.method}`);
    const { notifications } = request.params;
    const wanted = isObject(notifications) ? notifications.taskIds : undefined;
    const taskIds = (Array.isArray(wanted) ? wanted : []).filter((id) => tools.tasks.has(id));
    subscriptions.add({ request, taskIds: new Set(taskIds) });
    notify(request, "notifications/subscriptions/acknowledged", { notifications: { taskIds } });
  }

  function notify({ id, connection }: ServedRequest, method: string, params: JsonObject): void {
    const _meta = { [SUBSCRIPTION_ID]: id };
    connection.send({ jsonrpc: "2.0", method, params: { ...params, _meta } });
  }

  return {
    serve(request) {
      const { method } = request;
      switch (method) {
        case "server/discover":
          return complete(request, {
            supportedVersions: ["2026-07-28"],
            capabilities: { tools: {}, extensions: { [TASKS_EXTENSION]: {} } },
            _meta: { [SERVER_INFO]: { name: "scripted-server", version: "1.0.0" } },
          });
        case "initialize":
          return request.fail(UNSUPPORTED_PROTOCOL_VERSION, "Unsupported protocol version");
        case "tools/list":
          return complete(request, { tools: tools.definitions() });
        case "tools/call":
          return call(request);
        case "subscriptions/listen":
          return subscribe(request);
      }
      if (!method.startsWith("tasks/")) return request.fail(METHOD_NOT_FOUND, `Method not found: ${method}`);
      const task = namedTask(tools, request);
      if (!task) return;
      switch (method) {
        case "tasks/get":
          return complete(request, view(task));
        case "tasks/update": {
          const { inputResponses } = request.params;
          complete(request, {});
          if (isObject(inputResponses))
            for (const [key, response] of Object.entries(inputResponses)) task.answer(key, response);
          return;
        }
        case "tasks/cancel":
          complete(request, {});
          return task.cancel();
        default:
          return request.fail(METHOD_NOT_FOUND, `Method not found: ${method}`);
      }
    },
    changed(task, progress) {
      const request = plain.get(task);
      if (progress && request)
        request.connection.send({ jsonrpc: "2.0", method: "notifications/progress", params: progress });
      answerPlain(task);
      for (const { request: of, taskIds } of subscriptions)
        if (taskIds.has(task.id)) notify(of, "notifications/tasks", view(task));
    },
    // Servers of this generation send no requests.
    answered: () => undefined,
    abandoned(id, connection) {
      for (const subscription of subscriptions) {
        const { request } = subscription;
        if (request.id === id && request.connection === connection) subscriptions.delete(subscription);
      }
      for (const [task, request] of [...plain])
        if (request && request.id === id && request.connection === connection) task.cancel();
    },
    closed(connection) {
      for (const subscription of subscriptions)
        if (subscription.request.connection === connection) subscriptions.delete(subscription);
      for (const [task, request] of plain)
        if (request && request.connection === connection) plain.set(task, undefined);
    },
  };
}
