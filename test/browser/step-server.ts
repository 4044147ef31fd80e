import { type Json, PageServer } from "./page-server.ts";

/** An MCP server of 2026-07-28 whose tasks never end: each says something new at each poll, and wants the next in a second. */
export class StepServer extends PageServer {
  /** How often a task was asked for. */
  polls = 0;

  static async start(): Promise<StepServer> {
    return new StepServer().listen();
  }

  protected override result(method: string, { taskId }: Json): object | undefined {
    switch (method) {
      case "server/discover":
        return {
          supportedVersions: ["2026-07-28"],
          capabilities: { tools: {}, extensions: { "io.modelcontextprotocol/tasks": {} } },
          _meta: { "io.modelcontextprotocol/serverInfo": { name: "steps", version: "1.0.0" } },
        };
      case "tools/list":
        return { tools: [{ name: "acquire_paper", inputSchema: { type: "object" } }] };
      case "tasks/get": {
        const now = new Date().toISOString();
        return {
          resultType: "complete",
          taskId,
          status: "working",
          statusMessage: `Step ${++this.polls}`,
          createdAt: now,
          lastUpdatedAt: now,
          ttlMs: null,
          pollIntervalMs: 1_000,
        };
      }
      default:
        return undefined;
    }
  }
}
