import type { ToolResult } from "holdfast";
import { expect, test } from "vitest";
import { gatewayOf } from "../../../worker/config/gateway.ts";
import { LegacyClient, taskOf } from "./legacy-client.ts";
import { upstreamCalls } from "./upstream-calls.ts";

const SECOND = 1_000;
/** Of the tool, which has four: longer than the least patient client waits. */
const STAGE_MS = 5 * SECOND;
/** Names that the gateway knows, and one that is configured. */
const NAMED = {
  15: "impatient",
  60: "cursor-vscode",
  240: "Anthropic/ClaudeAI",
  300: "claude-code",
} as const;
const PATIENCES = [15, 60, 240, 300] as const;
const GATEWAY = { clients: { impatient: { budgetMs: 12 * SECOND } } };

interface Answered {
  /** Undefined: it gave up before. */
  readonly first: ToolResult | undefined;
  readonly last: ToolResult | undefined;
}

/** A client that gives up each request after so many seconds, and asks on until it has the result of its call. */
async function answered(principal: string, name: string, patienceS: number, doi: string): Promise<Answered> {
  const client = new LegacyClient({ principal, endpoint: "sample-2025", name, vars: { GATEWAY } });
  const patience = { patienceMs: patienceS * SECOND };
  const first = await client.call("acquire_paper", { doi, stage_ms: STAGE_MS }, patience);
  let last = first;
  for (let task = taskOf(last); task !== undefined; task = taskOf(last))
    last = await client.call("check_task", { task }, patience);
  return { first, last };
}

test("clients that give up after 15, 60, 240 and 300 s, known and unknown by name, each have a result or a running result before, and each tool runs once", async () => {
  const principal = `p-${crypto.randomUUID()}`;
  const clients = PATIENCES.flatMap((patience) => [
    { patience, name: NAMED[patience], doi: `10.1/known-${patience}` },
    { patience, name: `agent-${patience}`, doi: `10.1/unknown-${patience}` },
  ]);
  const answers = await Promise.all(
    clients.map(async ({ patience, name, doi }) => ({
      name,
      doi,
      ...(await answered(principal, name, patience, doi)),
    })),
  );
  for (const { name, doi, first, last } of answers) {
    expect(first, `${name} gave up its call`).toBeDefined();
    expect(last?.structuredContent, name).toMatchObject({ doi });
  }
  // The patient ones that are known wait for the result itself.
  const waited = answers.filter(({ first }) => taskOf(first) === undefined).map(({ name }) => name);
  expect(waited).toEqual(["cursor-vscode", "Anthropic/ClaudeAI", "claude-code"]);
  expect(await upstreamCalls("acquire_paper")).toBe(clients.length);
});

test("the default budget ends before 15 s where a running result follows, and before 60 s where the call would end", () => {
  expect(gatewayOf({}).budgetMs).toBeLessThanOrEqual(13.5 * SECOND);
  expect(gatewayOf({ GATEWAY: { companions: false } }).budgetMs).toBe(45 * SECOND);
  expect(gatewayOf({ GATEWAY: { budgetMs: 40 * SECOND } }).budgetMs).toBe(40 * SECOND);
});
