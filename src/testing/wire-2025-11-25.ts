import { INVALID_PARAMS, METHOD_NOT_FOUND } from "../protocol/error-codes.ts";
import { defined, isObject, type JsonObject } from "../protocol/json.ts";
import { RELATED_TASK } from "../protocol/meta-keys.ts";
import type { ScriptedQuestion, ServedTask } from "./scripted-task.ts";
import {
  isoTime,
  namedTask,
  type ServedConnection,
  type ServedRequest,
  type ServedTools,
  type Wire,
} from "./served-request.ts";

interface Asked {
  readonly task: ServedTask;
  readonly question: ScriptedQuestion;
  readonly connection: ServedConnection;
}

/** A server as MCP 2025-11-25 has it: the client asks for a task, and fetches the payload with `tasks/result`. */
export function wire2025(tools: ServedTools): Wire {
  const connections = new Set<ServedConnection>();
  /** Requests that wait for the end of a call or a task. */
  const waiting = new Map<ServedRequest, ServedTask>();
  /** By the id of the server's own request. As in a session of Streamable HTTP, they outlive their connection. */
  const asked = new Map<string, Asked>();
  let lastId = 0;

  function view(task: ServedTask): JsonObject {
    const { ending } = task;
    // "This includes cases where the tool call result has isError set to true" (tasks, "Task Execution Errors").
    const failed = ending?.kind === "result" && ending.result.isError === true;
    return defined({
      taskId: task.id,
      status: failed ? "failed" : task.status,
      statusMessage: task.statusMessage,
      createdAt: isoTime(task.createdAt),
      lastUpdatedAt: isoTime(task.updatedAt),
      ttl: task.ttlMs,
      pollInterval: task.pollIntervalMs,
    });
  }

  /** Puts each open question to the client, unless it went out on a connection that stands. */
  function ask(task: ServedTask, connection: ServedConnection): void {
    for (const question of task.questions.values()) {
      const [id = `ask-${++lastId}`, earlier] =
        [...asked].find(([, { question: known }]) => known === question) ?? [];
      if (earlier && connections.has(earlier.connection)) continue;
      asked.set(id, { task, question, connection });
      const _meta = task.isTask ? { [RELATED_TASK]: { taskId: task.id } } : undefined;
      const params = defined({ ...question.params, _meta });
      connection.send({ jsonrpc: "2.0", id, method: question.method, params });
    }
  }

  function settle(request: ServedRequest, task: ServedTask): void {
    const { ending } = task;
    waiting.delete(request);
    switch (ending?.kind) {
      case "result": {
        const _meta = { ...ending.result._meta, [RELATED_TASK]: { taskId: task.id } };
        return request.reply(task.isTask ? { ...ending.result, _meta } : ending.result);
      }
      case "error":
        return request.fail(ending.error.code, ending.error.message);
      default:
        return request.fail(INVALID_PARAMS, "The task was cancelled");
    }
  }

  function call(request: ServedRequest): void {
    const { params } = request;
    const support = tools.taskSupport(String(params.name));
    const asTask = isObject(params.task);
    if (!support) return request.fail(INVALID_PARAMS, `Unknown tool: ${params.name}`);
    if (asTask ? support === "forbidden" : support === "required")
      return request.fail(
        METHOD_NOT_FOUND,
        `The tool ${params.name} ${asTask ? "makes no" : "needs a"} task`,
      );
    const ttl = isObject(params.task) && typeof params.task.ttl === "number" ? params.task.ttl : undefined;
    const task = tools.start(params, asTask, ttl);
    if (asTask) return request.reply({ task: view(task) });
    if (task.ending) return settle(request, task);
    waiting.set(request, task);
    ask(task, request.connection);
  }

  return {
    serve(request) {
      const { method, connection } = request;
      connections.add(connection);
      switch (method) {
        case "initialize":
          return request.reply({
            protocolVersion: "2025-11-25",
            capabilities: {
              tools: {},
              tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
            },
            serverInfo: { name: "scripted-server", version: "1.0.0" },
          });
        case "ping":
          return request.reply({});
        case "tools/list":
          return request.reply({ tools: tools.definitions() });
        case "tools/call":
          return call(request);
        case "tasks/list": {
          const tasks = [...tools.tasks.values()].filter(({ isTask }) => isTask);
          return request.reply({ tasks: tasks.map(view) });
        }
      }
      if (!method.startsWith("tasks/")) return request.fail(METHOD_NOT_FOUND, `Method not found: ${method}`);
      const task = namedTask(tools, request);
      if (!task) return;
      switch (method) {
        case "tasks/get":
          return request.reply(view(task));
        case "tasks/result":
          if (task.ending) return settle(request, task);
          waiting.set(request, task);
          return ask(task, connection);
        case "tasks/cancel":
          if (task.ending) return request.fail(INVALID_PARAMS, `The task is already ${task.status}`);
          task.cancel();
          return request.reply(view(task));
        default:
          return request.fail(METHOD_NOT_FOUND, `Method not found: ${method}`);
      }
    },
    changed(task, progress) {
      for (const [request, of] of [...waiting]) {
        if (of !== task) continue;
        if (task.ending) settle(request, task);
        else ask(task, request.connection);
      }
      if (task.ending) for (const [id, of] of [...asked]) if (of.task === task) asked.delete(id);
      const notify = (method: string, params: JsonObject): void => {
        for (const connection of connections) connection.send({ jsonrpc: "2.0", method, params });
      };
      if (progress) notify("notifications/progress", progress);
      if (task.isTask && tools.pushes) notify("notifications/tasks/status", view(task));
    },
    answered(id, response) {
      const of = asked.get(String(id));
      asked.delete(String(id));
      of?.task.answer(of.question.key, response);
    },
    abandoned(id, connection) {
      for (const [request, task] of [...waiting]) {
        if (request.id !== id || request.connection !== connection) continue;
        waiting.delete(request);
        if (!task.isTask) task.cancel();
      }
    },
    closed(connection) {
      connections.delete(connection);
      for (const request of [...waiting.keys()])
        if (request.connection === connection) waiting.delete(request);
    },
  };
}
