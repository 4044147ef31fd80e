import { createMcpHandler, Server } from "@modelcontextprotocol/server";
import { listen } from "./node-http.ts";

export interface ManyServers {
  /** Where each is, by the name of its endpoint. */
  readonly urls: Readonly<Record<string, string>>;
  /** Calls of tools, as `<endpoint> <tool>`. */
  readonly calls: readonly string[];
  /** Endpoints that do not answer from now on. */
  readonly silent: Set<string>;
  /** Endpoints whose server wants credentials from now on. */
  readonly guarded: Set<string>;
  close(): Promise<void>;
}

/** Servers at one port, each with ten tools of its own and one that all have. */
export async function manyServers(count: number): Promise<ManyServers> {
  const calls: string[] = [];
  const silent = new Set<string>();
  const guarded = new Set<string>();
  const names = Array.from({ length: count }, (_, index) => `server-${index}`);
  const handlers = new Map(names.map((name) => [name, createMcpHandler(() => serverNamed(name, calls))]));
  const listening = await listen(async (request) => {
    const name = new URL(request.url).pathname.split("/")[2] ?? "";
    if (silent.has(name)) await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
    if (guarded.has(name)) return new Response(null, { status: 401 });
    return (await handlers.get(name)?.fetch(request)) ?? new Response(null, { status: 404 });
  });
  return {
    urls: Object.fromEntries(names.map((name) => [name, `${listening.url}/${name}`])),
    calls,
    silent,
    guarded,
    close: () => listening.close(),
  };
}

function serverNamed(endpoint: string, calls: string[]): Server {
  const server = new Server({ name: endpoint, version: "1.0.0" }, { capabilities: { tools: {} } });
  const own = Array.from({ length: 10 }, (_, index) => `${endpoint.replace("-", "_")}_tool_${index}`);
  const inputSchema = { type: "object" as const };
  server.setRequestHandler("tools/list", () => ({
    tools: ["search", ...own].map((name) => ({ name, inputSchema })),
  }));
  server.setRequestHandler("tools/call", ({ params }) => {
    calls.push(`${endpoint} ${params.name}`);
    return { content: [{ type: "text", text: `${endpoint} did ${params.name}` }] };
  });
  return server;
}
