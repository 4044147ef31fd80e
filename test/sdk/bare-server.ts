import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { type Listener, listen, type ServedRequest, type ServedResponse } from "./loopback.ts";

/** One HTTP request as the server saw it. */
export interface Exchange {
  readonly http: ServedRequest;
  readonly response: ServedResponse;
  readonly id: unknown;
  /** The JSON-RPC method; `undefined` for a response of the client, and where there is no body. */
  readonly method: string | undefined;
  readonly params: JsonObject;
  readonly body: string;
  reply(result: JsonObject): void;
  /** Begins an event stream with these messages, and leaves it open. */
  stream(...messages: readonly object[]): void;
}

/** What a method is answered with; one that returns nothing has answered, or never does. */
export type Answer = (exchange: Exchange) => JsonObject | undefined;
export type Answers = Readonly<Record<string, Answer>>;

const CAPABILITIES = { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } };
const SLOW = { name: "slow", inputSchema: { type: "object" }, execution: { taskSupport: "optional" } };
const PLAIN = { name: "plain", inputSchema: { type: "object" } };

const LEGACY: Answers = {
  initialize: ({ response }) => {
    response.setHeader("mcp-session-id", "session-1");
    return {
      protocolVersion: "2025-11-25",
      capabilities: CAPABILITIES,
      serverInfo: { name: "bare", version: "1" },
    };
  },
  "tools/list": () => ({ tools: [SLOW, PLAIN] }),
};

const MODERN: Answers = {
  "server/discover": () => ({
    resultType: "complete",
    supportedVersions: ["2026-07-28"],
    capabilities: { tools: {}, extensions: { "io.modelcontextprotocol/tasks": {} } },
  }),
  "tools/list": () => ({ resultType: "complete", ttlMs: 0, cacheScope: "private", tools: [SLOW] }),
};

/** A server on loopback that speaks as little MCP as a test needs, and bends the HTTP below it. */
export class BareServer {
  readonly seen: Exchange[] = [];
  /** The GET streams that are open now. */
  readonly streams: Set<ServedResponse> = new Set();
  /** Takes an exchange before the answers do, and returns whether it did: for what is not MCP. */
  intercept: (exchange: Exchange) => boolean = () => false;
  readonly #answers: Answers;
  #listener!: Listener;

  private constructor(answers: Answers) {
    this.#answers = answers;
  }

  /** `GET` in `answers` takes the GET streams; by default they are opened and left open. */
  static async start(generation: "2025-11-25" | "2026-07-28", answers: Answers): Promise<BareServer> {
    const server = new BareServer({ ...(generation === "2025-11-25" ? LEGACY : MODERN), ...answers });
    server.#listener = await listen((http, response) => server.#receive(http, response));
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#listener.port}`;
  }

  get url(): string {
    return `${this.origin}/mcp`;
  }

  of(method: string): readonly Exchange[] {
    return this.seen.filter((exchange) => exchange.method === method);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  #receive(http: ServedRequest, response: ServedResponse): void {
    const { body } = http;
    const message: unknown = http.method === "POST" && body.startsWith("{") ? JSON.parse(body) : {};
    const { id, method, params } = isObject(message) ? message : {};
    const send = (reply: object): void => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(reply));
    };
    const exchange: Exchange = {
      http,
      response,
      id,
      method: typeof method === "string" ? method : undefined,
      params: isObject(params) ? params : {},
      body,
      reply: (result) => send({ jsonrpc: "2.0", id, result }),
      stream: (...messages) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(": open\n\n");
        for (const each of messages)
          response.write(`data: ${JSON.stringify({ jsonrpc: "2.0", ...each })}\n\n`);
      },
    };
    if (this.intercept(exchange)) return;
    this.seen.push(exchange);
    const answer = this.#answers[exchange.method ?? http.method];
    if (answer) {
      const result = answer(exchange);
      if (result) exchange.reply(result);
    } else if (http.method === "GET") {
      exchange.stream();
      this.streams.add(response);
      response.on("close", () => this.streams.delete(response));
    } else if (id === undefined || exchange.method === undefined) response.writeHead(202).end();
    else send({ jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } });
  }
}

/** A task on the wire, of either generation. */
export function wireTask(taskId: string, status: string, more: JsonObject = {}): JsonObject {
  const at = "2026-08-01T12:00:00.000Z";
  const task = { taskId, status, createdAt: at, lastUpdatedAt: at };
  return { ...task, ttl: null, pollInterval: 100, ttlMs: null, pollIntervalMs: 100, ...more };
}

export const DONE: JsonObject = { content: [{ type: "text", text: "done" }] };
