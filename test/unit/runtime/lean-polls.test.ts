import { afterEach, expect, it, vi } from "vitest";
import { fromTransport, type Transport } from "../../../src/channel/transport-connector.ts";
import { TaskClient } from "../../../src/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import { T0 } from "../../fixtures/records.ts";
import { testHost } from "../../fixtures/test-host.ts";

afterEach(() => vi.unstubAllGlobals());

const RESULTS: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {}, tasks: { requests: { tools: { call: {} } } } },
    serverInfo: { name: "lean", version: "1.0.0" },
  },
  "tools/list": {
    tools: [{ name: "report", inputSchema: { type: "object" }, execution: { taskSupport: "required" } }],
  },
  "tools/call": wire2025.createTaskResult,
  "tasks/get": wire2025.working,
};

/** A transport like WebSocket or a pipe: it replies at once, and reads no options. */
function wired(): { transport: Transport; polls: () => number } {
  let polls = 0;
  const transport: Transport = {
    start: async () => undefined,
    close: async () => undefined,
    async send({ id, method }: { readonly id?: number; readonly method: string }) {
      if (method === "tasks/get") polls++;
      const result = RESULTS[method];
      const answer = result ? { result } : { error: { code: -32_601, message: "Method not found" } };
      if (id !== undefined)
        queueMicrotask(() => transport.onmessage?.({ jsonrpc: "2.0", id, ...answer } as never));
    },
  };
  return { transport, polls: () => polls };
}

it("a poll over a transport without streams makes no AbortController", async () => {
  const clock = new FakeClock(T0);
  const { transport, polls } = wired();
  const client = new TaskClient({
    store: memoryStore(),
    endpoints: { lab: fromTransport(() => transport, { clock, era: "2025-11-25" }) },
    host: testHost({ clock }),
  });
  const task = await client.callTool("lab", "report");
  await settled();
  let made = 0;
  const Real = AbortController;
  vi.stubGlobal(
    "AbortController",
    class extends Real {
      constructor() {
        super();
        made++;
      }
    },
  );
  const before = { polls: polls(), waits: clock.waits.length };
  for (let poll = 0; poll < 3; poll++) await clock.advance(5_000);
  expect(polls() - before.polls).toBe(3);
  expect(made).toBe(0);
  // One of the request, and one of the next poll.
  expect(clock.waits.length - before.waits).toBeLessThanOrEqual(6);
  expect(task.view.status).toBe("working");
  await client.close();
});
