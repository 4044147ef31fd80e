import type { CreateTaskOptions, Task } from "@modelcontextprotocol/sdk/experimental/tasks";
import { InMemoryTaskStore } from "@modelcontextprotocol/sdk/experimental/tasks";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { RequestId, Request as RpcRequest } from "@modelcontextprotocol/sdk/types.js";
import type { Fetch } from "./wire.ts";

export const LEGACY_URL = new URL("http://legacy.example/mcp");

/**
 * A 2025-11-25 server in this process, whose tasks outlive its sessions. Its one tool, `report`,
 * makes a task that is done when the test says so.
 */
export class LegacyServer {
  readonly #tasks = new SessionlessTaskStore();
  readonly #sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();

  readonly fetch: Fetch = async (url, init) => {
    const request = new Request(url, init);
    const sessionId = request.headers.get("mcp-session-id");
    if (sessionId === null) return (await this.#newSession()).handleRequest(request);
    const session = this.#sessions.get(sessionId);
    return session ? session.handleRequest(request) : new Response("Session not found", { status: 404 });
  };

  /** From now on its clients' sessions are unknown (HTTP 404), as after a restart. */
  forgetSessions(): void {
    this.#sessions.clear();
  }

  /** Ends the task with a text. */
  async finish(taskId: string, text: string): Promise<void> {
    await this.#tasks.storeTaskResult(taskId, "completed", { content: [{ type: "text", text }] });
  }

  close(): void {
    this.#tasks.cleanup();
  }

  /** Returns a server of the same tasks that is not connected: for one connection of any transport. */
  newServer(): McpServer {
    const server = new McpServer(
      { name: "legacy-server", version: "1.0.0" },
      {
        capabilities: { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
        taskStore: this.#tasks,
      },
    );
    server.experimental.tasks.registerToolTask(
      "report",
      { execution: { taskSupport: "required" } },
      {
        createTask: async ({ taskStore }) => ({
          task: await taskStore.createTask({ ttl: 300_000, pollInterval: 100 }),
        }),
        getTask: ({ taskId, taskStore }) => taskStore.getTask(taskId),
        getTaskResult: async ({ taskId, taskStore }) => {
          const { content } = await taskStore.getTaskResult(taskId);
          return { content: content as { type: "text"; text: string }[] };
        },
      },
    );
    return server;
  }

  async #newSession(): Promise<WebStandardStreamableHTTPServerTransport> {
    const transport: WebStandardStreamableHTTPServerTransport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => void this.#sessions.set(id, transport),
    });
    await this.newServer().connect(transport);
    return transport;
  }
}

/** Tasks belong to nobody's session, so that a later one finds them. */
class SessionlessTaskStore extends InMemoryTaskStore {
  override createTask(params: CreateTaskOptions, requestId: RequestId, request: RpcRequest): Promise<Task> {
    return super.createTask(params, requestId, request);
  }
}
