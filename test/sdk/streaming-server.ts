import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { RELATED_TASK } from "../../src/protocol/session.ts";
import type { Fetch } from "./wire.ts";

export const STREAMING_URL = new URL("http://streaming.example/mcp");

/** A response stream that stays open until the test ends it. */
export class ServerStream {
  readonly id: unknown;
  readonly params: JsonObject;
  /** The session that the client named. */
  readonly sessionId: string | null;
  readonly #body = new TransformStream<Uint8Array, Uint8Array>();
  readonly #writer = this.#body.writable.getWriter();

  constructor(id: unknown, params: JsonObject, sessionId: string | null) {
    this.id = id;
    this.params = params;
    this.sessionId = sessionId;
    // A client that ends the stream does not fail the test.
    this.#writer.closed.catch(() => undefined);
  }

  get response(): Response {
    return new Response(this.#body.readable, { headers: { "content-type": "text/event-stream" } });
  }

  send(message: object): void {
    const event = `event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`;
    this.#writer.write(new TextEncoder().encode(event)).catch(() => undefined);
  }

  ask(id: string | number, message: string, taskId?: string): void {
    const _meta = taskId === undefined ? {} : { _meta: { [RELATED_TASK]: { taskId } } };
    const requestedSchema = { type: "object", properties: {} };
    this.send({ id, method: "elicitation/create", params: { message, requestedSchema, ..._meta } });
  }

  reply(result: object): void {
    this.#end({ result });
  }

  fail(message: string): void {
    this.#end({ error: { code: -32603, message } });
  }

  #end(outcome: object): void {
    this.send({ id: this.id, ...outcome });
    this.#writer.close().catch(() => undefined);
  }
}

/** A 2025-11-25 server behind a `fetch`, whose response streams are the test's. Tools: `plain`, and `slow` for tasks. */
export class StreamingServer {
  /** The stream of each `tools/call`, in their order. */
  readonly calls: ServerStream[] = [];
  /** The `tasks/result` streams, in their order. */
  readonly results: ServerStream[] = [];
  /** The session's own streams, in their order. */
  readonly gets: ServerStream[] = [];
  /** The answers to questions of the server: `result` or `error`. */
  readonly answers: JsonObject[] = [];
  sessionId = "s1";
  taskStatus = "working";
  /** In ms. */
  pollInterval = 100;

  task(taskId: string): JsonObject {
    const time = "2026-08-01T12:00:00Z";
    return {
      taskId,
      status: this.taskStatus,
      createdAt: time,
      lastUpdatedAt: time,
      ttl: null,
      pollInterval: this.pollInterval,
    };
  }

  readonly fetch: Fetch = async (_url, { method: http, body, headers } = {}) => {
    const session = new Headers(headers).get("mcp-session-id");
    if (http === "GET") return this.#open(this.gets, undefined, {}, session);
    const message: unknown = typeof body === "string" ? JSON.parse(body) : {};
    const { id, method, params, result, error } = isObject(message) ? message : {};
    if (http === "DELETE") return new Response(null, { status: 200 });
    if (method !== "initialize" && session !== this.sessionId) {
      return new Response("Session not found", { status: 404 });
    }
    if (id !== undefined && method === undefined) this.answers.push({ id, result, error });
    if (id === undefined || method === undefined) return new Response(null, { status: 202 });
    const fields = isObject(params) ? params : {};
    switch (method) {
      case "initialize":
        return this.#json(id, {
          protocolVersion: "2025-11-25",
          capabilities: { tools: {}, tasks: { requests: { tools: { call: {} } } } },
          serverInfo: { name: "streaming", version: "1" },
        });
      case "tools/list": {
        const inputSchema = { type: "object" };
        const slow = { name: "slow", inputSchema, execution: { taskSupport: "optional" } };
        return this.#json(id, { tools: [{ name: "plain", inputSchema }, slow] });
      }
      case "tools/call":
        return this.#open(this.calls, id, fields, session);
      case "tasks/get":
        return this.#json(id, this.task(String(fields.taskId)));
      case "tasks/result":
        return this.#open(this.results, id, fields, session);
      default:
        return this.#json(id, undefined, { code: -32601, message: "Method not found" });
    }
  };

  #open(streams: ServerStream[], id: unknown, params: JsonObject, session: string | null): Response {
    const stream = new ServerStream(id, params, session);
    streams.push(stream);
    return stream.response;
  }

  #json(id: unknown, result: unknown, error?: JsonObject): Response {
    const headers = { "mcp-session-id": this.sessionId };
    return Response.json({ jsonrpc: "2.0", id, ...(error ? { error } : { result }) }, { headers });
  }
}
