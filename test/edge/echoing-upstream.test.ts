import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ServerProcess, startWorker } from "../servers/processes.ts";
import { BEARER, TESTER } from "../servers/test-token.ts";

const SECRET = "upstream-secret-4f3b9a7c";
const LONG = "x".repeat(100_000);

let upstream: Server;
let worker: ServerProcess;
/** The upstream shows what it was sent: on an error page, or in an MCP server's own words. */
let pages = false;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}

async function echo(request: IncomingMessage, reply: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  const seen = JSON.stringify(request.headers);
  if (pages) {
    reply.writeHead(500, { "content-type": "text/html" }).end(`<h1>Oops</h1><pre>${seen}</pre>${LONG}`);
    return;
  }
  const { id, method } = JSON.parse(body || "{}") as { id?: unknown; method?: string };
  if (id === undefined) {
    reply.writeHead(202).end();
    return;
  }
  const results: Record<string, object> = {
    initialize: {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: seen, version: "1" },
    },
    "tools/list": { tools: [{ name: "echo", description: seen, inputSchema: { type: "object" } }] },
    "tools/call": { content: [{ type: "text", text: seen }] },
  };
  const result = results[method ?? ""];
  const answer = result ? { result } : { error: { code: -32601, message: seen } };
  reply.setHeader("content-type", "application/json");
  reply.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
}

beforeAll(async () => {
  upstream = createServer((request, reply) => void echo(request, reply));
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const address = upstream.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const endpoint = {
    url: `http://127.0.0.1:${port}/mcp`,
    allowPrivate: true,
    era: "2025-11-25",
    headers: { authorization: "Bearer $" + "{UPSTREAM_SECRET}" },
  };
  worker = await startWorker({
    vars: {
      TOKENS: JSON.stringify([TESTER]),
      ENDPOINTS: JSON.stringify({ echoing: endpoint, failing: endpoint }),
      UPSTREAM_SECRET: SECRET,
    },
  });
});

afterAll(async () => {
  await worker.kill();
  upstream.closeAllConnections();
  upstream.close();
});

async function ask(path: string, body?: object): Promise<string> {
  const reply = await fetch(`${worker.url}${path}`, {
    method: body ? "POST" : "GET",
    headers: { ...BEARER, "content-type": "application/json", accept: "application/json, text/event-stream" },
    ...(body && { body: JSON.stringify(body) }),
  });
  return reply.text();
}

const callOf = (endpoint: string): Promise<string> =>
  ask(`/v1/endpoints/${endpoint}/calls`, { tool: "echo", arguments: {} });
const rpc = (endpoint: string, method: string): Promise<string> =>
  ask(`/mcp/${endpoint}`, { jsonrpc: "2.0", id: 1, method, params: { name: "echo", arguments: {} } });

test("an endpoint's secret that its server repeats reaches nobody: not in results, lists, errors or stored tasks", async () => {
  const replies = [
    await ask("/v1/endpoints/echoing/tools"),
    await callOf("echoing"),
    await rpc("echoing", "tools/list"),
    await rpc("echoing", "tools/call"),
    await rpc("echoing", "prompts/list"),
  ];
  expect(replies[1]).toContain("[redacted]");
  pages = true;
  const errors = [
    await ask("/v1/endpoints/failing/tools"),
    await callOf("failing"),
    await rpc("failing", "tools/list"),
    await rpc("failing", "tools/call"),
  ];
  replies.push(...errors, await ask("/v1/tasks"));
  for (const reply of replies) expect(reply).not.toContain(SECRET);
  // The call waits for its server: a running result quotes the failure in its text and in its fields.
  for (const error of errors) expect(error.length, error.slice(0, 300)).toBeLessThan(4_000);
});
