import { env } from "cloudflare:workers";
import type { JsonObject } from "holdfast";
import { readEventStream } from "holdfast/remote";
import type { Bindings } from "../../../worker/bindings.ts";
import { Caller } from "../../../worker/gateway/caller.ts";
import { serve } from "../../../worker/gateway/gateway.ts";

const VERSION = "2026-07-28";
const TASKS = { extensions: { "io.modelcontextprotocol/tasks": {} } };

/** A principal's 2026-07-28 client, request by request. */
export class ModernClient {
  readonly #caller: Caller;
  readonly #version: string;

  readonly #name: string;

  constructor(principal: string, endpoint: string, version = VERSION, vars: object = {}, name = "modern") {
    this.#version = version;
    this.#name = name;
    this.#caller = Caller.of(
      { ...(env as unknown as Bindings), ...vars },
      principal,
      { name: endpoint },
      "https://holdfast.test",
    );
  }

  send(method: string, params: JsonObject, capabilities: JsonObject = TASKS): Promise<Response> {
    const _meta = {
      ...(params._meta as JsonObject | undefined),
      "io.modelcontextprotocol/protocolVersion": this.#version,
      "io.modelcontextprotocol/clientInfo": { name: this.#name, version: "1.0.0" },
      "io.modelcontextprotocol/clientCapabilities": capabilities,
    };
    const name = params.name ?? params.taskId;
    const headers = {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": this.#version,
      "mcp-method": method,
      ...(name !== undefined && { "mcp-name": String(name) }),
    };
    const request = new Request("https://holdfast.test/mcp", { method: "POST", headers });
    const body = { jsonrpc: "2.0", id: "r1", method, params: { ...params, _meta } };
    return this.#serve(request, body);
  }

  /** The GET stream of a 2025-11-25 client. */
  listen(): Promise<Response> {
    return this.#serve(
      new Request("https://holdfast.test/mcp", { headers: { accept: "text/event-stream" } }),
    );
  }

  #serve(request: Request, body?: object): Promise<Response> {
    return serve({ caller: this.#caller, request, body, waitUntil: () => undefined });
  }

  async ask(method: string, params: JsonObject): Promise<{ result?: JsonObject; error?: { code: number } }> {
    return (await this.send(method, params)).json();
  }
}

/** The messages of a stream, as they come. */
export async function* messagesOf(
  response: Response,
): AsyncGenerator<{ method: string; params: JsonObject }> {
  if (!response.body) throw new Error("No stream");
  for await (const { data } of readEventStream(response.body)) yield JSON.parse(data);
}
