import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { serverOf } from "../../proxy/configuration/config-file.ts";
import { servedEndpoints } from "../../proxy/serve/served-endpoints.ts";
import { rewritten } from "../../proxy/wrap/rewritten.ts";
import { isWrapped } from "../../proxy/wrap/wrapped-entry.ts";
import { endpointOf } from "../../worker/config/endpoints.ts";
import { gatewayOf } from "../../worker/config/gateway.ts";
import { jwtOf } from "../../worker/config/jwt.ts";
import { isAllowed, oauthOf } from "../../worker/config/oauth.ts";
import { until } from "../browser/until.ts";
import { blocksOf } from "./documents.ts";
import { FRAMEWORK_RUNS } from "./framework-runs.ts";
import { GUIDE_RUNS } from "./guide-runs.ts";

/**
 * How each example of the documents that is not a complete app is run, by its place. `before` and `after` are all that is
 * added to it: what it leaves to its reader, and a way to see what came of it. The addresses in it are made those of
 * real servers.
 */
export type SnippetRun =
  | {
      readonly kind: "page";
      readonly before: string;
      readonly after: string;
      /** Starts the server at the address that the snippet names, in place of the samples. */
      serve?(): Promise<{ readonly url: string; close(): Promise<void> }>;
      /** `said` grows by what the page writes to its console. */
      see(page: Page, said: readonly string[]): Promise<void>;
    }
  | {
      /** Node, in a process that has to end by itself. */
      readonly kind: "process";
      readonly before: string;
      readonly after: string;
      see(output: string): void;
    }
  | {
      /** workerd, by `wrangler dev`: `after` has the default export, and names the Durable Object's class `Shown`. */
      readonly kind: "worker";
      readonly before: string;
      readonly after: string;
      see(url: string): Promise<void>;
    }
  | {
      /** A file of the extension that `extension-example.test.ts` builds and loads. */
      readonly kind: "extension";
      readonly file: string;
    }
  | {
      /** Settings: given to what reads them. */
      readonly kind: "settings";
      see(code: string): void;
    };

/** Those that are programs. */
export type ProgramRun = Exclude<SnippetRun, { kind: "settings" | "extension" }>;

/** The papers of the sample servers are made up, but the same every time. */
const ACQUIRED = /Acquired ".+" \(10\.1038\/s41586-020-2649-2\)/;

/** A server of exports without Tasks, in place of the network. */
const EXPORTS = `
let looks = 0;
globalThis.fetch = async (_url, init) => {
  if (init?.method !== "POST") return new Response(null, { status: 405 });
  const { id, method, params } = JSON.parse(String(init.body)) as {
    id?: number;
    method: string;
    params: { name?: string };
  };
  if (id === undefined) return new Response(null, { status: 202 });
  const job = { job_id: "7", state: looks < 2 ? "running" : "done", percent: 50 * looks, file: "papers.csv" };
  if (params.name === "get_export") looks++;
  const result =
    method === "initialize"
      ? { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "lab", version: "1" } }
      : method === "tools/list"
        ? { tools: ["start_export", "get_export", "stop_export"].map((name) => ({ name, inputSchema: { type: "object" } })) }
        : { content: [{ type: "text", text: JSON.stringify(job) }] };
  const known = ["initialize", "tools/list", "tools/call"].includes(method);
  const answer = known ? { result } : { error: { code: -32601, message: "Method not found" } };
  return Response.json({ jsonrpc: "2.0", id, ...answer });
};
`;

/** A bank that loses the reply to its first payment, and does the work of a key once. */
const BANK = `
const paid = new Map<unknown, string>();
let calls = 0;
globalThis.fetch = async (_url, init) => {
  if (init?.method !== "POST") return new Response(null, { status: 405 });
  const { id, method, params } = JSON.parse(String(init.body)) as {
    id?: number;
    method: string;
    params: { _meta?: { idempotencyKey?: string } };
  };
  if (id === undefined) return new Response(null, { status: 202 });
  const key = params._meta?.idempotencyKey;
  if (method === "tools/call") {
    if (!paid.has(key)) paid.set(key, "payment " + (paid.size + 1));
    if (++calls === 1) throw new TypeError("fetch failed");
  }
  const result =
    method === "initialize"
      ? { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "bank", version: "1" } }
      : method === "tools/list"
        ? { tools: [{ name: "make_payment", inputSchema: { type: "object" } }] }
        : { content: [{ type: "text", text: paid.get(key) }] };
  const known = ["initialize", "tools/list", "tools/call"].includes(method);
  const answer = known ? { result } : { error: { code: -32601, message: "Method not found" } };
  return Response.json({ jsonrpc: "2.0", id, ...answer });
};
`;

const MODEL = `
import { MockLanguageModelV4 } from "ai/test";
import { TaskClient } from "holdfast";
import { memoryStore } from "holdfast/memory";
import { fromUrl } from "holdfast/http";

const tasks = new TaskClient({ store: memoryStore(), endpoints: { papers: fromUrl("https://papers.example/mcp") } });
const prompt = "Get the paper";
const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};
const input = JSON.stringify({ doi: "10.1038/s41586-020-2649-2", stage_ms: 20 });
const model = new MockLanguageModelV4({
  doGenerate: async ({ prompt }) =>
    prompt.at(-1)?.role === "tool"
      ? { content: [{ type: "text", text: JSON.stringify(prompt.at(-1)) }], finishReason: { unified: "stop", raw: undefined }, usage, warnings: [] }
      : { content: [{ type: "tool-call", toolCallId: "1", toolName: "acquire_paper", input }], finishReason: { unified: "tool-calls", raw: undefined }, usage, warnings: [] },
});
`;

/** An agent's configuration: `holdfast wrap` makes the block at the other place of it. */
function wrapsTo(place: string): (code: string) => void {
  return (code) => {
    const other = blocksOf("docs/proxy.md").find((block) => block.place === place);
    expect(JSON.parse(rewritten(code, place, false, []).text)).toEqual(JSON.parse(other?.code ?? ""));
  };
}

function isWrappedEntry(code: string): void {
  const { mcpServers, servers } = JSON.parse(code) as Record<string, Record<string, Record<string, unknown>>>;
  expect(Object.values(mcpServers ?? servers ?? {}).map(isWrapped)).toEqual([true]);
}

export const RUNS: Readonly<Record<string, SnippetRun>> = {
  "README.md, The library, in one page, 2": {
    kind: "page",
    before: `
document.querySelector("main")?.append(document.createElement("button"));
`,
    after: "",
    async see(page, said) {
      await page.getByRole("button").click();
      await until("the task runs", () => said.find((line) => /^working /.test(line)));
      // The new page resumes it, and nobody clicks.
      await page.reload();
      await until("the paper is there", () => said.find((line) => ACQUIRED.test(line)));
    },
  },
  "docs/tracing.md, Tracing, 2": {
    kind: "process",
    before: `
import { trace } from "@opentelemetry/api";
import { InMemorySpanExporter, BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
`,
    after: `
const task = await tasks.callTool("papers", "acquire_paper", { doi: "10.1038/s41586-020-2649-2", stage_ms: 20 });
await task.result();
await tasks.close();
console.log(exporter.getFinishedSpans().map(({ name }) => name).join(", "));
`,
    see(output) {
      expect(output).toMatch(/start acquire_paper.*tools\/call acquire_paper.*execute_tool acquire_paper/);
    },
  },
  "docs/tracing.md, The server's side, 1": {
    kind: "process",
    before: `
import { TaskClient } from "holdfast";
import { fromUrl } from "holdfast/http";
import { memoryStore } from "holdfast/memory";
const tasks = new TaskClient({ store: memoryStore(), endpoints: { papers: fromUrl("https://papers.example/mcp") } });
`,
    after: `
await task.cancel();
await tasks.close();
`,
    see(output) {
      expect(output).toContain("0af7651916cd43dd8448eb211c80319c");
    },
  },
  "docs/edge.md, A Durable Object of your own, 1": {
    kind: "worker",
    before: "",
    after: `
export class Shown extends Papers {
  async outcome(id: string) {
    const task = await this.tasks.client.get(id);
    return { outcome: task?.view.outcome ?? null };
  }
}
export default {
  async fetch(request: Request, env: { SHOWN: DurableObjectNamespace<Shown> }): Promise<Response> {
    const papers = env.SHOWN.getByName("one");
    const id = new URL(request.url).searchParams.get("id");
    if (id === null) return new Response(await papers.acquire("10.1038/s41586-020-2649-2"));
    return new Response(JSON.stringify(await papers.outcome(id)));
  },
};
`,
    async see(url) {
      const id = await (await fetch(url)).text();
      const settled = await until("the alarm has seen the task to its end", async () => {
        const { outcome } = (await (await fetch(`${url}/?id=${id}`)).json()) as {
          outcome: { kind: string; result?: unknown } | null;
        };
        return outcome ?? undefined;
      });
      expect(settled).toMatchObject({ kind: "completed" });
      expect(JSON.stringify(settled)).toContain("10.1038/s41586-020-2649-2");
    },
  },
  "docs/edge.md, A Durable Object of your own, 2": {
    kind: "process",
    before: `
const session = { token: "token-of-a-reader" };
const doi = "10.1038/s41586-020-2649-2";
`,
    after: `
console.log(JSON.stringify(await task.result()));
await tasks.close();
`,
    see(output) {
      expect(JSON.parse(output)).toMatchObject({ structuredContent: { doi: "10.1038/s41586-020-2649-2" } });
    },
  },
  "docs/pairs.md, One tool, one task, 1": {
    kind: "process",
    before: EXPORTS,
    after: `
const result = await task.result();
console.log(JSON.stringify({ tools: (await tasks.listTools("lab")).map(({ name }) => name), result, view: task.view.taskId }));
await tasks.close();
`,
    see(output) {
      expect(JSON.parse(output)).toEqual({
        tools: ["export"],
        result: { content: [{ type: "text", text: "papers.csv" }] },
        view: "export/7",
      });
    },
  },
  "docs/pairs.md, On the worker and in the proxy, 1": {
    kind: "settings",
    see(code) {
      expect(endpointOf({ ENDPOINTS: code }, "lab")?.pairs).toHaveProperty(
        "export.start.tool",
        "start_export",
      );
    },
  },
  "docs/pairs.md, On the worker and in the proxy, 2": {
    kind: "settings",
    see(code) {
      const { mcpServers } = JSON.parse(code) as { mcpServers: Record<string, unknown> };
      const { pairs } = serverOf("lab", mcpServers.lab, {});
      expect(pairs).toHaveProperty("query.result.tool", "query_results");
    },
  },
  "docs/pairs.md, Suggestions, 1": {
    kind: "process",
    before: "",
    after: "",
    see(output) {
      expect(output.trim()).toBe("high export [ 'start.id', 'status.status' ]");
    },
  },
  "docs/agents.md, Tools for an agent loop, 1": {
    kind: "process",
    before: MODEL,
    after: `
console.log(text);
await tasks.close();
`,
    see(output) {
      expect(JSON.stringify(JSON.parse(output)).replaceAll("\\", "")).toMatch(ACQUIRED);
    },
  },
  "docs/gateway.md, Settings, 1": {
    kind: "settings",
    see(code) {
      expect(gatewayOf({ GATEWAY: code })).toEqual(gatewayOf({}));
      expect(Object.keys(JSON.parse(code) as object)).toEqual(Object.keys(gatewayOf({})));
    },
  },
  "docs/frameworks.md, React, 2": {
    kind: "page",
    before: `
import { createRoot } from "react-dom/client";
import { TaskClient } from "holdfast";
import { indexedDbStore } from "holdfast/indexeddb";
import { fromUrl } from "holdfast/http";
const tasks = new TaskClient({ store: indexedDbStore(), endpoints: { papers: fromUrl("https://papers.example/mcp") } });
`,
    after: `
createRoot(document.querySelector("main")!).render(<App />);
`,
    async see(page) {
      await page.getByRole("button", { name: "Acquire" }).click();
      await page.getByText("1 running").waitFor();
      await page.getByText("0 running").waitFor();
      await page.getByText("completed").waitFor();
    },
  },
  "docs/library.md, Connectors and stores, 1": {
    kind: "process",
    // An earlier process, which ends while its task runs.
    before: `
import { execFileSync } from "node:child_process";
const earlier = \`
import { DatabaseSync } from "node:sqlite";
import { TaskClient } from "holdfast";
import { fromUrl } from "holdfast/http";
import { sqliteStore } from "holdfast/sqlite";
const store = sqliteStore(new DatabaseSync("tasks.db"), { name: "worker-1" });
const tasks = new TaskClient({ store, endpoints: { papers: fromUrl("https://papers.example/mcp") } });
await tasks.callTool("papers", "acquire_paper", { doi: "10.1038/s41586-020-2649-2", stage_ms: 300 });
process.kill(process.pid, "SIGKILL");
\`;
try {
  execFileSync(process.execPath, ["--input-type=module", "-e", earlier], { stdio: "ignore" });
} catch {}
`,
    after: `
await tasks.close();
`,
    see(output) {
      expect(output).toMatch(/^acquire_paper /);
      expect(output).toContain("10.1038/s41586-020-2649-2");
    },
  },
  "docs/library.md, How a task ends, 1": {
    kind: "process",
    before: BANK,
    after: `
console.log(JSON.stringify({ result: await task.result(), calls, payments: paid.size }));
await tasks.close();
`,
    see(output) {
      const result = { content: [{ type: "text", text: "payment 1" }] };
      expect(JSON.parse(output)).toEqual({ result, calls: 2, payments: 1 });
    },
  },
  "docs/library.md, A client in parts, 1": {
    kind: "page",
    before: "",
    after: `
const task = await tasks.callTool("papers", "acquire_paper", { doi: "10.1038/s41586-020-2649-2" });
console.log(JSON.stringify(await task.result()).replaceAll("\\\\", ""));
`,
    async see(_page, said) {
      await until("the paper is there", () => said.find((line) => ACQUIRED.test(line)));
    },
  },
  "docs/timeouts.md, Timeouts, and what keeps a call alive, 1": {
    kind: "page",
    before: `
import { TaskClient } from "holdfast";
import { fromUrl } from "holdfast/http";
import { indexedDbStore } from "holdfast/indexeddb";
const doi = "10.1038/s41586-020-2649-2";
`,
    after: `
console.log(JSON.stringify(await task.result()));
`,
    async see(_page, said) {
      await until("the reply is there", () =>
        said.find((line) => line.includes("10.1038/s41586-020-2649-2")),
      );
    },
  },
  "docs/frameworks.md, Without a framework, 1": {
    kind: "process",
    before: `
import { TaskClient } from "holdfast";
import { fromUrl } from "holdfast/http";
import { memoryStore } from "holdfast/memory";
const tasks = new TaskClient({ store: memoryStore(), endpoints: { papers: fromUrl("https://papers.example/mcp") } });
`,
    after: `
for (const task of await tasks.list()) await task.result();
await tasks.close();
`,
    see(output) {
      expect(output).toMatch(/^0 papers, 0 ended\n(?:.*\n)*1 papers, 1 ended\n/);
      expect(output).toMatch(/^completed$/m);
    },
  },
  "docs/extension.md, An extension of your own, 1": { kind: "extension", file: "background.ts" },
  "docs/extension.md, An extension of your own, 2": { kind: "extension", file: "popup.ts" },
  "docs/extension.md, An extension of your own, 3": { kind: "extension", file: "manifest.json" },
  "docs/connect.md, Who can sign in, 2": {
    kind: "settings",
    see(code) {
      const { signIn } =
        oauthOf({ OAUTH: code, OAUTH_KV: {}, SIGN_IN_SECRET: "a-secret-of-the-issuer" }) ?? {};
      expect(signIn).toMatchObject({ clientSecret: "a-secret-of-the-issuer", principalClaim: "email" });
      expect(signIn && isAllowed(signIn, "kai@kelp.example")).toBe(true);
    },
  },
  "docs/connect.md, Who can sign in, 3": {
    kind: "settings",
    see(code) {
      const placed = code.replaceAll("<team>", "kelp");
      expect(jwtOf({ JWT: placed })).toMatchObject({
        header: "Cf-Access-Jwt-Assertion",
        allowPrivate: false,
      });
    },
  },
  "docs/connect.md, Servers that ask each person, 1": {
    kind: "settings",
    see(code) {
      expect(endpointOf({ ENDPOINTS: code }, "papers")).toMatchObject({ isPersonal: true, consent: {} });
    },
  },
  "docs/events.md, Subscribe with the AI SDK, 1": {
    kind: "process",
    before: `
import type { Experimental_MCPEventStore, Experimental_MCPEventSubscription } from "@ai-sdk/mcp";
const token = "token-of-a-reader";
const known = new Map<string, Experimental_MCPEventSubscription>();
const store: Experimental_MCPEventStore = {
  get: async (key) => known.get(key),
  getById: async (id) => [...known.values()].find((subscription) => subscription.id === id),
  set: async (subscription) => void known.set(subscription.key, subscription),
  update: async (key, patch) => void known.set(key, { ...known.get(key)!, ...patch }),
  delete: async (key) => void known.delete(key),
};
const seen = new Set<string>();
const isFirst = async (event: string) => seen.size < seen.add(event).size;
`,
    after: `
const call = { tool: "acquire_paper", arguments: { doi: "10.1038/s41586-020-2649-2", stage_ms: 20 } };
const headers = { authorization: "Bearer " + token, "content-type": "application/json" };
await fetch("https://tasks.example/v1/endpoints/papers/calls", { method: "POST", headers, body: JSON.stringify(call) });
while (seen.size === 0) await new Promise((resolve) => setTimeout(resolve, 20));
process.exit();
`,
    see(output) {
      expect(output).toMatch(/^Call refresh\(\{ id: "sub_[0-9a-f]{32}" \}\) before \d{4}-/);
      expect(output).toMatch(/^task.completed: acquire_paper papers\.0\.[0-9a-f-]{36}$/m);
    },
  },
  "docs/embedding.md, Deliver the end, 1": {
    kind: "page",
    before: `
import { TaskClient } from "holdfast";
import { indexedDbStore } from "holdfast/indexeddb";
import { fromUrl } from "holdfast/http";
const tasks = new TaskClient({ store: indexedDbStore(), endpoints: { papers: fromUrl("https://papers.example/mcp") } });
const doi = "10.1038/s41586-020-2649-2";
document.querySelector("main")!.append(document.createElement("ul"));
`,
    after: `
console.log(task.id);
`,
    async see(page, said) {
      await until("the task is stored", () => said.find((line) => /^[0-9a-f-]{36}$/.test(line)));
      await page.getByText("acquire_paper completed").waitFor();
      expect(await page.getByText("acquire_paper completed").count()).toBe(1);
    },
  },
  "docs/deliveries.md, An inbox, 1": {
    kind: "process",
    before: "",
    after: `
const left = (): Promise<number> => inbox.undelivered({ addressee: "desk" }).then(({ length }) => length);
for (const task of await client.list()) await task.result();
while ((await left()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
await client.close();
`,
    see(output) {
      expect(output.trim()).toBe("acquire_paper completed");
    },
  },
  "docs/deliveries.md, A conversation with a model, 1": {
    kind: "process",
    before: `${MODEL.slice(0, MODEL.indexOf("const model ="))}
let stored: ModelMessage[] = [];
const load = async () => stored;
const save = async (messages: ModelMessage[]) => {
  stored = messages;
};
const model = new MockLanguageModelV4({
  doGenerate: async ({ prompt }) =>
    prompt.length > 1
      ? { content: [{ type: "text", text: JSON.stringify(prompt.at(-1)) }], finishReason: { unified: "stop", raw: undefined }, usage, warnings: [] }
      : { content: [{ type: "tool-call", toolCallId: "1", toolName: "acquire_paper", input }], finishReason: { unified: "tool-calls", raw: undefined }, usage, warnings: [] },
});
`,
    after: `
await turn({ role: "user", content: prompt });
const said = (): string => JSON.stringify(stored.at(-1)?.content);
while (!said().includes("has ended")) await new Promise((resolve) => setTimeout(resolve, 20));
console.log(said());
stop();
await tasks.close();
`,
    see(output) {
      expect(output.replaceAll("\\", "")).toMatch(ACQUIRED);
    },
  },
  "docs/deliveries.md, Questions in a conversation, 1": {
    kind: "process",
    before: `
import { agentTools } from "holdfast/agent";
import { Conversation } from "holdfast/agent/conversation";
import { TaskClient } from "holdfast";
import type { InputRequest } from "holdfast";
import { fromUrl } from "holdfast/http";
import { memoryStore } from "holdfast/memory";

const tasks = new TaskClient({ store: memoryStore(), endpoints: { papers: fromUrl("https://papers.example/mcp") } });
const conversation = new Conversation(tasks, { id: "chat-7" });
const tools = await agentTools(tasks, { conversation, callBudgetMs: 0 });
const form = async (tool: string, { params }: InputRequest) => {
  console.log(tool, params.message);
  return { action: "accept", content: { edition: "published" } };
};
`,
    after: `
const acquire = tools.find(({ name }) => name === "acquire_paper");
await acquire?.execute({ doi: "10.1038/s41586-020-2649-2", stage_ms: 20, mode: "ask" });
const next = async (): Promise<News> => {
  for (;;) {
    const news = await conversation.news();
    if (news.size > 0) return news;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
await answerByForm(await next());
console.log((await next()).ended.map(({ task }) => task.status));
await tasks.close();
`,
    see(output) {
      expect(output).toMatch(/acquire_paper .+\n\[ 'completed' \]/);
    },
  },
  "docs/deliveries.md, A device: Web Push, 1": {
    kind: "process",
    before: `
const session = { token: "token-of-a-reader" };
const document = { querySelector: (_selector: string): Element | null => null };
Object.assign(globalThis, { location: new URL("https://app.example/") });
const subscription = {
  toJSON: () => ({
    endpoint: "https://push.example/browser",
    keys: {
      p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
      auth: "BTBZMqHH6r4Tts7J_aSIgg",
    },
  }),
};
const pushManager = {
  getSubscription: async () => null,
  subscribe: async (options: PushSubscriptionOptionsInit) => {
    console.log(String(options.applicationServerKey).length);
    return subscription;
  },
} as unknown as PushManager;
const registered = { pushManager };
const navigator = {
  serviceWorker: { register: async (_script: string) => registered, ready: Promise.resolve(registered) },
};
`,
    after: `
console.log(JSON.stringify(await notifyMe()));
`,
    see(output) {
      const [keyLength, listing = ""] = output.trim().split("\n");
      expect(keyLength).toBe("87");
      expect(JSON.parse(listing)).toMatchObject({ service: "push.example", details: false });
    },
  },
  "docs/deliveries.md, A device: Web Push, 2": {
    kind: "process",
    before: `
const self = new EventTarget();
const shown: unknown[] = [];
const registration = { showNotification: async (title: string, options: { data: unknown }) => shown.push([title, options.data]) };
const clients = { matchAll: async () => [], openWindow: async (url: string) => shown.push(url) };
Object.assign(globalThis, { registration, clients });
`,
    after: `
const work: Promise<unknown>[] = [];
const waitUntil = (promise: Promise<unknown>) => work.push(promise);
const data = { task: "papers.0.1", endpoint: "papers", kind: "completed" };
const notification = { title: "acquire_paper has completed", navigate: "https://app.example/tasks/papers.0.1", data };
const push = { data: { json: () => ({ web_push: 8030, notification }) }, waitUntil };
self.dispatchEvent(Object.assign(new Event("push"), push));
const click = { notification: { data: { ...data, navigate: notification.navigate }, close: () => undefined }, waitUntil };
self.dispatchEvent(Object.assign(new Event("notificationclick"), click));
await Promise.all(work);
console.log(JSON.stringify(shown));
`,
    see(output) {
      const navigate = "https://app.example/tasks/papers.0.1";
      const data = { task: "papers.0.1", endpoint: "papers", kind: "completed", navigate };
      expect(JSON.parse(output)).toEqual([["acquire_paper has completed", data], navigate]);
    },
  },
  "docs/deliveries.md, A chat in a page, 1": {
    kind: "page",
    before: `
import { createRoot } from "react-dom/client";
import { TaskClient } from "holdfast";
import { indexedDbStore } from "holdfast/indexeddb";
import { fromUrl } from "holdfast/http";
const tasks = new TaskClient({ store: indexedDbStore(), endpoints: { papers: fromUrl("https://papers.example/mcp") } });
const load = (): UIMessage[] => JSON.parse(localStorage.getItem("chat-7") ?? "[]");
const save = (messages: UIMessage[]): void => localStorage.setItem("chat-7", JSON.stringify(messages));
// The route: the model calls the tool, then repeats what it is sent.
const network = fetch;
globalThis.fetch = async (input, init) => {
  if (input !== "/api/chat") return network(input, init);
  const { messages } = JSON.parse(String(init?.body)) as { messages: UIMessage[] };
  const called = JSON.stringify(messages).includes("tool-acquire_paper");
  const chunks = called
    ? [{ type: "text-start", id: "1" }, { type: "text-delta", id: "1", delta: "I have it" }, { type: "text-end", id: "1" }]
    : [{ type: "tool-input-available", toolCallId: "1", toolName: "acquire_paper", input: { doi: "10.1038/s41586-020-2649-2" } }];
  const all = [{ type: "start" }, { type: "start-step" }, ...chunks, { type: "finish-step" }, { type: "finish" }];
  const text = all.map((chunk) => \`data: \${JSON.stringify(chunk)}\\n\\n\`).join("");
  return new Response(\`\${text}data: [DONE]\\n\\n\`, { headers: { "content-type": "text/event-stream" } });
};
`,
    after: `
createRoot(document.querySelector("main")!).render(<ChatPage />);
tasks.subscribe(({ view }) => console.log(view.status));
await tasks.resume();
if (load().length === 0) void chat.sendMessage({ text: "Get the paper" });
`,
    async see(page, said) {
      await page.waitForFunction(() => localStorage.getItem("chat-7")?.includes("acquire_paper"));
      await until("the task runs", () => said.find((line) => line === "working"));
      await page.reload();
      await page.locator("article", { hasText: "I have it" }).waitFor();
      await page.locator("article", { hasText: "Acquired" }).waitFor();
    },
  },
  "docs/deliveries.md, A chat in a page, 2": {
    kind: "process",
    before: `${MODEL.slice(0, MODEL.indexOf("const model ="))}
const model = new MockLanguageModelV4({
  doStream: async () => ({
    stream: new ReadableStream({
      start(controller) {
        controller.enqueue({ type: "tool-call", toolCallId: "1", toolName: "acquire_paper", input });
        controller.enqueue({ type: "finish", finishReason: { unified: "tool-calls", raw: undefined }, usage });
        controller.close();
      },
    }),
  }),
});
`,
    after: `
const messages = [{ id: "u1", role: "user", parts: [{ type: "text", text: prompt }] }];
const definitions = [{ name: "acquire_paper", description: "Acquires a paper", inputSchema: { type: "object" } }];
const body = JSON.stringify({ messages, tools: definitions });
const reply = await POST(new Request("https://chat.example/api/chat", { method: "POST", body }));
console.log(await reply.text());
await tasks.close();
`,
    see(output) {
      expect(output).toContain('"type":"tool-input-available","toolCallId":"1","toolName":"acquire_paper"');
    },
  },
  ...FRAMEWORK_RUNS,
  ...GUIDE_RUNS,
  "docs/proxy.md, Claude Desktop and Cowork, 1": {
    kind: "settings",
    see: wrapsTo("docs/proxy.md, Claude Desktop and Cowork, 2"),
  },
  "docs/proxy.md, Claude Desktop and Cowork, 2": { kind: "settings", see: isWrappedEntry },
  "docs/proxy.md, Cursor, 1": { kind: "settings", see: wrapsTo("docs/proxy.md, Cursor, 2") },
  "docs/proxy.md, Cursor, 2": { kind: "settings", see: isWrappedEntry },
  "docs/proxy.md, VS Code, 1": { kind: "settings", see: wrapsTo("docs/proxy.md, VS Code, 2") },
  "docs/proxy.md, VS Code, 2": { kind: "settings", see: isWrappedEntry },
  "docs/proxy.md, Goose, 1": { kind: "settings", see: (code) => expect(code).toContain("cmd: npx") },
  "docs/proxy.md, Goose, 2": {
    kind: "settings",
    see: (code) => expect(code).toContain('"-y", "holdfast", "--"'),
  },
  "docs/proxy.md, LM Studio, 1": { kind: "settings", see: wrapsTo("docs/proxy.md, LM Studio, 2") },
  "docs/proxy.md, LM Studio, 2": { kind: "settings", see: isWrappedEntry },
  "docs/serve.md, Endpoints, 1": {
    kind: "settings",
    see(code) {
      const folder = mkdtempSync(join(tmpdir(), "holdfast-snippet-"));
      const file = join(folder, "endpoints.json");
      writeFileSync(file, code);
      const served = servedEndpoints(file, [], [], { PAPERS_TOKEN: "a-token-of-papers" });
      rmSync(folder, { recursive: true });
      expect(served.variables).toEqual(["PAPERS_TOKEN"]);
      expect(served.local).toMatchObject([{ name: "files", command: "npx" }]);
      const env = {
        ENDPOINTS: JSON.stringify(served.endpoints),
        PAPERS_TOKEN: "a-token-of-papers",
        LOCAL_SERVERS: { fetch: () => undefined },
      };
      expect(endpointOf(env, "papers")?.headers).toEqual({ authorization: "Bearer a-token-of-papers" });
      expect(endpointOf(env, "files")).toMatchObject({ title: "Files", service: "LOCAL_SERVERS" });
    },
  },
};

type Kind = SnippetRun["kind"];

/** Those that are run in one way, by their places. */
export function ofKind<K extends Kind>(
  kind: K,
): readonly (readonly [string, Extract<SnippetRun, { kind: K }>])[] {
  return Object.entries(RUNS).filter(
    (entry): entry is [string, Extract<SnippetRun, { kind: K }>] => entry[1].kind === kind,
  );
}
