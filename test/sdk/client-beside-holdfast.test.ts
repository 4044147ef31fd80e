import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { type AppClient, type MakeAppClient, v1Client, v2Client } from "./app-client.ts";
import { everydayUse } from "./everyday-use.ts";
import { type EverythingServer, startEverythingServer } from "./everything-server.ts";
import { until } from "./until.ts";
import { ofHoldfast, Wire } from "./wire.ts";

let server: EverythingServer;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  server = await startEverythingServer();
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

afterAll(() => server.stop());

const MAJORS: readonly [string, MakeAppClient][] = [
  ["a v1 Client", v1Client],
  ["a v2 Client in a 2025-11-25 session", v2Client],
];

describe.each(MAJORS)("%s beside Holdfast", (_name, make) => {
  async function connected(): Promise<{ client: AppClient; wire: Wire }> {
    const wire = new Wire();
    const client = make(server.url, wire.fetch);
    closers.push(() => client.close());
    await client.connect();
    await until("the stream of notifications", () => wire.hasOpenStream);
    return { client, wire };
  }

  function holdfastOn(client: AppClient): TaskClient {
    const holdfast = new TaskClient({ store: memoryStore(), endpoints: { server: client.connector } });
    closers.push(() => holdfast.close());
    return holdfast;
  }

  test("behaves as one without Holdfast, while a task runs on its transport and after", async () => {
    const { client: alone } = await connected();
    const expected = [await everydayUse(alone, "meanwhile"), await everydayUse(alone, "afterwards")];

    const { client, wire } = await connected();
    const holdfast = holdfastOn(client);
    const task = await holdfast.callTool("server", "simulate-research-query", {
      topic: "python",
      ambiguous: true,
    });
    await until("the task's question", () => task.view.inputRequests.length > 0);
    const meanwhile = await everydayUse(client, "meanwhile");
    // It was still waiting for its answer, so all of it happened while the task ran.
    expect(task.view.status).toBe("input_required");
    await task.answer(task.view.inputRequests[0]?.key ?? "", {
      action: "accept",
      content: { interpretation: "snake" },
    });
    const result = await task.result();
    const afterwards = await everydayUse(client, "afterwards");

    expect(result.content[0]?.text).toContain("python (snake)");
    expect([meanwhile, afterwards]).toEqual(expected);
    expect(client.errors).toEqual(alone.errors);
    // Both went over the one transport, in the one session.
    expect(ofHoldfast(wire)).toEqual(expect.arrayContaining(["tools/call", "tasks/result"]));
    expect(wire.count("initialize")).toBe(1);
    expect(new Set(wire.sent.flatMap(({ headers }) => headers.get("mcp-session-id") ?? [])).size).toBe(1);
  });

  test("is not asked what a task asks, and Holdfast not what the Client's own call asks", async () => {
    const { client } = await connected();
    const holdfast = holdfastOn(client);
    const task = await holdfast.callTool("server", "simulate-research-query", {
      topic: "python",
      ambiguous: true,
    });
    await client.callTool("trigger-elicitation-request", {});
    const [question] = await until(
      "the task's question",
      () => task.view.inputRequests.length > 0 && task.view.inputRequests,
    );

    expect(client.asked).toEqual(["Please provide inputs for the following fields:"]);
    expect(task.view.inputRequests).toHaveLength(1);
    expect(question?.method).toBe("elicitation/create");
    expect(question?.params.message).toContain(
      'The research query "python" could have multiple interpretations',
    );

    await task.answer(question?.key ?? "", { action: "accept", content: { interpretation: "comedy" } });
    expect((await task.result()).content[0]?.text).toContain("python (comedy)");
    expect(client.asked).toHaveLength(1);
  });

  test("gets its own replies, and Holdfast its own, however many are under way", async () => {
    const { client, wire } = await connected();
    const holdfast = holdfastOn(client);
    const numbers = Array.from({ length: 25 }, (_, index) => index);
    const texts = (content: readonly unknown[]): unknown => (content[0] as { text: unknown }).text;

    const [own, ours, tasks] = await Promise.all([
      Promise.all(
        numbers.map(async (n) => texts((await client.callTool("echo", { message: `own ${n}` })).content)),
      ),
      Promise.all(
        numbers.map(async (n) => {
          const task = await holdfast.callTool("server", "echo", { message: `ours ${n}` });
          return texts((await task.result()).content);
        }),
      ),
      Promise.all(
        numbers.slice(0, 5).map(async (n) => {
          const task = await holdfast.callTool("server", "simulate-research-query", { topic: `topic ${n}` });
          return texts((await task.result()).content);
        }),
      ),
    ]);

    expect(own).toEqual(numbers.map((n) => `Echo: own ${n}`));
    expect(ours).toEqual(numbers.map((n) => `Echo: ours ${n}`));
    for (const [n, report] of tasks.entries()) expect(report).toContain(`# Research Report: topic ${n}\n`);
    expect(ofHoldfast(wire).filter((method) => method === "tools/call")).toHaveLength(30);
    expect(client.errors).toEqual([]);
  });
});
