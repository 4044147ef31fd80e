import type { IncomingMessage } from "node:http";
import { type Json, PageServer } from "./page-server.ts";

export interface FixtureTool {
  readonly definition: Json & { readonly name: string };
  /** Gives the whole `result` of a `tools/call`. */
  run(args: Json, params: Json): Json;
}

/** An MCP server of 2026-07-28 that gives whatever a test wants, as any server out there might. */
export class KindsServer extends PageServer {
  readonly #tools: readonly FixtureTool[];
  /** What a request must bring in `x-key`, if anything. */
  readonly #key: string | undefined;
  /** The arguments of the calls it got. */
  readonly calls: { readonly tool: string; readonly args: Json; readonly params: Json }[] = [];
  refused = 0;
  /** What `resources/read` returns for an address. */
  readonly resources: Map<string, Json> = new Map();
  /** The addresses of the resources that were asked for. */
  readonly reads: string[] = [];

  private constructor(tools: readonly FixtureTool[], key: string | undefined) {
    super();
    this.#tools = tools;
    this.#key = key;
  }

  static async start(tools: readonly FixtureTool[], key?: string): Promise<KindsServer> {
    return new KindsServer(tools, key).listen();
  }

  protected override refuses({ headers }: IncomingMessage): boolean {
    const isRefused = this.#key !== undefined && headers["x-key"] !== this.#key;
    if (isRefused) this.refused++;
    return isRefused;
  }

  protected override result(method: string, params: Json): Json | undefined {
    switch (method) {
      case "server/discover":
        return {
          supportedVersions: ["2026-07-28"],
          capabilities: { tools: {} },
          _meta: { "io.modelcontextprotocol/serverInfo": { name: "kinds", version: "1.0.0" } },
        };
      case "tools/list":
        return { tools: this.#tools.map(({ definition }) => definition) };
      case "tools/call": {
        const tool = this.#tools.find(({ definition }) => definition.name === params.name);
        const args = (params.arguments ?? {}) as Json;
        this.calls.push({ tool: String(params.name), args, params });
        return tool?.run(args, params);
      }
      case "resources/read":
        this.reads.push(String(params.uri));
        return this.resources.get(String(params.uri));
      default:
        return undefined;
    }
  }
}
