import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import {
  createMcpHandler,
  type McpHttpHandler,
  type McpRequestContext,
  McpServer,
  ProtocolError,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import type { Clock } from "../../src/clock.ts";
import { type Paper, paperOf } from "../../worker/samples/paper.ts";

const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";
const IMMEDIATE_RESPONSE = "io.modelcontextprotocol/model-immediate-response";
const INVALID_PARAMS = -32602;
const STAGES = ["Resolving the DOI", "Downloading the PDF", "Parsing pages", "Extracting references"];
const DOI = z.object({ doi: z.string() });

interface Acquisition {
  readonly taskId: string;
  readonly doi: string;
  readonly createdAt: number;
}

type Fields = { [field: string]: unknown };

/**
 * A 2026-07-28 MCP server: `acquire_paper` is a task that takes its time by the given clock,
 * `lookup_title` answers at once.
 */
export class PaperServer {
  readonly #clock: Clock;
  readonly #durationMs: number;
  readonly #tasks: Map<string, Acquisition> = new Map();
  readonly #handler: McpHttpHandler = createMcpHandler((context) => this.#server(context), {
    legacy: "reject",
    keepAliveMs: 0,
  });
  #http: Server | undefined;

  constructor(clock: Clock, durationMs: number) {
    this.#clock = clock;
    this.#durationMs = durationMs;
  }

  /** How many times a paper was acquired. */
  get acquisitions(): number {
    return this.#tasks.size;
  }

  readonly fetch = (url: string | URL, init?: RequestInit): Promise<Response> =>
    this.serve(new Request(url, init));

  serve(request: Request): Promise<Response> {
    return this.#handler.fetch(request);
  }

  /** Listens at a free port of 127.0.0.1, and gives the server's address. */
  async listen(): Promise<URL> {
    const http = createServer((request, response) => void this.#serve(request, response));
    this.#http = http;
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    return new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`);
  }

  async close(): Promise<void> {
    await this.#handler.close();
    this.#http?.close();
    this.#http?.closeAllConnections();
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = "GET", headers, url = "/" } = incoming;
    const body = method === "POST" ? await buffer(incoming) : null;
    const lines = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
    const response = await this.fetch(new URL(url, `http://${headers.host}`), {
      method,
      headers: lines,
      body,
    });
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    if (response.body) Readable.fromWeb(response.body as never).pipe(outgoing);
    else outgoing.end();
  }

  #server({ requestInfo }: McpRequestContext): McpServer {
    const mcp = new McpServer(
      { name: "paper-server", version: "1.0.0" },
      { capabilities: { tools: {}, extensions: { [TASKS_EXTENSION]: {} } } },
    );
    mcp.registerTool(
      "acquire_paper",
      { description: "Downloads a paper and extracts its references. Takes minutes.", inputSchema: DOI },
      () => ({ content: [] }),
    );
    mcp.registerTool(
      "lookup_title",
      { description: "Tells the title of a paper at once.", inputSchema: DOI },
      ({ doi }) => ({ content: [{ type: "text", text: paperOf(doi).title }] }),
    );
    const called =
      requestInfo?.headers.get("mcp-method") === "tools/call" && requestInfo.headers.get("mcp-name");
    if (called === "acquire_paper") {
      // The SDK makes a CallToolResult of what a tools/call handler returns; a fallback's result goes out as it is.
      mcp.server.removeRequestHandler("tools/call");
      mcp.server.fallbackRequestHandler = async ({ params }) => this.#acquire(params);
    }
    const named = z.object({ taskId: z.string() });
    mcp.server.setRequestHandler("tasks/get", { params: named }, ({ taskId }) => ({
      resultType: "complete",
      ...this.#onWire(this.#known(taskId)),
    }));
    return mcp;
  }

  #acquire(params: unknown): Fields {
    const { doi } = DOI.parse((params as { arguments?: unknown }).arguments);
    const task = { taskId: crypto.randomUUID(), doi, createdAt: this.#clock.now() };
    this.#tasks.set(task.taskId, task);
    const _meta = { [IMMEDIATE_RESPONSE]: "The paper is being acquired." };
    return { resultType: "task", ...this.#onWire(task), _meta };
  }

  #onWire({ taskId, doi, createdAt }: Acquisition): Fields {
    const age = this.#clock.now() - createdAt;
    const stage = Math.min(STAGES.length, Math.floor((age / this.#durationMs) * STAGES.length));
    const done = stage === STAGES.length;
    const changedAt = createdAt + (stage * this.#durationMs) / STAGES.length;
    return {
      taskId,
      status: done ? "completed" : "working",
      statusMessage: STAGES[stage] ?? "Done",
      createdAt: new Date(createdAt).toISOString(),
      lastUpdatedAt: new Date(changedAt).toISOString(),
      ttlMs: null,
      pollIntervalMs: 2_000,
      ...(done && { result: { resultType: "complete", ...paperResult(paperOf(doi)) } }),
    };
  }

  #known(taskId: string): Acquisition {
    const task = this.#tasks.get(taskId);
    if (!task) throw new ProtocolError(INVALID_PARAMS, `No task ${taskId}`);
    return task;
  }
}

function paperResult(paper: Paper): Fields {
  return {
    content: [{ type: "text", text: `Acquired "${paper.title}" (${paper.doi})` }],
    structuredContent: paper,
  };
}
