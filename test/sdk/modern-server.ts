import {
  createMcpHandler,
  inputRequired,
  type McpHttpHandler,
  type McpRequestContext,
  McpServer,
  ProtocolError,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import type { Fetch } from "./wire.ts";

export const MODERN_URL = new URL("http://modern.example/mcp");
export const NAME_QUESTION = "Whom shall it greet?";

const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";
const INVALID_PARAMS = -32602;
const STARTED_AT = "2026-07-28T12:00:00.000Z";

interface ServedTask {
  readonly taskId: string;
  readonly status: "working" | "input_required" | "completed" | "cancelled";
  readonly fields: JsonObject;
}

/**
 * A 2026-07-28 server in this process. `report` makes a task, which goes where the test says;
 * `echo`, `count` (with progress) and `greet` (asks for a name first) are ordinary tools.
 */
export class ModernServer {
  /** The answers `tasks/update` brought, by task and question. */
  readonly answers = new Map<string, JsonObject>();
  readonly #tasks = new Map<string, ServedTask>();
  readonly #handler: McpHttpHandler = createMcpHandler((context) => this.#server(context), {
    legacy: "reject",
    keepAliveMs: 0,
  });

  readonly fetch: Fetch = (url, init) => this.#handler.fetch(new Request(url, init));

  ask(taskId: string, key: string, message: string): void {
    const request = {
      method: "elicitation/create",
      params: { mode: "form", message, requestedSchema: { type: "object", properties: {} } },
    };
    this.#set({ taskId, status: "input_required", fields: { inputRequests: { [key]: request } } });
  }

  finish(taskId: string, text: string): void {
    const result = { resultType: "complete", content: [{ type: "text", text }] };
    this.#set({ taskId, status: "completed", fields: { result } });
  }

  announceToolChange(): void {
    this.#handler.notify.toolsChanged();
  }

  close(): Promise<void> {
    return this.#handler.close();
  }

  #set(task: ServedTask): void {
    this.#tasks.set(task.taskId, task);
  }

  #server({ requestInfo }: McpRequestContext): McpServer {
    const server = new McpServer(
      { name: "modern-server", version: "1.0.0" },
      { capabilities: { tools: { listChanged: true }, extensions: { [TASKS_EXTENSION]: {} } } },
    );
    registerOrdinaryTools(server);
    server.registerTool("report", {}, () => ({ content: [] }));
    if (
      requestInfo?.headers.get("mcp-method") === "tools/call" &&
      requestInfo.headers.get("mcp-name") === "report"
    ) {
      // The SDK adds `content` to whatever a tools/call handler returns; a fallback's result goes out as it is.
      server.server.removeRequestHandler("tools/call");
      server.server.fallbackRequestHandler = async (_request, { mcpReq }) => this.#start(mcpReq.envelope);
    }
    this.#serveTasks(server);
    return server;
  }

  #start(envelope: unknown): { [field: string]: unknown } {
    // A server may only make a task for a client that says it takes tasks.
    if (!declaresTasks(envelope)) return { resultType: "complete", content: [] };
    const task: ServedTask = { taskId: crypto.randomUUID(), status: "working", fields: {} };
    this.#set(task);
    return { resultType: "task", ...onWire(task) };
  }

  #serveTasks({ server }: McpServer): void {
    const params = z.object({ taskId: z.string() });
    server.setRequestHandler("tasks/get", { params }, ({ taskId }) => ({
      resultType: "complete",
      ...onWire(this.#known(taskId)),
    }));
    server.setRequestHandler("tasks/update", { params }, ({ taskId }, { mcpReq }) => {
      this.#known(taskId);
      for (const [key, answer] of Object.entries(mcpReq.inputResponses ?? {})) {
        this.answers.set(`${taskId}/${key}`, { ...(answer as object) });
      }
      this.#set({ taskId, status: "working", fields: {} });
      return {};
    });
    server.setRequestHandler("tasks/cancel", { params }, ({ taskId }) => {
      this.#set({ ...this.#known(taskId), status: "cancelled", fields: {} });
      return {};
    });
  }

  #known(taskId: string): ServedTask {
    const task = this.#tasks.get(taskId);
    if (!task) throw new ProtocolError(INVALID_PARAMS, `No task ${taskId}`);
    return task;
  }
}

function declaresTasks(envelope: unknown): boolean {
  const capabilities = isObject(envelope)
    ? envelope["io.modelcontextprotocol/clientCapabilities"]
    : undefined;
  const extensions = isObject(capabilities) ? capabilities.extensions : undefined;
  return isObject(extensions) && isObject(extensions[TASKS_EXTENSION]);
}

function onWire({ taskId, status, fields }: ServedTask): { [field: string]: unknown } {
  const times = { createdAt: STARTED_AT, lastUpdatedAt: STARTED_AT };
  return { taskId, status, ...times, ttlMs: null, pollIntervalMs: 100, ...fields };
}

function registerOrdinaryTools(server: McpServer): void {
  server.registerTool("echo", { inputSchema: z.object({ message: z.string() }) }, ({ message }) =>
    text(`Echo: ${message}`),
  );
  server.registerTool("count", { inputSchema: z.object({ to: z.number() }) }, async ({ to }, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (let progress = 1; progressToken !== undefined && progress <= to; progress++) {
      await mcpReq.notify({
        method: "notifications/progress",
        params: { progressToken, progress, total: to },
      });
    }
    return text(`Counted to ${to}`);
  });
  server.registerTool("greet", {}, ({ mcpReq }) => {
    const answer = mcpReq.inputResponses?.name as { content?: { name?: string } } | undefined;
    if (answer) return text(`Hello, ${answer.content?.name}`);
    const requestedSchema = { type: "object" as const, properties: { name: { type: "string" as const } } };
    return inputRequired({
      inputRequests: { name: inputRequired.elicit({ message: NAME_QUESTION, requestedSchema }) },
    });
  });
}

function text(value: string): { content: { type: "text"; text: string }[] } {
  return { content: [{ type: "text", text: value }] };
}
