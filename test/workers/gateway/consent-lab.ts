import { env } from "cloudflare:workers";
import type { JsonObject, TaskView } from "holdfast";
import { readEventStream } from "holdfast/remote";
import type { Bindings } from "../../../worker/bindings.ts";
import type { Consent } from "../../../worker/consent/upstream-grants.ts";
import { Caller } from "../../../worker/gateway/caller.ts";
import { serve } from "../../../worker/gateway/gateway.ts";

const ORIGIN = "https://holdfast.test";
export const CONNECT = `${ORIGIN}/connect/guarded`;
const ID = "guarded.0.01936c4e-5b5e-7c1a-9d3e-2f1a4b6c8d0e";

/** One task of a principal at an endpoint whose server wants the person's consent, which is missing until `connect()`. */
export class ConsentLab {
  consent: Consent = { state: "ended", since: 1, round: 4 };
  /** The answers that the directory received. */
  readonly answers: (readonly [endpoint: string, round: number, declined: boolean])[] = [];
  readonly #changed = new Set<() => void>();
  #view: TaskView | undefined;

  /** The person has consented: the call goes on, and has its result. */
  connect(): void {
    this.consent = { state: "connected", since: 2 };
    const { retry: _over, ...view } = this.#waiting();
    const result = { content: [{ type: "text", text: "Ada" }] };
    this.#view = {
      ...view,
      rev: 2,
      status: "completed",
      settledAt: 2,
      outcome: { kind: "completed", result },
    };
    this.#wake();
  }

  /** The consent is there, and the task runs. */
  run(): void {
    this.consent = { state: "connected", since: 2 };
    const { retry: _over, ...view } = this.#waiting();
    this.#view = { ...view, status: "working" };
  }

  /** The server ends the consent of a task that runs. */
  lose(): void {
    this.consent = { state: "ended", since: 3, round: 6 };
    const { retry } = this.#waiting();
    if (this.#view && retry) this.#view = { ...this.#view, retry };
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#changed]) wake();
  }

  #waiting(): TaskView {
    const failure = {
      kind: "network",
      message: "There is no usable token of the person",
      unsent: true,
    } as const;
    return {
      id: ID,
      endpoint: "guarded",
      tool: "whoami",
      arguments: {},
      status: "queued",
      rev: 1,
      createdAt: 1,
      inputRequests: [],
      cancelling: false,
      retry: { failure, since: 1 },
    };
  }

  #bindings(): Bindings {
    const group = {
      call: async () => {
        this.#view ??= this.#waiting();
        return { kind: "started", reply: { ok: true, value: this.#view } };
      },
      task: async (_id: string, wait?: { ms: number; failing?: boolean }) => {
        const failing = this.#view?.retry !== undefined;
        if (wait && this.#view && !this.#view.outcome && failing === (wait.failing ?? failing)) {
          await new Promise<void>((resolve) => {
            this.#changed.add(resolve);
            setTimeout(resolve, wait.ms);
          });
        }
        return this.#view;
      },
      tasks: async () => ({ tasks: this.#view ? [this.#view] : [], full: false }),
      release: async () => undefined,
      delivered: async () => undefined,
      gaveUpAfter: async () => undefined,
      server: async () => ({ ok: true, value: { capabilities: { tools: {}, prompts: {} } } }),
      passOn: async () => ({
        ok: false,
        error: { code: -32603, message: "It takes none of its credentials" },
      }),
    };
    const directory = {
      admit: async () => ({ ok: true, shard: 0, id: ID, repeated: false }),
      fetch: async () =>
        new Response(new ReadableStream(), { headers: { "content-type": "text/event-stream" } }),
      groups: async () => [{ endpoint: "guarded", shard: 0 }],
      knownTools: async () => ({}),
      upstreamToken: async () => ({ kind: this.consent.state === "connected" ? "token" : "none" }),
      consents: async () => ({ guarded: this.consent }),
      consentAnswered: async (endpoint: string, round: number, declined: boolean) => {
        this.answers.push([endpoint, round, declined]);
        this.consent = { state: "ended", since: 1, ...(declined && { declined }) };
      },
    };
    const objects = { TASK_GROUP: { getByName: () => group }, PRINCIPALS: { getByName: () => directory } };
    const GATEWAY = JSON.stringify({ joinWindowMs: 0, budgetMs: 20_000 });
    return { ...(env as unknown as Bindings), ...objects, GATEWAY } as unknown as Bindings;
  }

  #send(headers: Record<string, string>, body: object): Promise<Response> {
    const listing = { name: "guarded", title: "The Guarded", isPersonal: true };
    const caller = Caller.of(this.#bindings(), "alice", listing, ORIGIN);
    const request = new Request(`${ORIGIN}/mcp/guarded`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...headers,
      },
    });
    return serve({ caller, request, body, waitUntil: () => undefined });
  }

  /** A request of a 2026-07-28 client. */
  modern(method: string, params: JsonObject, capabilities: JsonObject): Promise<Response> {
    const version = "2026-07-28";
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": version,
      "io.modelcontextprotocol/clientInfo": { name: "modern", version: "1.0.0" },
      "io.modelcontextprotocol/clientCapabilities": capabilities,
    };
    const name = params.name ?? params.taskId;
    const headers = {
      "mcp-protocol-version": version,
      "mcp-method": method,
      ...(name !== undefined && { "mcp-name": String(name) }),
    };
    return this.#send(headers, { jsonrpc: "2.0", id: "r1", method, params: { ...params, _meta } });
  }

  /** A session of a 2025-11-25 client. */
  async legacy(capabilities: JsonObject): Promise<(message: object) => Promise<Response>> {
    const params = {
      protocolVersion: "2025-11-25",
      capabilities,
      clientInfo: { name: "legacy", version: "1.0.0" },
    };
    const opened = await this.#send({}, { jsonrpc: "2.0", id: 0, method: "initialize", params });
    const session = opened.headers.get("mcp-session-id") ?? "";
    await opened.body?.cancel();
    const headers = { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" };
    return (message) => this.#send(headers, { jsonrpc: "2.0", ...message });
  }
}

export interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: JsonObject;
  readonly result?: JsonObject;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: JsonObject };
}

/** The messages of a reply, as they come: of a stream, or the one of a JSON body. */
export async function* messagesOf(reply: Response): AsyncGenerator<Message> {
  if (!reply.headers.get("content-type")?.includes("text/event-stream")) {
    yield await reply.json();
    return;
  }
  if (!reply.body) throw new Error("No stream");
  for await (const { data } of readEventStream(reply.body)) if (data) yield JSON.parse(data);
}

/** The last message of a reply: its answer. */
export async function answerOf(reply: Response): Promise<Message> {
  let last: Message = {};
  for await (const message of messagesOf(reply)) last = message;
  return last;
}
