import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/cfworker-provider.js";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Environment } from "../../worker/environment.ts";
import { paperOf } from "../../worker/samples/paper.ts";
import type { WireEntry } from "../../worker/samples/wire-log.ts";

declare global {
  namespace Cloudflare {
    interface Env extends Environment {}
    interface GlobalProps {
      mainModule: typeof import("../../worker/index.ts");
    }
  }
}

type Json = Record<string, unknown>;

interface Message {
  id?: string | number;
  method?: string;
  params?: Json;
  result?: Json;
  error?: { code: number; message: string; data?: unknown };
}

const DOI = "10.1000/182";
const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";
const RELATED_TASK = "io.modelcontextprotocol/related-task";
const SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId";

let lab: string;

function fetchLab(path: string, init?: RequestInit): Promise<Response> {
  return exports.default.fetch(new Request(`https://holdfast.test/samples/${lab}/${path}`, init));
}

function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetchLab(path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify(body),
  });
}

/** The messages of a reply, be it one JSON document or a stream of events. */
async function* messages(response: Response): AsyncGenerator<Message> {
  if (!response.headers.get("content-type")?.includes("text/event-stream")) {
    yield (await response.json()) as Message;
    return;
  }
  let rest = "";
  const text = response.body?.pipeThrough(new TextDecoderStream());
  for await (const chunk of text ?? []) {
    const events = (rest + chunk).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const data = event.split("\n").find((line) => line.startsWith("data: "));
      if (data) yield JSON.parse(data.slice(6)) as Message;
    }
  }
}

async function next(stream: AsyncGenerator<Message>): Promise<Message> {
  const { value, done } = await stream.next();
  if (done) throw new Error("The stream ended");
  return value;
}

/** The message that answers request `id`. */
async function answerIn(response: Response, id: string | number): Promise<Message> {
  let answer: Message | undefined;
  for await (const message of messages(response)) if (message.id === id) answer = message;
  if (!answer) throw new Error(`No answer to ${id}`);
  return answer;
}

async function until<T>(look: () => Promise<T>, isIt: (seen: T) => boolean): Promise<T> {
  for (;;) {
    const seen = await look();
    if (isIt(seen)) return seen;
    await scheduler.wait(5);
  }
}

async function wire(): Promise<WireEntry[]> {
  return (await fetchLab("wire")).json();
}

async function arm(order: unknown): Promise<void> {
  expect((await post("faults", order)).status).toBe(204);
}

async function evict(): Promise<void> {
  await evictDurableObject(env.SAMPLE_LAB.getByName(lab));
}

let count = 0;

beforeAll(async () => {
  // The first request loads the worker, which takes its time.
  await exports.default.fetch("https://holdfast.test/healthz");
}, 60_000);

beforeEach(() => {
  count += 1;
  lab = `lab-${count}`;
});

describe("the worker", () => {
  it("reports that it is healthy", async () => {
    const response = await exports.default.fetch("https://holdfast.test/healthz");
    expect(await response.json()).toEqual({ ok: true, demo: true, signIn: true });
  });

  it("refuses a lab with a bad name", async () => {
    lab = "Not_A_Lab";
    expect((await fetchLab("wire")).status).toBe(404);
    lab = "a".repeat(65);
    expect((await fetchLab("wire")).status).toBe(404);
  });

  it("lets pages of other origins in", async () => {
    const preflight = await fetchLab("2026-07-28/mcp", {
      method: "OPTIONS",
      headers: {
        origin: "https://elsewhere.test",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type, mcp-method, x-anything",
      },
    });
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-methods")).toBe("GET,POST,DELETE,OPTIONS");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("x-anything");
    const reply = await fetchLab("wire", { headers: { origin: "https://elsewhere.test" } });
    expect(reply.headers.get("access-control-allow-origin")).toBe("*");
    expect(reply.headers.get("access-control-expose-headers")).toBe(
      "mcp-session-id,mcp-protocol-version,retry-after",
    );
  });
});

describe("2025-11-25", () => {
  const path = "2025-11-25/mcp";

  class Session {
    id = "";
    #lastId = 0;

    static async open(capabilities: Json = { elicitation: {} }): Promise<Session> {
      const session = new Session();
      const response = await session.post({
        id: 0,
        method: "initialize",
        params: {
          protocolVersion: "2025-11-25",
          capabilities,
          clientInfo: { name: "raw", version: "1" },
        },
      });
      session.id = response.headers.get("mcp-session-id") ?? "";
      const { result } = await answerIn(response, 0);
      expect(result?.capabilities).toMatchObject({
        tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
      });
      await session.post({ method: "notifications/initialized" });
      return session;
    }

    get headers(): Record<string, string> {
      return this.id ? { "mcp-session-id": this.id, "mcp-protocol-version": "2025-11-25" } : {};
    }

    post(message: Message): Promise<Response> {
      return post(path, { jsonrpc: "2.0", ...message }, this.headers);
    }

    /** Sends a request. The reply stays open, so that a test can read what comes before the answer. */
    async open(method: string, params: Json = {}) {
      this.#lastId += 1;
      const id = this.#lastId;
      const response = await this.post({ id, method, params });
      return { id, response };
    }

    async request(method: string, params: Json = {}): Promise<Message> {
      const { id, response } = await this.open(method, params);
      return answerIn(response, id);
    }

    async listen(): Promise<AsyncGenerator<Message>> {
      const accept = "text/event-stream";
      const response = await fetchLab(path, { headers: { ...this.headers, accept } });
      expect(response.status).toBe(200);
      return messages(response);
    }

    async start(args: Json = {}, rest: Json = {}): Promise<string> {
      const { result, error } = await this.request("tools/call", {
        name: "acquire_paper",
        arguments: { doi: DOI, stage_ms: 20, ...args },
        task: {},
        ...rest,
      });
      expect(error).toBeUndefined();
      return taskIn(result);
    }

    get(taskId: string): Promise<Message> {
      return this.request("tasks/get", { taskId });
    }

    async reach(taskId: string, status: string): Promise<Json> {
      const { result } = await until(
        () => this.get(taskId),
        (message) => message.result?.status === status,
      );
      return result ?? {};
    }
  }

  function taskIn(result: Json | undefined): string {
    const task = result?.task as { taskId?: string } | undefined;
    return task?.taskId ?? "";
  }

  it("lists its tools", async () => {
    const session = await Session.open();
    const { result } = await session.request("tools/list");
    const tools = result?.tools as { name: string; execution?: Json; annotations: Json }[];
    expect(tools.map((tool) => [tool.name, tool.execution?.taskSupport])).toEqual([
      ["acquire_paper", "optional"],
      ["must_task", "required"],
      ["lookup_doi", "forbidden"],
      ["slow_echo", "forbidden"],
    ]);
    expect(tools[0]?.annotations).toEqual({ readOnlyHint: false, idempotentHint: false });
  });

  it("acquires a paper as a task", async () => {
    const session = await Session.open();
    const created = await session.request("tools/call", {
      name: "acquire_paper",
      arguments: { doi: DOI, stage_ms: 20 },
      task: { ttl: 60_000 },
    });
    const task = created.result?.task as Json & { taskId: string };
    expect(task).toMatchObject({
      status: "working",
      statusMessage: `Resolving ${DOI}`,
      ttl: 60_000,
      pollInterval: 100,
    });
    const { taskId } = task;
    await session.reach(taskId, "completed");
    const { result } = await session.request("tasks/result", { taskId });
    expect(result?.structuredContent).toEqual(paperOf(DOI));
    expect(result?._meta).toEqual({ [RELATED_TASK]: { taskId } });
    const list = await session.request("tasks/list");
    expect(list.result?.tasks).toMatchObject([{ taskId, status: "completed" }]);
  });

  it("blocks tasks/result until the end", async () => {
    const session = await Session.open();
    const taskId = await session.start();
    const { result } = await session.request("tasks/result", { taskId });
    expect(result?.structuredContent).toEqual(paperOf(DOI));
  });

  it("keeps a ttl within an hour, and forgets a task after it", async () => {
    const session = await Session.open();
    const long = await session.start({}, { task: { ttl: 86_400_000 } });
    expect((await session.get(long)).result?.ttl).toBe(3_600_000);
    const short = await session.start({}, { task: { ttl: 30 } });
    await until(
      () => session.get(short),
      (message) => message.error?.code === -32602,
    );
  });

  it("runs a plain call to the end, with progress on its stream", async () => {
    const session = await Session.open();
    const { id, response } = await session.open("tools/call", {
      name: "acquire_paper",
      arguments: { doi: DOI, stage_ms: 10 },
      _meta: { progressToken: "plain" },
    });
    const seen: Message[] = [];
    for await (const message of messages(response)) seen.push(message);
    expect(seen.at(-1)).toMatchObject({ id, result: { structuredContent: paperOf(DOI) } });
    expect(seen.slice(0, -1).map((message) => message.params?.progress)).toEqual([1, 2, 3, 4]);
  });

  it("ends a tool error as failed, with its result", async () => {
    const session = await Session.open();
    const taskId = await session.start({ mode: "tool_error" });
    await session.reach(taskId, "failed");
    const { result } = await session.request("tasks/result", { taskId });
    expect(result).toMatchObject({ isError: true });
  });

  it("ends a JSON-RPC error as failed, with that error", async () => {
    const session = await Session.open();
    const taskId = await session.start({ mode: "rpc_error" });
    const failed = await session.reach(taskId, "failed");
    expect(failed.statusMessage).toBe("Upstream publisher refused");
    const { error } = await session.request("tasks/result", { taskId });
    expect(error).toEqual({ code: -32603, message: "Upstream publisher refused" });
  });

  it("cancels a task once", async () => {
    const session = await Session.open();
    const taskId = await session.start({ stage_ms: 60_000 });
    const { result } = await session.request("tasks/cancel", { taskId });
    expect(result).toMatchObject({ taskId, status: "cancelled" });
    const again = await session.request("tasks/cancel", { taskId });
    expect(again.error?.code).toBe(-32602);
    expect((await session.request("tasks/result", { taskId })).error?.code).toBe(-32603);
  });

  it("knows no task it did not create", async () => {
    const session = await Session.open();
    for (const method of ["tasks/get", "tasks/result", "tasks/cancel"]) {
      const { error } = await session.request(method, { taskId: "no-such-task" });
      expect(error?.code).toBe(-32602);
    }
  });

  it("holds calls to a tool's task support", async () => {
    const session = await Session.open();
    const plain = await session.request("tools/call", {
      name: "must_task",
      arguments: { text: "hello" },
    });
    expect(plain.error?.code).toBe(-32601);
    const augmented = await session.request("tools/call", {
      name: "lookup_doi",
      arguments: { doi: DOI },
      task: {},
    });
    expect(augmented.error?.code).toBe(-32601);
    const created = await session.request("tools/call", {
      name: "must_task",
      arguments: { text: "hello" },
      task: {},
    });
    const taskId = taskIn(created.result);
    const { result } = await session.request("tasks/result", { taskId });
    expect(result?.content).toEqual([{ type: "text", text: "hello" }]);
  });

  it("answers the plain tools at once", async () => {
    const session = await Session.open();
    const lookup = await session.request("tools/call", {
      name: "lookup_doi",
      arguments: { doi: DOI },
    });
    const { title } = paperOf(DOI);
    expect(lookup.result?.structuredContent).toEqual({ doi: DOI, title });
    const echo = await session.request("tools/call", {
      name: "slow_echo",
      arguments: { text: "echo", ms: 10 },
    });
    expect(echo.result?.content).toEqual([{ type: "text", text: "echo" }]);
  });

  it("sends each change and progress on the GET stream", async () => {
    const session = await Session.open();
    const stream = await session.listen();
    const taskId = await session.start({}, { _meta: { progressToken: "token" } });
    const statuses: unknown[] = [];
    const progress: unknown[] = [];
    while (progress.length < 4) {
      const { method, params } = await next(stream);
      if (method === "notifications/progress") progress.push(params);
      else {
        expect(method).toBe("notifications/tasks/status");
        expect(params?.taskId).toBe(taskId);
        statuses.push(params?.statusMessage);
      }
    }
    expect(statuses).toEqual([
      "Downloading the PDF",
      "Parsing pages",
      "Extracting references",
      `Acquired "${paperOf(DOI).title}" (${DOI})`,
    ]);
    expect(progress).toMatchObject(
      [1, 2, 3, 4].map((each) => ({ progressToken: "token", progress: each, total: 4 })),
    );
  });

  it("gives the session to the newest GET stream", async () => {
    const session = await Session.open();
    const old = await session.listen();
    const stream = await session.listen();
    expect(await old.next()).toMatchObject({ done: true });
    const taskId = await session.start();
    expect((await next(stream)).params?.taskId).toBe(taskId);
  });

  describe("asking", () => {
    const accept = { action: "accept", content: { edition: "preprint" } };

    it("asks on tasks/result and goes on with the answer", async () => {
      const session = await Session.open();
      const taskId = await session.start({ mode: "ask" });
      // Opened before there is a question: it comes when it comes.
      const { id, response } = await session.open("tasks/result", { taskId });
      const stream = messages(response);
      const question = await next(stream);
      expect(question).toMatchObject({
        method: "elicitation/create",
        params: { mode: "form", _meta: { [RELATED_TASK]: { taskId } } },
      });
      expect((await session.get(taskId)).result?.status).toBe("input_required");
      const answered = await session.post({ id: question.id ?? "", result: accept });
      expect(answered.status).toBe(202);
      expect(await next(stream)).toMatchObject({
        id,
        result: { structuredContent: { edition: "preprint", with_supplement: false } },
      });
    });

    it("asks the same again on another stream and after eviction", async () => {
      const session = await Session.open();
      const taskId = await session.start({ mode: "ask" });
      await session.reach(taskId, "input_required");

      const first = messages((await session.open("tasks/result", { taskId })).response);
      const question = await next(first);
      const second = messages((await session.open("tasks/result", { taskId })).response);
      expect(await next(second)).toEqual(question);

      // Open streams keep an object from being evicted; they do not keep it from being lost.
      await abortAllDurableObjects();
      const third = messages((await session.open("tasks/result", { taskId })).response);
      expect(await next(third)).toEqual(question);
      await abortAllDurableObjects();

      // The object that takes the answer has never sent the question.
      await session.post({ id: question.id ?? "", result: accept });
      const { result } = await session.request("tasks/result", { taskId });
      expect(result?.structuredContent).toMatchObject({ edition: "preprint" });
      const initialized = (await wire()).filter((entry) => entry.method === "initialize");
      expect(initialized).toHaveLength(1);
    });

    it("takes a request id that is used again for a new request", async () => {
      const session = await Session.open();
      const taskId = await session.start({ mode: "ask" });
      const again = { id: "again", method: "tasks/result", params: { taskId } };
      // As from a page that was reloaded: the old stream was never closed.
      await session.post(again);
      const stream = messages(await session.post(again));
      const question = await next(stream);
      await session.post({ id: question.id ?? "", result: accept });
      expect(await next(stream)).toMatchObject({ id: "again", result: { content: [{}] } });
    });

    it("asks anew when the answer is of no use", async () => {
      const session = await Session.open();
      const taskId = await session.start({ mode: "ask" });
      const stream = messages((await session.open("tasks/result", { taskId })).response);
      const first = await next(stream);
      await session.post({ id: first.id ?? "", result: { action: "accept", content: {} } });
      const second = await next(stream);
      expect(second.method).toBe("elicitation/create");
      expect(second.id).not.toBe(first.id);
      await session.post({ id: second.id ?? "", result: accept });
      expect((await next(stream)).result?.structuredContent).toMatchObject(accept.content);
    });

    it.each(["decline", "cancel"])("takes %s for a no", async (action) => {
      const session = await Session.open();
      const taskId = await session.start({ mode: "ask" });
      const stream = messages((await session.open("tasks/result", { taskId })).response);
      const question = await next(stream);
      await session.post({ id: question.id ?? "", result: { action } });
      expect((await next(stream)).result).toMatchObject({
        isError: true,
        content: [{ text: "The reader declined" }],
      });
      expect((await session.get(taskId)).result?.status).toBe("failed");
    });

    it("asks a plain call on the stream of the call", async () => {
      const session = await Session.open();
      const { response } = await session.open("tools/call", {
        name: "acquire_paper",
        arguments: { doi: DOI, stage_ms: 10, mode: "ask_first" },
      });
      const stream = messages(response);
      const question = await next(stream);
      expect(question.method).toBe("elicitation/create");
      await session.post({ id: question.id ?? "", result: accept });
      expect((await next(stream)).result?.structuredContent).toMatchObject(accept.content);
    });

    it("does not ask a client that cannot be asked", async () => {
      const session = await Session.open({});
      const { error } = await session.request("tools/call", {
        name: "acquire_paper",
        arguments: { doi: DOI, mode: "ask" },
        task: {},
      });
      expect(error?.code).toBe(-32602);
    });
  });

  describe("sessions", () => {
    it("refuses an unknown session with 404 and none with 400", async () => {
      const session = await Session.open();
      session.id = crypto.randomUUID();
      expect((await session.open("tools/list")).response.status).toBe(404);
      session.id = "";
      expect((await session.open("tools/list")).response.status).toBe(400);
    });

    it("survive eviction without another handshake", async () => {
      const session = await Session.open();
      const taskId = await session.start({ stage_ms: 60_000 });
      await evict();
      // Two at once find the session asleep.
      const [one, two] = await Promise.all([session.get(taskId), session.get(taskId)]);
      expect(one.result?.status).toBe("working");
      expect(two.result?.status).toBe("working");
    });

    it("end with DELETE", async () => {
      const session = await Session.open();
      const deleted = await fetchLab(path, { method: "DELETE", headers: session.headers });
      expect(deleted.status).toBe(200);
      expect((await session.open("tools/list")).response.status).toBe(404);
    });

    it("can be forgotten, and the next one finds the tasks", async () => {
      const session = await Session.open();
      const taskId = await session.start({ stage_ms: 60_000 });
      await arm({ forgetSessions: true });
      expect((await session.open("tasks/get", { taskId })).response.status).toBe(404);
      const another = await Session.open();
      expect((await another.get(taskId)).result?.status).toBe("working");
    });
  });

  describe("faults", () => {
    it("hit the method they name, as often as they say", async () => {
      const session = await Session.open();
      const taskId = await session.start({ stage_ms: 60_000 });
      await arm({ next: { method: "tasks/get", count: 2, status: 503, retryAfter: "1" } });
      await evict();
      expect((await session.request("tools/list")).error).toBeUndefined();
      for (let hit = 0; hit < 2; hit += 1) {
        const { response } = await session.open("tasks/get", { taskId });
        expect(response.status).toBe(503);
        expect(response.headers.get("retry-after")).toBe("1");
      }
      expect((await session.get(taskId)).result?.status).toBe("working");
    });

    it("answer with any body", async () => {
      const session = await Session.open();
      await arm({ next: { body: "not json" } });
      const { response } = await session.open("tools/list");
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/json");
      expect(await response.text()).toBe("not json");
    });

    it("drop the reply to work that was done", async () => {
      const session = await Session.open();
      await arm({ next: { method: "tools/call", dropReply: true } });
      const { response } = await session.open("tools/call", {
        name: "acquire_paper",
        arguments: { doi: DOI },
        task: {},
      });
      await expect(response.text()).rejects.toThrow();
      const { result } = await session.request("tasks/list");
      expect(result?.tasks).toHaveLength(1);
    });

    it("forget the tasks", async () => {
      const session = await Session.open();
      const taskId = await session.start();
      await arm({ forgetTasks: true });
      expect((await session.get(taskId)).error?.code).toBe(-32602);
    });

    it("are refused when they make no sense", async () => {
      expect((await post("faults", { next: { count: 0 } })).status).toBe(400);
    });
  });

  it("keeps a log of what reached it", async () => {
    const session = await Session.open();
    const taskId = await session.start({ mode: "ask" });
    await session.reach(taskId, "input_required");
    await fetchLab("wire", { method: "DELETE" });
    expect(await wire()).toEqual([]);

    await session.get(taskId);
    await session.post({ id: `${taskId}/edition-1`, result: { action: "decline" } });
    await session.request("tools/call", {
      name: "lookup_doi",
      arguments: { doi: DOI },
      _meta: { mine: true },
    });
    const refused = await fetchLab(path, {
      headers: { ...session.headers, authorization: "Bearer secret" },
    });
    // An answer that is not read to its end keeps the object from being evicted.
    await refused.text();
    await evict();

    const entries = await wire();
    expect(entries).toMatchObject([
      { http: "POST", method: "tasks/get", taskId, sessionId: session.id, status: 200 },
      { http: "POST", response: true, id: `${taskId}/edition-1`, status: 202 },
      { http: "POST", method: "tools/call", tool: "lookup_doi", meta: { mine: true } },
      { http: "GET", status: 406 },
    ]);
    expect(JSON.stringify(entries)).not.toContain("secret");
  });

  it("works with the SDK's own client", async () => {
    const client = new Client(
      { name: "sdk", version: "1" },
      {
        capabilities: { elicitation: { form: {} } },
        jsonSchemaValidator: new CfWorkerJsonSchemaValidator(),
      },
    );
    client.setRequestHandler(ElicitRequestSchema, async () => ({
      action: "accept" as const,
      content: { edition: "published", with_supplement: true },
    }));
    const url = new URL(`https://holdfast.test/samples/${lab}/${path}`);
    const transport = new StreamableHTTPClientTransport(url, {
      fetch: (target, init) => exports.default.fetch(new Request(target, init)),
    });
    // The SDK's own types disagree here: the class has `sessionId: string | undefined`, the interface `sessionId?: string`.
    await client.connect(transport as Parameters<Client["connect"]>[0]);
    await client.listTools();
    const seen: string[] = [];
    let content: unknown;
    for await (const message of client.experimental.tasks.callToolStream({
      name: "acquire_paper",
      arguments: { doi: DOI, stage_ms: 20, mode: "ask" },
    })) {
      seen.push(message.type);
      if (message.type === "result") content = message.result.structuredContent;
    }
    expect(seen[0]).toBe("taskCreated");
    expect(seen.at(-1)).toBe("result");
    expect(content).toEqual({ ...paperOf(DOI), edition: "published", with_supplement: true });
    await client.close();
  });
});

describe("2026-07-28", () => {
  const path = "2026-07-28/mcp";
  const everything = { elicitation: {}, extensions: { [TASKS_EXTENSION]: {} } };
  let lastId = 0;

  function open(
    method: string,
    params: Json = {},
    {
      capabilities = everything,
      headers = {},
    }: { capabilities?: Json; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    lastId += 1;
    const name = params.name ?? (method.startsWith("tasks/") ? params.taskId : undefined);
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": capabilities,
    };
    return post(
      path,
      { jsonrpc: "2.0", id: lastId, method, params: { ...params, _meta } },
      {
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        ...(typeof name === "string" && { "mcp-name": name }),
        ...headers,
      },
    );
  }

  async function request(...args: Parameters<typeof open>): Promise<Message> {
    return (await open(...args)).json();
  }

  function call(args: Json = {}, rest: Json = {}): Promise<Message> {
    const filled = { doi: DOI, stage_ms: 20, ...args };
    return request("tools/call", { name: "acquire_paper", arguments: filled, ...rest });
  }

  async function start(args: Json = {}): Promise<string> {
    const { result } = await call(args);
    expect(result?.resultType).toBe("task");
    return String(result?.taskId);
  }

  const get = (taskId: string) => request("tasks/get", { taskId });

  async function reach(taskId: string, status: string): Promise<Json> {
    const { result } = await until(
      () => get(taskId),
      (message) => message.result?.status === status,
    );
    return result ?? {};
  }

  it("discovers the extension and the tools", async () => {
    const { result } = await request("server/discover");
    expect(result).toMatchObject({
      resultType: "complete",
      supportedVersions: ["2026-07-28"],
      capabilities: { extensions: { [TASKS_EXTENSION]: {} } },
    });
    const list = await request("tools/list");
    const tools = list.result?.tools as { name: string }[];
    expect(tools.map((tool) => tool.name).sort()).toEqual([
      "acquire_paper",
      "lookup_doi",
      "must_task",
      "slow_echo",
    ]);
  });

  it("acquires a paper as a task", async () => {
    const { result } = await call();
    expect(result).toMatchObject({
      resultType: "task",
      status: "working",
      statusMessage: `Resolving ${DOI}`,
      ttlMs: 600_000,
      pollIntervalMs: 100,
    });
    expect(result).not.toHaveProperty("content");
    const completed = await reach(String(result?.taskId), "completed");
    expect(completed.resultType).toBe("complete");
    expect(completed.result).toMatchObject({ structuredContent: paperOf(DOI) });
  });

  it("completes a tool error with its result", async () => {
    const completed = await reach(await start({ mode: "tool_error" }), "completed");
    expect(completed.result).toMatchObject({ isError: true });
  });

  it("fails with a JSON-RPC error", async () => {
    const failed = await reach(await start({ mode: "rpc_error" }), "failed");
    expect(failed.error).toEqual({ code: -32603, message: "Upstream publisher refused" });
    expect(failed).not.toHaveProperty("result");
  });

  it("asks, and goes on with the answer after eviction", async () => {
    const taskId = await start({ mode: "ask" });
    const asking = await reach(taskId, "input_required");
    expect(asking.inputRequests).toMatchObject({
      "edition-1": { method: "elicitation/create", params: { mode: "form" } },
    });
    await evict();
    const answer = { action: "accept", content: { edition: "published", with_supplement: true } };
    const updated = await request("tasks/update", {
      taskId,
      inputResponses: { "edition-1": answer, unheard_of: answer },
    });
    expect(updated.result?.resultType).toBe("complete");
    const completed = await reach(taskId, "completed");
    expect(completed.result).toMatchObject({ structuredContent: answer.content });
  });

  it("asks anew under another key when the answer is of no use", async () => {
    const taskId = await start({ mode: "ask" });
    await reach(taskId, "input_required");
    const useless = { "edition-1": { action: "accept", content: { edition: "none" } } };
    await request("tasks/update", { taskId, inputResponses: useless });
    const asking = await reach(taskId, "input_required");
    expect(Object.keys(asking.inputRequests as Json)).toEqual(["edition-2"]);
    await request("tasks/update", {
      taskId,
      inputResponses: { "edition-2": { action: "decline" } },
    });
    const completed = await reach(taskId, "completed");
    expect(completed.result).toMatchObject({ isError: true });
  });

  it("asks first, and creates the task on the retry", async () => {
    const first = await call({ mode: "ask_first" });
    expect(first.result).toMatchObject({
      resultType: "input_required",
      inputRequests: { "edition-1": { method: "elicitation/create" } },
    });
    const requestState = String(first.result?.requestState);
    await evict();
    const inputResponses = { "edition-1": { action: "accept", content: { edition: "preprint" } } };

    const forged = await call({ mode: "ask_first" }, { requestState: "forged", inputResponses });
    expect(forged.error?.code).toBe(-32602);
    const moved = await call({ mode: "ask_first", doi: "10.1000/other" }, { requestState, inputResponses });
    expect(moved.error?.code).toBe(-32602);
    const again = await call({ mode: "ask_first" }, { requestState });
    expect(again.result?.inputRequests).toHaveProperty("edition-2");

    const retried = await call({ mode: "ask_first" }, { requestState, inputResponses });
    expect(retried.result?.resultType).toBe("task");
    const completed = await reach(String(retried.result?.taskId), "completed");
    expect(completed.result).toMatchObject({ structuredContent: { edition: "preprint" } });
  });

  it("cancels a task, and takes a late cancellation too", async () => {
    const taskId = await start({ stage_ms: 60_000 });
    expect((await request("tasks/cancel", { taskId })).result?.resultType).toBe("complete");
    expect((await get(taskId)).result?.status).toBe("cancelled");
    expect((await request("tasks/cancel", { taskId })).error).toBeUndefined();
  });

  it("knows no task it did not create", async () => {
    for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
      const { error } = await request(method, { taskId: "no-such-task", inputResponses: {} });
      expect(error?.code).toBe(-32602);
    }
  });

  it("makes a task of must_task and none of the others", async () => {
    const must = await request("tools/call", { name: "must_task", arguments: { text: "hello" } });
    const completed = await reach(String(must.result?.taskId), "completed");
    expect(completed.result).toMatchObject({ content: [{ type: "text", text: "hello" }] });
    const lookup = await request("tools/call", { name: "lookup_doi", arguments: { doi: DOI } });
    expect(lookup.result).toMatchObject({
      resultType: "complete",
      structuredContent: { doi: DOI, title: paperOf(DOI).title },
    });
    const echo = await request("tools/call", {
      name: "slow_echo",
      arguments: { text: "echo", ms: 10 },
    });
    expect(echo.result).toMatchObject({ content: [{ text: "echo" }] });
  });

  it("turns away a request without the extension", async () => {
    const taskId = await start({ stage_ms: 60_000 });
    const requests: [string, Json][] = [
      ["tools/call", { name: "acquire_paper", arguments: { doi: DOI } }],
      ["tools/call", { name: "must_task", arguments: { text: "" } }],
      ["tasks/get", { taskId }],
      ["tasks/update", { taskId, inputResponses: {} }],
      ["tasks/cancel", { taskId }],
      ["subscriptions/listen", { notifications: { taskIds: [taskId] } }],
    ];
    for (const [method, params] of requests) {
      const response = await open(method, params, { capabilities: {} });
      expect(response.status).toBe(400);
      expect(((await response.json()) as Message).error).toMatchObject({
        code: -32021,
        data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
      });
    }
    const plain = await request(
      "tools/call",
      { name: "lookup_doi", arguments: { doi: DOI } },
      { capabilities: {} },
    );
    expect(plain.result?.resultType).toBe("complete");
  });

  it("holds headers to the body", async () => {
    const taskId = await start({ stage_ms: 60_000 });
    const wrong: Parameters<typeof open>[] = [
      ["tasks/get", { taskId }, { headers: { "mcp-name": "another" } }],
      ["tasks/get", { taskId }, { headers: { "mcp-method": "tasks/cancel" } }],
      [
        "subscriptions/listen",
        { notifications: { taskIds: [taskId] } },
        { headers: { "mcp-method": "tasks/get" } },
      ],
    ];
    for (const args of wrong) {
      const response = await open(...args);
      expect(response.status).toBe(400);
      expect(((await response.json()) as Message).error?.code).toBe(-32020);
    }
  });

  it("answers GET, DELETE and the older generation as it should", async () => {
    expect((await fetchLab(path)).status).toBe(405);
    expect((await fetchLab(path, { method: "DELETE" })).status).toBe(405);
    const old = await post(path, {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "", version: "" },
      },
    });
    expect(old.status).toBe(400);
    expect((await open("no/such/method")).status).toBe(404);
    const garbage = await fetchLab(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{",
    });
    expect(garbage.status).toBe(400);
  });

  it("pushes each change to those who subscribed", async () => {
    const taskId = await start({ mode: "ask" });
    await reach(taskId, "input_required");
    const response = await open("subscriptions/listen", {
      notifications: { taskIds: [taskId, "no-such-task"] },
    });
    const _meta = { [SUBSCRIPTION_ID]: lastId };
    const stream = messages(response);
    expect(await next(stream)).toMatchObject({
      method: "notifications/subscriptions/acknowledged",
      params: { notifications: { taskIds: [taskId] }, _meta },
    });

    const other = await start();
    const useless = { "edition-1": { action: "accept" } };
    await request("tasks/update", { taskId, inputResponses: useless });
    expect(await next(stream)).toMatchObject({
      method: "notifications/tasks",
      params: { taskId, status: "input_required", inputRequests: { "edition-2": {} }, _meta },
    });

    const answer = { action: "accept", content: { edition: "preprint" } };
    await request("tasks/update", { taskId, inputResponses: { "edition-2": answer } });
    const seen = [await next(stream), await next(stream), await next(stream)];
    expect(seen).toMatchObject([
      { params: { taskId, statusMessage: "Parsing pages", _meta } },
      { params: { taskId, statusMessage: "Extracting references", _meta } },
      {
        params: {
          taskId,
          status: "completed",
          result: { structuredContent: { edition: "preprint" } },
          _meta,
        },
      },
    ]);
    // It changed as often, and was not subscribed to.
    await reach(other, "completed");
    await stream.return(undefined);
  });

  it("keeps its tasks apart from those of the older generation", async () => {
    const taskId = await start({ stage_ms: 60_000 });
    await arm({ forgetSessions: true });
    expect((await get(taskId)).result?.status).toBe("working");
    await arm({ forgetTasks: true });
    expect((await get(taskId)).error?.code).toBe(-32602);
  });

  it("keeps a log of what reached it", async () => {
    const taskId = await start({ stage_ms: 60_000 });
    await fetchLab("wire", { method: "DELETE" });
    await get(taskId);
    const [entry, ...rest] = await wire();
    expect(rest).toEqual([]);
    expect(entry).toMatchObject({
      generation: "2026-07-28",
      http: "POST",
      method: "tasks/get",
      taskId,
      status: 200,
      headers: {
        "mcp-method": "tasks/get",
        "mcp-name": taskId,
        "mcp-protocol-version": "2026-07-28",
      },
      meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" },
    });
  });
});
