import { env } from "cloudflare:workers";
import type { ToolResult } from "holdfast";
import { describe, expect, test } from "vitest";
import type { Bindings } from "../../../worker/bindings.ts";
import { Caller } from "../../../worker/gateway/caller.ts";
import { budgetWithin, limitsOfClient } from "../../../worker/gateway/client-limits.ts";
import { LegacyClient, taskOf } from "./legacy-client.ts";
import { ModernClient } from "./modern-client.ts";
import { upstreamCalls } from "./upstream-calls.ts";

const SECOND = 1_000;

describe("limitsOfClient()", () => {
  test.each([
    ["Anthropic/ClaudeAI", 240],
    ["claude-ai (via mcp-remote 0.1.37)", 240],
    ["claude-code", 300],
    ["goose-desktop", 300],
    ["cursor-vscode", 60],
    ["openai-mcp", 60],
    ["codex-mcp-client", 60],
  ])("answers %s a little before the %i s after which it gives up", (name, patience) => {
    const { budgetMs = 0 } = limitsOfClient(name, {});
    expect(budgetMs).toBeLessThan(patience * SECOND);
    expect(budgetMs).toBeGreaterThanOrEqual(patience * SECOND * 0.9);
  });

  test.each([undefined, "", "some-agent", "my claude-code"])("knows nothing of %s", (name) =>
    expect(limitsOfClient(name, {})).toEqual({}),
  );

  test("prefers what is configured, by the longest beginning of the name", () => {
    const configured = { "Claude-Code": { budgetMs: 1 }, "claude-code-sdk": { resultLength: 9_000 }, s: {} };
    expect(limitsOfClient("claude-code/2", configured)).toEqual({ budgetMs: 1, resultTokens: 25_000 });
    expect(limitsOfClient("claude-code-sdk", configured)).toMatchObject({ resultLength: 9_000 });
  });
});

describe("Caller.budgetMs()", () => {
  const budget = (name: string | undefined, endpointMs: number | undefined): number => {
    const url = "https://papers.example/mcp";
    const ENDPOINTS = { papers: { url, ...(endpointMs !== undefined && { budgetMs: endpointMs }) } };
    const vars = { ...(env as unknown as Bindings), ENDPOINTS, GATEWAY: { budgetMs: 40 * SECOND } };
    return Caller.of(vars, "alice", { name: "papers" }, "https://holdfast.test").servedTo(name).budgetMs();
  };

  test.each<[string | undefined, number | undefined, number]>([
    [undefined, undefined, 40 * SECOND],
    ["some-agent", undefined, 40 * SECOND],
    ["some-agent", 90 * SECOND, 90 * SECOND],
    ["claude-code", undefined, budgetWithin(300 * SECOND)],
    ["claude-code", 90 * SECOND, 90 * SECOND],
    ["cursor-vscode", 90 * SECOND, budgetWithin(60 * SECOND)],
  ])("of %s, at an endpoint with %s ms, is %i ms", (name, endpointMs, expected) => {
    expect(budget(name, endpointMs)).toBe(expected);
  });
});

test("clients of different patience, side by side, are each answered by their own budget, and each tool runs once", async () => {
  // A call of 5 s outlasts the budgets of the first two, and the default.
  const vars = {
    GATEWAY: {
      budgetMs: 1_800,
      clients: {
        a15: { budgetMs: 600 },
        b60: { budgetMs: 2_400 },
        c240: { budgetMs: 40_000 },
        d300: { budgetMs: 50_000 },
      },
    },
  };
  const principal = `p-${crypto.randomUUID()}`;
  const began = Date.now();
  const called = async (name: string) => {
    const endpoint = "sample-2025";
    const args = { doi: `10.1/${name}`, stage_ms: 1_000 };
    const client = new LegacyClient({ principal, endpoint, name, vars });
    const first = await client.call("acquire_paper", args);
    const answeredMs = Date.now() - began;
    let result: ToolResult | undefined = first;
    for (let task = taskOf(first); task !== undefined; task = taskOf(result))
      result = await client.call("check_task", { task });
    return { name, wasRunning: taskOf(first) !== undefined, answeredMs, result };
  };
  const modern = async () => {
    const client = new ModernClient(principal, "sample-2026", undefined, vars, "a15");
    const call = { name: "acquire_paper", arguments: { doi: "10.1/modern", stage_ms: 1_000 } };
    return (await client.send("tools/call", call, {})).text();
  };
  const [answers, running] = await Promise.all([
    Promise.all(["a15", "b60", "c240", "d300", "unknown"].map(called)),
    modern(),
  ]);
  expect(running).toContain('"nextCheckMs"');
  for (const { name, result } of answers)
    expect(result?.structuredContent, name).toMatchObject({ doi: `10.1/${name}` });
  const [a15, b60, c240, d300, unknown] = answers;
  expect([a15, b60, unknown].map((answer) => answer?.wasRunning)).toEqual([true, true, true]);
  expect([c240, d300].map((answer) => answer?.wasRunning)).toEqual([false, false]);
  expect(a15?.answeredMs).toBeLessThan(b60?.answeredMs ?? 0);
  expect(unknown?.answeredMs).toBeLessThan(b60?.answeredMs ?? 0);
  expect(await upstreamCalls("acquire_paper")).toBe(6);
});
