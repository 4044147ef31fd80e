import { createMCPClient } from "@ai-sdk/mcp";
import { Experimental_StdioMCPTransport } from "@ai-sdk/mcp/mcp-stdio";
import { Client as ClientV2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, describe, expect, test } from "vitest";
import { connected, DataFolder, EVERYTHING, environment, holdfast } from "./proxied-client.ts";
import { RawAgent } from "./raw-agent.ts";

const folder = new DataFolder();
afterAll(() => folder.remove());

const [program = "", ...args] = holdfast("--budget", "1.5", "--", ...EVERYTHING);
const server = { command: program, args, env: environment(folder) };

interface Answer {
  readonly content: readonly { readonly text?: string }[];
  readonly structuredContent?: { readonly task?: string; readonly status?: string };
}
type Call = (name: string, args: Record<string, unknown>) => Promise<Answer>;

/** What a model does that is given running results. */
async function result(call: Call, name: string, args: Record<string, unknown>): Promise<string> {
  let answer = await call(name, args);
  while (answer.structuredContent?.task)
    answer = await call("check_task", { task: answer.structuredContent.task });
  return answer.content[0]?.text ?? "";
}

async function comesToItsEnd(call: Call): Promise<void> {
  const running = await call("trigger-long-running-operation", { duration: 4, steps: 2 });
  expect(running.structuredContent?.status).toBe("working");
  const [long, research] = await Promise.all([
    result(call, "check_task", { task: running.structuredContent?.task }),
    result(call, "simulate-research-query", { topic: "kelp" }),
  ]);
  expect(long).toContain("Long running operation completed. Duration: 4 seconds");
  expect(research).toContain("Research Report: kelp");
}

describe("A client without tasks receives the result of a long call and of a task", () => {
  test.each(["auto", "legacy"] as const)("SDK v2, version negotiation %s", async (mode) => {
    const client = new ClientV2({ name: "v2", version: "1.0.0" }, { versionNegotiation: { mode } });
    await client.connect(new StdioV2({ ...server, stderr: "ignore" }));
    expect(client.getProtocolEra()).toBe(mode === "auto" ? "modern" : "legacy");
    await comesToItsEnd(async (name, args) => (await client.callTool({ name, arguments: args })) as Answer);
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("check_task");
    await client.close();
  });

  test("@ai-sdk/mcp over stdio", async () => {
    const client = await createMCPClient({
      transport: new Experimental_StdioMCPTransport({ ...server, stderr: "ignore" }),
    });
    await comesToItsEnd(async (name, args) => (await client.callTool({ name, arguments: args })) as Answer);
    await client.close();
  });
});

describe("An agent that declares Tasks receives tasks", () => {
  test("SDK v1 (2025-11-25): created, followed and delivered by its own methods", async () => {
    const { client } = await connected(holdfast("--", ...EVERYTHING), folder);
    await client.listTools();
    const seen: string[] = [];
    const stream = client.experimental.tasks.callToolStream(
      { name: "simulate-research-query", arguments: { topic: "kelp" } },
      CallToolResultSchema,
      { task: { ttl: 60_000 } },
    );
    for await (const message of stream) {
      seen.push(message.type);
      if (message.type === "result")
        expect(JSON.stringify(message.result)).toContain("Research Report: kelp");
      if (message.type === "error") throw message.error;
    }
    expect(seen[0]).toBe("taskCreated");
    expect(seen.at(-1)).toBe("result");
    const { tasks } = await client.experimental.tasks.listTasks();
    // The latest first; those of the tests before are there too.
    expect(tasks[0]).toMatchObject({ status: "completed" });
    await client.close();
  });

  test("2026-07-28: a task with its result inline, no companions, and a stream of its changes", async () => {
    const agent = await RawAgent.start(holdfast("--", ...EVERYTHING), folder, {
      elicitation: { form: {} },
      extensions: { "io.modelcontextprotocol/tasks": {} },
    });
    const discovered = await agent.request("server/discover");
    expect(discovered).toMatchObject({
      resultType: "complete",
      supportedVersions: ["2026-07-28", "2025-11-25"],
      capabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } },
    });
    const { tools } = (await agent.request("tools/list")) as {
      tools: { name: string; outputSchema?: object }[];
    };
    expect(tools.map(({ name }) => name)).not.toContain("check_task");
    expect(tools.find(({ name }) => name === "get-structured-content")?.outputSchema).not.toHaveProperty(
      "anyOf",
    );
    const created = (await agent.request("tools/call", {
      name: "simulate-research-query",
      arguments: { topic: "python", ambiguous: true },
    })) as { resultType: string; taskId: string };
    expect(created.resultType).toBe("task");
    const { taskId } = created;
    agent.send("subscriptions/listen", { notifications: { taskIds: [taskId], toolsListChanged: true } });
    const asking = await agent.received(
      (method, params) => method === "notifications/tasks" && params.status === "input_required",
    );
    const [[key]] = Object.entries(asking.inputRequests as object) as [[string, unknown]];
    const response = { action: "accept", content: { interpretation: "snake" } };
    await agent.request("tasks/update", { taskId, inputResponses: { [key]: response } });
    await agent.received(
      (method, params) => method === "notifications/tasks" && params.status === "completed",
    );
    const ended = await agent.request("tasks/get", { taskId });
    expect(JSON.stringify(ended)).toContain("python (snake)");
    agent.close();
  });

  test("2026-07-28 without Tasks: a question comes as the call's result, and the answer with the call made again", async () => {
    const agent = await RawAgent.start(holdfast("--", ...EVERYTHING), folder, { elicitation: { form: {} } });
    const call = { name: "trigger-elicitation-request", arguments: {} };
    const asking = (await agent.request("tools/call", call)) as Record<string, unknown>;
    expect(asking.resultType).toBe("input_required");
    const [[key]] = Object.entries(asking.inputRequests as object) as [[string, unknown]];
    const inputResponses = { [key]: { action: "accept", content: { name: "Ada" } } };
    const answered = await agent.request("tools/call", {
      ...call,
      requestState: asking.requestState,
      inputResponses,
    });
    expect(JSON.stringify(answered)).toContain("Ada");
    await expect(agent.request("tools/call", { ...call, requestState: "holdfast:other" })).rejects.toThrow(
      /requestState/,
    );
    await expect(agent.request("tasks/get", { taskId: "x" })).rejects.toThrow(/capability/i);
    agent.close();
  });
});
