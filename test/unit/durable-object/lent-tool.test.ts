import { describe, expect, test } from "vitest";
import type { Connection, ConnectionEvents, Connector } from "../../../src/channel/connection.ts";
import { callLent, lentTool } from "../../../src/durable-object/lent-tool.ts";
import type { TaskRecord } from "../../../src/engine/record.ts";
import type { Session } from "../../../src/protocol/session.ts";
import { callingRecord, T0 } from "../../fixtures/records.ts";

const SESSION: Session = {
  generation: "2025-11-25",
  protocolVersion: "2025-11-25",
  sessionId: "agreed",
  serverCapabilities: { tools: {} },
  tools: { weather: { repeatable: true } as never },
};
const RESULT = { content: [{ type: "text", text: "Rain" }] };

/** A plain call of a tool that is safe to repeat, with its result. */
function settledCall(fields: Parameters<typeof callingRecord>[0] = {}): TaskRecord {
  return callingRecord({
    generation: "2025-11-25",
    stage: "settled",
    rev: 3,
    settledAt: T0 + 10,
    outcome: { kind: "completed", result: RESULT as never },
    ...fields,
    call: { asTask: false, recovery: "repeat", ...fields.call },
  });
}

/** A connector whose server answers each request so. */
function answering(
  reply: (frame: { method: string; params: object }, events: ConnectionEvents) => unknown,
): Connector & { readonly sessions: (Session | undefined)[]; readonly sent: object[] } {
  const sessions: (Session | undefined)[] = [];
  const sent: object[] = [];
  return {
    sessions,
    sent,
    renewable: true,
    async connect(events, remembered) {
      sessions.push(remembered);
      return {
        session: remembered,
        async request(frame: { method: string; params: object }) {
          sent.push(frame);
          const result = await reply(frame, events);
          events.closing.throwIfAborted();
          return result;
        },
      } as Connection;
    },
  };
}

const CREATED = new Date(T0).toISOString();
const CALL = { id: "papers.0.new", arguments: { city: "Bergen" }, timeoutMs: 400, maxResultLength: 1_000 };

describe("lentTool()", () => {
  test("lends how a call was made, without its arguments, its end and what else is known of tools", () => {
    const lent = lentTool(settledCall(), SESSION);
    expect(lent?.record.call).toEqual({ name: "weather", asTask: false, recovery: "repeat", rounds: 0 });
    expect(lent?.record).not.toHaveProperty("outcome");
    expect(lent?.record).not.toHaveProperty("settledAt");
    expect(lent?.session).toMatchObject({ sessionId: "agreed" });
    expect(lent?.session).not.toHaveProperty("tools");
  });

  test.each<[string, TaskRecord | undefined]>([
    ["may not be repeated", settledCall({ call: { recovery: "none" } })],
    ["is safe to repeat by its caller's word", settledCall({ call: { repeatable: true } })],
    ["became a task", settledCall({ taskId: "task-1" })],
    ["was asked about", settledCall({ call: { rounds: 1 } })],
    [
      "carries headers made of its arguments",
      settledCall({ call: { headers: { "mcp-param-city": "Oslo" } } }),
    ],
    ["has addressees", settledCall({ addressees: ["a@conversation"] })],
    ["failed", settledCall({ outcome: { kind: "failed", error: { reason: "rpc", message: "No" } } })],
    ["has not ended", callingRecord({ call: { asTask: false, recovery: "repeat" } })],
    ["is not known", undefined],
  ])("lends nothing from a call that %s", (_what, record) => {
    expect(lentTool(record, SESSION)).toBeUndefined();
  });

  test("lends nothing without a session", () => {
    expect(lentTool(settledCall(), undefined)).toBeUndefined();
  });
});

describe("callLent()", () => {
  const lent = lentTool(settledCall(), SESSION);
  if (!lent) throw new Error("It can be lent");

  test("makes the call in the lent session, and returns its settled record", async () => {
    const connector = answering(() => RESULT);
    const settled = await callLent(connector, lent, CALL);
    expect(connector.sessions).toEqual([lent.session]);
    expect(connector.sent).toEqual([
      { method: "tools/call", params: { name: "weather", arguments: { city: "Bergen" } } },
    ]);
    expect(settled?.record).toMatchObject({
      id: CALL.id,
      stage: "settled",
      call: { arguments: CALL.arguments },
    });
    expect(settled?.view).toMatchObject({
      status: "completed",
      outcome: { kind: "completed", result: RESULT },
    });
  });

  test.each<[string, Parameters<typeof answering>[0]]>([
    [
      "the request fails",
      () => {
        throw new Error("The session is gone");
      },
    ],
    ["the reply is no result", () => "Rain"],
    ["the result is longer than is taken", () => ({ content: [{ type: "text", text: "x".repeat(2_000) }] })],
    [
      "the server asks something",
      (_frame, { inbound }) => {
        inbound({ jsonrpc: "2.0", id: 7, method: "elicitation/create", params: {} });
        return RESULT;
      },
    ],
  ])("returns undefined if %s", async (_what, reply) => {
    expect(await callLent(answering(reply), lent, CALL)).toBeUndefined();
  });

  test("cancels a task that the server makes of it, and returns undefined", async () => {
    const modern = lentTool(settledCall({ generation: "2026-07-28", call: { asTask: true } }), {
      ...SESSION,
      generation: "2026-07-28",
      protocolVersion: "2026-07-28",
    });
    if (!modern) throw new Error("It can be lent");
    const connector = answering(({ method }) =>
      method === "tools/call"
        ? {
            resultType: "task",
            taskId: "task-9",
            status: "working",
            createdAt: CREATED,
            lastUpdatedAt: CREATED,
            ttlMs: null,
          }
        : { resultType: "complete" },
    );
    expect(await callLent(connector, modern, CALL)).toBeUndefined();
    expect(connector.sent).toMatchObject([
      { method: "tools/call" },
      { method: "tasks/cancel", params: { taskId: "task-9" } },
    ]);
  });

  test("passes over notifications of the server", async () => {
    const connector = answering((_frame, { inbound }) => {
      inbound({ jsonrpc: "2.0", method: "notifications/message", params: {} });
      return RESULT;
    });
    expect(await callLent(connector, lent, CALL)).toBeDefined();
  });
});
