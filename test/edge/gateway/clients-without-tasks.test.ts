import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GatewayLab } from "./gateway-lab.ts";
import {
  aiSdk,
  type Connect,
  callAndCheck,
  inspector,
  type PlainClient,
  sdkV1,
  sdkV2,
} from "./plain-clients.ts";

const TIMEOUT_MS = 3_000;
const SLOW = { ms: 6_000 };

let lab: GatewayLab;

beforeAll(async () => {
  lab = await GatewayLab.start({ gateway: { budgetMs: 800 } });
}, 60_000);

afterAll(() => lab.close());

async function usingClient<T>(
  connected: Promise<PlainClient>,
  work: (client: PlainClient) => Promise<T>,
): Promise<T> {
  const client = await connected;
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

const CLIENTS: readonly (readonly [string, Connect])[] = [
  ["SDK v1", sdkV1],
  ["SDK v2 (2026-07-28)", sdkV2("auto")],
  ["SDK v2 (2025-11-25)", sdkV2("legacy")],
  ["@ai-sdk/mcp", aiSdk],
];

describe.each(CLIENTS)(`%s, with a timeout of ${TIMEOUT_MS} ms`, (_name, connect) => {
  test("times out on a call of 6 s without the gateway", async () => {
    await usingClient(connect(new URL(lab.fixture.url), {}, TIMEOUT_MS), async (client) => {
      await expect(client.call("slow_report", SLOW)).rejects.toThrow(/tim(ed )?(e)?out|abort/i);
    });
  });

  test("brings the same call to its end through it, though the server knows no tasks", async () => {
    await usingClient(connect(lab.url(), lab.headers, TIMEOUT_MS), async (client) => {
      const before = lab.fixture.calls("slow_report");
      const answer = await callAndCheck(client, "slow_report", SLOW);
      expect(answer.content).toEqual([{ type: "text", text: "Reported after 6000 ms" }]);
      expect(lab.fixture.calls("slow_report")).toBe(before + 1);
    });
  });

  test("brings a call to its end that its server makes a task of", async () => {
    await usingClient(connect(lab.url(), lab.headers, TIMEOUT_MS), async (client) => {
      const answer = await callAndCheck(client, "slow_compute", { seconds: 4, label: "kelp" });
      expect(answer.content).toEqual([{ type: "text", text: "Computed kelp" }]);
    });
  });
});

test("the Inspector's CLI, with its own 60 s, outlasts a call of 63 s through the gateway, and not without it", {
  timeout: 150_000,
}, async () => {
  const ms = 63_000;
  const direct = await inspector(new URL(lab.fixture.url), {}, 0);
  const control = expect(direct.call("slow_report", { ms })).rejects.toThrow(/timed out/i);
  const client = await inspector(lab.url(), lab.headers, 0);
  const running = await client.call("slow_report", { ms });
  const task = running.structuredContent?.task;
  expect(task).toBeDefined();
  await control;
  const answer = await callAndCheck(client, "check_task", { task: String(task) });
  expect(answer.content).toEqual([{ type: "text", text: `Reported after ${ms} ms` }]);
});
