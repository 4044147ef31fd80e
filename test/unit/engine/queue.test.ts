import { describe, expect, it } from "vitest";
import { DEFAULT_TIMING } from "../../../src/engine/schedule.ts";
import { idleState } from "../../../src/engine/state.ts";
import { pairs } from "../../../src/protocol/pairs.ts";
import { registerProtocols } from "../../../src/protocol/registry.ts";
import type { ToolFacts } from "../../../src/protocol/tool-facts.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { http, malformed, network, rpcError, timeout, unauthorized } from "../../fixtures/failures.ts";
import { queuedRecord, type RecordFields, T0 } from "../../fixtures/records.ts";
import { SESSION_2025, SESSION_2026 } from "../../fixtures/scripted-server.ts";

registerProtocols({ pairs });

const PLAIN: ToolFacts = { taskSupport: "forbidden", repeatable: false };
const OPTIONAL: ToolFacts = { taskSupport: "optional", repeatable: false };
const HARMLESS: ToolFacts = { taskSupport: "optional", repeatable: true };

function started(fields: RecordFields = {}): Walk {
  return new Walk({ ...idleState(queuedRecord(fields)), mayCall: true }).on({ type: "started" });
}

function described(walk: Walk, facts: ToolFacts | undefined, session = SESSION_2025, cached = false): Walk {
  return walk.on({ type: "described", description: { session, facts, cached } });
}

describe("a queued call", () => {
  it("is described before it is sent, and is written as calling before it leaves", () => {
    const walk = started();
    expect(walk.sent).toEqual(["describe"]);
    expect(walk.record.generation).toBeUndefined();
    const { rev } = walk.record;
    described(walk, OPTIONAL);
    expect(walk.sent).toEqual(["call"]);
    expect(walk.record).toMatchObject({ stage: "calling", generation: "2025-11-25", rev: rev + 1 });
    expect(walk.record.call).toMatchObject({ asTask: true, recovery: "list" });
  });

  it.each([
    ["a plain tool", PLAIN, {}, SESSION_2025, { asTask: false, recovery: "none" }],
    [
      "a tool that the server does not list",
      undefined,
      {},
      SESSION_2025,
      { asTask: false, recovery: "none" },
    ],
    ["a tool that is safe to repeat", HARMLESS, {}, SESSION_2025, { asTask: true, recovery: "repeat" }],
    ["the caller's choice of a plain call", OPTIONAL, { prefer: "plain" }, SESSION_2025, { asTask: false }],
    ["the caller's word above the hint", HARMLESS, { repeatable: false }, SESSION_2025, { recovery: "list" }],
    ["2026-07-28", OPTIONAL, {}, SESSION_2026, { asTask: true, recovery: "none" }],
  ] as const)("takes how it is made from its description: %s", (_what, facts, call, session, expected) => {
    expect(described(started({ call }), facts, session).record.call).toMatchObject(expected);
  });

  it.each([
    ["2026-07-28", { "Mcp-Param-Region": "eu" }],
    ["pairs", { "Mcp-Param-Region": "eu" }],
    ["2025-11-25", undefined],
  ] as const)(
    "of a tool with x-mcp-header has the headers that its protocol sends: %s",
    (generation, headers) => {
      const facts: ToolFacts = { ...OPTIONAL, headers: [{ header: "Region", path: ["region"] }] };
      const walk = started({ call: { arguments: { region: "eu" } } });
      expect(described(walk, facts, { ...SESSION_2026, generation }).record.call.headers).toEqual(headers);
    },
  );

  it.each([
    ["the network is lost", network],
    ["the handshake times out", timeout],
    ["HTTP 503", http(503)],
    ["HTTP 429", http(429)],
    ["a JSON-RPC error with HTTP 503", { ...rpcError(-32603), status: 503 }],
  ] as const)("waits with backoff while %s", (_what, failure) => {
    const walk = started();
    let wait = 0;
    for (let count = 0; count < 4; count++) {
      walk.on({ type: "requestFailed", operation: "describe", failure });
      expect(walk.record.stage).toBe("queued");
      expect(walk.sent).toEqual([]);
      expect(walk.wait).toBeGreaterThan(wait);
      wait = walk.wait;
      expect(walk.onDue().sent).toEqual(["describe"]);
    }
  });

  it("waits as long as the server asks", () => {
    const walk = started().on({ type: "requestFailed", operation: "describe", failure: http(503, 90_000) });
    expect(walk.wait).toBe(90_000);
    expect(walk.on({ type: "due", nudge: true }).sent).toEqual([]);
  });

  it("is tried at once when the network is back", () => {
    const walk = started().on({ type: "requestFailed", operation: "describe", failure: network });
    expect(walk.on({ type: "due", nudge: true }).sent).toEqual(["describe"]);
  });

  it.each([
    ["no MCP server at the address", http(404), { reason: "http", httpStatus: 404 }],
    ["something else at the address", malformed, { reason: "malformed" }],
    ["a refused handshake", rpcError(-32602), { reason: "rpc", rpc: { code: -32602 } }],
    ["a missing sign-in", unauthorized, { reason: "unauthorized" }],
  ] as const)("fails for %s, as never sent", (_what, failure, expected) => {
    const walk = started().on({
      type: "requestFailed",
      operation: "describe",
      failure,
      method: "initialize",
    });
    expect(walk.outcome).toMatchObject({ kind: "failed", error: { ...expected, unsent: "initialize" } });
  });

  it("waits for a sign-in where nobody waits for it", () => {
    const walk = new Walk(idleState(queuedRecord())).on({ type: "woken" });
    walk.on({ type: "requestFailed", operation: "describe", failure: unauthorized });
    expect(walk.outcome).toBeUndefined();
    walk.on({ type: "due", nudge: true });
    described(walk, PLAIN);
    expect(
      walk.on({ type: "requestFailed", operation: "call", failure: unauthorized }).outcome,
    ).toBeUndefined();
  });

  it("fails once its server has been out of reach for a day", () => {
    const walk = started();
    while (!walk.outcome && walk.now < T0 + 2 * DEFAULT_TIMING.unreachableMs)
      walk.on({ type: "requestFailed", operation: "describe", failure: network }).on({ type: "due" }, 60_000);
    expect(walk.now - T0).toBeGreaterThanOrEqual(DEFAULT_TIMING.unreachableMs);
    expect(walk.outcome).toMatchObject({
      kind: "failed",
      error: { reason: "unreachable", unsent: "initialize" },
    });
  });

  it("of a page that was closed for a week is tried again before it fails", () => {
    const since = T0 - 7 * DEFAULT_TIMING.unreachableMs;
    const walk = new Walk(idleState(queuedRecord({ silentSince: since }))).on({ type: "woken" });
    walk.on({ type: "requestFailed", operation: "describe", failure: network });
    described(walk.onDue(), OPTIONAL);
    expect(walk.sent).toEqual(["call"]);
    expect(walk.record.silentSince).toBeUndefined();
  });

  it("is described and sent by the process that finds it", () => {
    const before = started();
    const after = new Walk(idleState(before.record)).on({ type: "woken" });
    expect(after.sent).toEqual(["describe"]);
    expect(described(after, PLAIN).sent).toEqual(["call"]);
  });

  it("is never sent once it is cancelled", () => {
    const walk = started().on({ type: "cancelled" });
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: true });
    expect(walk.abandoned).toEqual(["describe"]);
  });
});

describe("a call that the server rejects", () => {
  const made = (cached: boolean): Walk => described(started(), OPTIONAL, SESSION_2026, cached);

  it.each([-32601, -32020, -32022])("%i, made from cached metadata: is described anew, once", (code) => {
    const walk = made(true).on({ type: "requestFailed", operation: "call", failure: rpcError(code) });
    expect(walk.record).toMatchObject({ stage: "queued", call: { stale: true } });
    expect(walk.sent).toEqual(["describe"]);
    described(walk, OPTIONAL, code === -32022 ? SESSION_2025 : SESSION_2026);
    expect(walk.sent).toEqual(["call"]);
    expect(walk.record.call.stale).toBeUndefined();
    const again = walk.on({ type: "requestFailed", operation: "call", failure: rpcError(code) });
    expect(again.outcome).toMatchObject({ kind: "failed", error: { rpc: { code } } });
  });

  it.each([-32601, -32020, -32022])("%i, made from fresh metadata: has failed", (code) => {
    const walk = made(false).on({ type: "requestFailed", operation: "call", failure: rpcError(code) });
    expect(walk.outcome).toMatchObject({ kind: "failed", error: { rpc: { code } } });
  });

  it.each([http(400), http(404)])(
    "HTTP $status: has failed if the server still speaks the same",
    (failure) => {
      const walk = made(true).on({ type: "requestFailed", operation: "call", failure });
      expect(walk.record.stage).toBe("queued");
      described(walk, OPTIONAL, SESSION_2026);
      expect(walk.outcome).toMatchObject({
        kind: "failed",
        error: { httpStatus: failure.kind === "http" ? failure.status : 0 },
      });
    },
  );

  it.each([http(400), http(404)])(
    "HTTP $status: is made again if the server now speaks another",
    (failure) => {
      const walk = made(true).on({ type: "requestFailed", operation: "call", failure });
      described(walk, OPTIONAL, SESSION_2025);
      expect(walk.sent).toEqual(["call"]);
      expect(walk.record).toMatchObject({ generation: "2025-11-25", call: { recovery: "list" } });
    },
  );

  it("and whose tools cannot be listed any more: has failed as the server said", () => {
    const walk = made(true).on({ type: "requestFailed", operation: "call", failure: rpcError(-32601) });
    walk.on({ type: "requestFailed", operation: "describe", failure: http(403) });
    expect(walk.outcome).toMatchObject({ kind: "failed", error: { rpc: { code: -32601 } } });
    expect(walk.outcome).not.toHaveProperty("error.unsent");
  });

  it("after two attempts that may have reached the server, is not reported as certainly cancelled", () => {
    const walk = described(started(), HARMLESS, SESSION_2026);
    walk.on({ type: "requestFailed", operation: "call", failure: timeout }).onDue();
    expect(walk.sent).toEqual(["call"]);
    walk.on({
      type: "requestFailed",
      operation: "call",
      failure: { kind: "network", message: "", unsent: true },
    });
    expect(walk.record.stage).toBe("queued");
    expect(walk.on({ type: "cancelled" }).outcome).toEqual({ kind: "cancelled", confirmed: false });
  });
});
