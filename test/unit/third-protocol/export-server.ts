import { isObject, type JsonObject } from "../../../src/protocol/json.ts";

/** What a job of the server says from one poll to the next. The last one stands. */
export type JobStates = readonly JsonObject[];

const POLL_MS = 1;

/** An MCP server over HTTP that knows no tasks: it has `start_export`, `get_export`, `cancel_export` and a plain tool. */
export class ExportServer {
  /** The methods of all requests so far; of a `tools/call`, its tool. */
  readonly requests: string[] = [];
  /** What each further job says. */
  script: JobStates = [];
  readonly #jobs: Map<string, JsonObject[]> = new Map();

  readonly fetch = async (_url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    if (init?.method !== "POST") return new Response(null, { status: 405 });
    const { id, method, params } = JSON.parse(String(init.body)) as JsonObject;
    const { name, arguments: args } = isObject(params) ? params : {};
    this.requests.push(String(method === "tools/call" ? name : method));
    if (id === undefined) return new Response(null, { status: 202 });
    const result = this.#answer(String(method), String(name), isObject(args) ? args : {});
    const body = result ? { result } : { error: { code: -32601, message: `No method ${method}` } };
    return Response.json({ jsonrpc: "2.0", id, ...body });
  };

  /** The job says this from now on. */
  become(job: string, state: JsonObject): void {
    this.#jobs.set(job, [state]);
  }

  #answer(method: string, tool: string, args: JsonObject): JsonObject | undefined {
    switch (method) {
      case "initialize":
        return {
          protocolVersion: "2025-06-18",
          capabilities: { tools: {} },
          serverInfo: { name: "exports", version: "1" },
        };
      case "tools/list":
        return {
          tools: ["start_export", "get_export", "cancel_export", "count"].map((name) => ({
            name,
            inputSchema: { type: "object" },
          })),
        };
      case "tools/call":
        return this.#call(tool, args);
      default:
        return undefined;
    }
  }

  #call(tool: string, { job: asked }: JsonObject): JsonObject {
    if (tool === "count") return { content: [{ type: "text", text: "12 rows" }] };
    const job = tool === "start_export" ? `job-${this.#jobs.size + 1}` : String(asked);
    if (tool === "start_export") this.#jobs.set(job, [{ state: "running" }, ...this.script]);
    if (tool === "cancel_export") this.#jobs.set(job, [{ state: "stopped" }]);
    const states = this.#jobs.get(job) ?? [{ state: "broken", note: "No such job" }];
    const state = (states.length > 1 ? states.shift() : states[0]) ?? {};
    return {
      content: [{ type: "text", text: String(state.note ?? state.state) }],
      structuredContent: { job, pollMs: POLL_MS, ...state },
    };
  }
}
