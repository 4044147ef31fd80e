import { env } from "cloudflare:workers";
import type { JsonObject, ToolResult } from "holdfast";
import { readEventStream } from "holdfast/remote";
import type { Bindings } from "../../../worker/bindings.ts";
import { Caller } from "../../../worker/gateway/caller.ts";
import { serve } from "../../../worker/gateway/gateway.ts";

export interface LegacyClientOptions {
  readonly principal: string;
  readonly endpoint: string;
  /** `clientInfo.name`. */
  readonly name?: string;
  /** It opens one session and keeps it. */
  readonly keepsSession?: boolean;
  /** Vars of the worker, over those of the tests. */
  readonly vars?: object;
}

/** A principal's 2025-11-25 client. By default it opens a session for each request, as the connectors of claude.ai and ChatGPT do. */
export class LegacyClient {
  readonly #options: LegacyClientOptions;
  #session: string | null = null;

  constructor(options: LegacyClientOptions) {
    this.#options = options;
  }

  /** Resolves with undefined if the client gave up before there was a result: `patienceMs` after it called. */
  async call(
    name: string,
    args: JsonObject,
    { patienceMs = 60_000, meta = {} }: { readonly patienceMs?: number; readonly meta?: JsonObject } = {},
  ): Promise<ToolResult | undefined> {
    const params = { name, arguments: args, _meta: meta };
    return (await this.request("tools/call", params, patienceMs)) as ToolResult | undefined;
  }

  async request(method: string, params: JsonObject, patienceMs = 60_000): Promise<JsonObject | undefined> {
    const session = this.#session ?? (await this.#opened());
    if (this.#options.keepsSession) this.#session = session;
    const response = await this.#post(method, params, session ?? "");
    const text = response.headers.get("content-type")?.includes("text/event-stream")
      ? await lastMessage(response, AbortSignal.timeout(patienceMs))
      : await response.text();
    if (text === undefined) return undefined;
    const { result, error } = JSON.parse(text) as { result?: JsonObject; error?: { message: string } };
    if (error) throw new Error(error.message);
    return result;
  }

  async #opened(): Promise<string | null> {
    const response = await this.#post("initialize", await this.#introduction());
    return response.headers.get("mcp-session-id");
  }

  async #introduction(): Promise<JsonObject> {
    const clientInfo = { name: this.#options.name ?? "legacy", version: "1.0.0" };
    return { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  }

  #post(method: string, params: JsonObject, session?: string): Promise<Response> {
    const { principal, endpoint, vars = {} } = this.#options;
    const caller = Caller.of(
      { ...(env as unknown as Bindings), ...vars },
      principal,
      { name: endpoint },
      "https://holdfast.test",
    );
    const headers = {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(session !== undefined && { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" }),
    };
    const request = new Request("https://holdfast.test/mcp", { method: "POST", headers });
    const body = { jsonrpc: "2.0", id: 1, method, params };
    return serve({ caller, request, body, waitUntil: () => undefined });
  }
}

/** Returns the task that a running result names. */
export function taskOf(result: ToolResult | undefined): string | undefined {
  const { task } = (result?.structuredContent ?? {}) as { task?: string };
  return task;
}

/** The last message of a stream; undefined if the client hangs up before it. */
async function lastMessage(response: Response, givesUp: AbortSignal): Promise<string | undefined> {
  if (!response.body) throw new Error("No stream");
  let last: string | undefined;
  const reader = response.body.getReader();
  const hangUp = (): void => void reader.cancel().catch(() => undefined);
  givesUp.addEventListener("abort", hangUp, { once: true });
  const chunks = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  for await (const { data } of readEventStream(chunks)) if (data) last = data;
  givesUp.removeEventListener("abort", hangUp);
  return last !== undefined && "method" in JSON.parse(last) ? undefined : last;
}
