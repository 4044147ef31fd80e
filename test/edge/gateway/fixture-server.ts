import { createMcpHandler, Server, type ServerContext } from "@modelcontextprotocol/server";
import * as z from "zod";
import type { JsonObject } from "../../../src/index.ts";
import { FixtureTask } from "./fixture-task.ts";
import { after, INJECTION, longText, TASK_TOOLS, text } from "./fixture-tools.ts";
import { type Listening, listen } from "./node-http.ts";

const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";
const namesTask = z.object({ taskId: z.string() });

/**
 * A real upstream server on the v2 SDK: tools that are tasks (2026-07-28), plain ones that are slow, a resource and a prompt.
 */
export class FixtureServer {
  readonly #tasks: Map<string, FixtureTask> = new Map();
  readonly #calls: string[] = [];
  readonly #listed: string[] = [
    "greet",
    "slow_report",
    "whisper",
    "test_tool_with_task",
    ...Object.keys(TASK_TOOLS),
  ];
  /** How often its tools were listed. */
  lists = 0;
  #listening: Listening | undefined;

  static async start(): Promise<FixtureServer> {
    const fixture = new FixtureServer();
    const handler = createMcpHandler(() => fixture.#server());
    fixture.#listening = await listen((request) => handler.fetch(request));
    return fixture;
  }

  get url(): string {
    return this.#listening?.url ?? "";
  }

  /** How often a tool was called. */
  calls(tool: string): number {
    return this.#calls.filter((called) => called === tool).length;
  }

  /** From now on it is listed too. */
  addTool(name: string): void {
    this.#listed.push(name);
  }

  async close(): Promise<void> {
    await this.#listening?.close();
  }

  #server(): Server {
    const server = new Server(
      { name: "fixture", version: "1.0.0" },
      { capabilities: { tools: {}, resources: {}, prompts: {}, extensions: { [TASKS_EXTENSION]: {} } } },
    );
    server.fallbackRequestHandler = async ({ method, params = {} }, context) =>
      this.#answer(method, params as JsonObject, context) as never;
    server.setRequestHandler("tasks/get", { params: namesTask }, ({ taskId }) => this.#task(taskId).detailed);
    server.setRequestHandler("tasks/update", { params: namesTask }, ({ taskId }, { mcpReq }) => {
      this.#task(taskId).answer(mcpReq.inputResponses ?? {});
      return {};
    });
    server.setRequestHandler("tasks/cancel", { params: namesTask }, ({ taskId }) => {
      this.#task(taskId).end({ status: "cancelled" });
      return {};
    });
    return server;
  }

  async #answer(method: string, params: JsonObject, context: ServerContext): Promise<JsonObject> {
    switch (method) {
      case "tools/list": {
        this.lists++;
        const inputSchema = { type: "object", properties: {} };
        return { tools: this.#listed.map((name) => ({ name, inputSchema })) } as JsonObject;
      }
      case "tools/call":
        return this.#call(String(params.name), (params.arguments ?? {}) as JsonObject, context);
      case "resources/list":
        return { resources: [{ uri: "kelp://forest", name: "forest" }] };
      case "resources/read":
        return { contents: [{ uri: String(params.uri), text: "Macrocystis" }] };
      case "prompts/list":
        return { prompts: [{ name: "survey" }] };
      case "prompts/get":
        return { messages: [{ role: "user", content: { type: "text", text: "Survey the forest" } }] };
      default:
        throw Object.assign(new Error("Method not found"), { code: -32601 });
    }
  }

  async #call(name: string, args: JsonObject, context: ServerContext): Promise<JsonObject> {
    this.#calls.push(name);
    const task = TASK_TOOLS[name];
    if (task) return this.#created((created) => task(created, args));
    switch (name) {
      case "greet":
        return text(`Hello, ${args.name}!`);
      case "whisper":
        return text(INJECTION);
      case "long_text":
        return text(longText(Number(args.length)));
      case "slow_report":
        return this.#report(Number(args.ms), context);
      case "test_tool_with_task":
        return this.#afterQuestion(context);
      default:
        throw Object.assign(new Error(`Unknown tool: ${name}`), { code: -32602 });
    }
  }

  /** Slow, and no task: the reply alone takes its time. */
  async #report(ms: number, { mcpReq }: ServerContext): Promise<JsonObject> {
    const progressToken = mcpReq._meta?.progressToken;
    for (let step = 1; step <= 4; step++) {
      await after(ms / 4);
      const params = { progressToken, progress: step, total: 4 };
      if (progressToken !== undefined)
        await mcpReq.notify({ method: "notifications/progress", params } as never);
    }
    return text(`Reported after ${ms} ms`);
  }

  /** Asks before there is a task. */
  #afterQuestion({ mcpReq }: ServerContext): JsonObject {
    const answer = mcpReq.inputResponses?.user_name as { content?: JsonObject } | undefined;
    const name = answer?.content?.name;
    if (mcpReq.requestState() === "named" && typeof name === "string") {
      return this.#created(async (task) =>
        task.end({ status: "completed", result: text(`Done for ${name}`) }),
      );
    }
    const requestedSchema = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
    const params = { mode: "form", message: "Who are you?", requestedSchema };
    return {
      resultType: "input_required",
      inputRequests: { user_name: { method: "elicitation/create", params } },
      requestState: "named",
    };
  }

  #created(work: (task: FixtureTask) => Promise<void>): JsonObject {
    const task = new FixtureTask();
    this.#tasks.set(task.id, task);
    const created = { resultType: "task", ...task.brief };
    void work(task);
    return created;
  }

  #task(id: string): FixtureTask {
    const task = this.#tasks.get(id);
    if (!task) throw Object.assign(new Error("Task not found"), { code: -32602 });
    return task;
  }
}
