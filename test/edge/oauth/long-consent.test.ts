import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SigningServer } from "../../proxy/signing-server.ts";
import { type ServerProcess, startWorker } from "../../servers/processes.ts";
import { BEARER, TESTER } from "../../servers/test-token.ts";
import { type PlainClient, sdkV1 } from "../gateway/plain-clients.ts";
import { Person } from "./person.ts";
import { sdkV1 as signIn } from "./signing-clients.ts";

/** How long the server takes an access token, in ms. It is renewed after half of that. */
const LIFE_MS = 3_000;
const BUSY = { timeout: 90_000 };
const REQUEST = { method: "elicitation/create", params: { mode: "url" } };

/** The tasks of the server in the other process: they end when the test says so. */
class UpstreamTasks {
  isOver = false;
  /** The tokens that each task was polled with. */
  readonly polls: Map<string, Set<string>> = new Map();

  readonly answer = (
    method: string,
    params: Readonly<Record<string, unknown>>,
    token: string,
  ): object | undefined => {
    const taskId = String(params.taskId);
    switch (method) {
      case "initialize":
        return {
          protocolVersion: "2025-11-25",
          serverInfo: { name: "guarded", version: "1" },
          capabilities: { tools: {}, tasks: { requests: { tools: { call: {} } } } },
        };
      case "tools/list": {
        const tool = {
          name: "survey",
          inputSchema: { type: "object" },
          execution: { taskSupport: "required" },
        };
        return { tools: [tool] };
      }
      case "tools/call": {
        const id = `survey-${this.polls.size + 1}`;
        this.polls.set(id, new Set());
        return { task: this.#task(id) };
      }
      case "tasks/get":
        this.polls.get(taskId)?.add(token);
        return this.#task(taskId);
      case "tasks/result":
        return { content: [{ type: "text", text: `The kelp of ${taskId}` }] };
      default:
        return undefined;
    }
  };

  /** Over how many tokens the task that saw the fewest has lived. */
  get lives(): number {
    return Math.min(...[...this.polls.values()].map(({ size }) => size));
  }

  #task(taskId: string): object {
    const at = new Date(0).toISOString();
    const status = this.isOver ? "completed" : "working";
    return { taskId, status, createdAt: at, lastUpdatedAt: at, ttl: 3_600_000, pollInterval: 500 };
  }
}

const upstream = new UpstreamTasks();
let server: SigningServer;
let worker: ServerProcess;
let plain: PlainClient;

beforeAll(async () => {
  server = await SigningServer.start();
  server.lifeMs = LIFE_MS;
  server.answers = upstream.answer;
  const endpoints = { guarded: { url: `${server.origin}/mcp`, consent: true, allowPrivate: true } };
  worker = await startWorker({
    vars: {
      OAUTH: "{}",
      TOKENS: JSON.stringify([TESTER]),
      ENDPOINTS: JSON.stringify(endpoints),
      CONSENT_SECRET: "a-secret-of-thirty-two-characters-or-more",
      GATEWAY: JSON.stringify({ joinWindowMs: 0, budgetMs: 3_000 }),
      // Each task has a group of its own, and each group asks for the person's token.
      LIMITS: JSON.stringify({ shardCeiling: 1 }),
    },
  });
}, 90_000);

afterAll(async () => {
  await plain?.close();
  await worker.kill();
  server.close();
});

/** A request of a 2026-07-28 client that knows tasks and opens addresses. */
async function ask(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "long-consent", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": {
      elicitation: { url: {} },
      extensions: { "io.modelcontextprotocol/tasks": {} },
    },
  };
  const reply = await fetch(`${worker.url}/mcp`, {
    method: "POST",
    headers: {
      ...BEARER,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      "mcp-name": String(params.name ?? params.taskId),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  });
  const { result, error } = (await reply.json()) as { result?: Record<string, unknown>; error?: object };
  if (!result) throw new Error(JSON.stringify(error));
  return result;
}

const connection = async (): Promise<string> =>
  (await fetch(`${worker.url}/v1/connections`, { headers: BEARER })).text();

describe("tasks of a server that each person consents to", { timeout: 240_000 }, () => {
  let taskIds: readonly string[];

  test("the first use is one sitting: the gateway's consent, then the server's, then the agent's first list", async () => {
    const person = new Person("token-of-tester");
    const agent = await signIn(new URL(`${worker.url}/mcp`), person);
    expect(await agent.tools()).toContain("survey");
    await agent.close();
    expect(person.pages.map((page) => /<title>([^<]*) ·/.exec(page)?.[1])).toEqual([
      "Allow Signing client?",
      "One more step",
      "guarded is connected",
    ]);
    expect(server.pages).toBe(1);
    expect(await connection()).toContain('"state":"connected"');
  });

  test("two groups outlive five expiries of the access token, and no refresh token is sent twice", async () => {
    const calls = [1, 2].map((plot) => ask("tools/call", { name: "survey", arguments: { plot } }));
    taskIds = (await Promise.all(calls)).map(({ taskId }) => String(taskId));
    expect(taskIds.map((id) => id.split(".")[1]).sort()).toEqual(["0", "1"]);
    await expect.poll(() => upstream.lives, BUSY).toBeGreaterThan(5);
    expect(server.reuses).toBe(0);
    for (const taskId of taskIds)
      expect(await ask("tasks/get", { taskId })).toMatchObject({ status: "working" });
  });

  test("a consent that ends in the middle is asked for by URL elicitation, in the running result and in the API", async () => {
    server.endGrants();
    const address = `${worker.url}/connect/guarded`;
    const [taskId = ""] = taskIds;
    const request = { ...REQUEST, params: expect.objectContaining({ mode: "url", url: address }) };
    await expect
      .poll(async () => Object.values((await ask("tasks/get", { taskId })).inputRequests ?? {}), BUSY)
      .toEqual([request]);
    expect(await connection()).toContain('"state":"ended"');
    plain = await sdkV1(new URL(`${worker.url}/mcp`), BEARER, 30_000);
    const running = await plain.call("check_task", { task: taskId });
    expect(JSON.stringify(running.content)).toContain(address);
  });

  test("the tasks go on by themselves after the person has connected the server again", async () => {
    await new Person("token-of-tester").connect(`${worker.url}/connect/guarded`);
    upstream.isOver = true;
    for (const taskId of taskIds)
      await expect.poll(() => ask("tasks/get", { taskId }), BUSY).toMatchObject({ status: "completed" });
    const answer = await plain.call("check_task", { task: taskIds[0] ?? "" });
    expect(JSON.stringify(answer.content)).toContain("The kelp of survey-");
    expect(upstream.polls.size, "no call was made twice").toBe(2);
    expect(server.reuses).toBe(0);
  });

  test("a server that is disconnected here has its tokens revoked, and is not called with them any more", async () => {
    const reply = await fetch(`${worker.url}/v1/connections/guarded`, { method: "DELETE", headers: BEARER });
    expect(await reply.json()).toEqual({ tokens: "revoked" });
    expect(server.revoked).toHaveLength(2);
    const call = await ask("tools/call", { name: "survey", arguments: { plot: 3 } });
    expect(call).toMatchObject({ resultType: "input_required" });
    expect(upstream.polls.size).toBe(2);
  });
});
