import { describe, expect, it } from "vitest";
import type { RequestId } from "../../../src/protocol/json-rpc.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { callingRecord, runningRecord, snapshotOf, stateOf } from "../../fixtures/records.ts";

/** A question of a 2025-11-25 server, in an MCP session. */
const question = (rpcId: RequestId, message: string, sessionId?: string) => ({
  key: `rpc-${rpcId}`,
  method: "elicitation/create" as const,
  params: { message },
  rpcId,
  ...(sessionId !== undefined && { sessionId }),
});
const accept = { action: "accept", content: {} };
const waiting = (): Walk =>
  new Walk(
    stateOf(runningRecord({ generation: "2025-11-25", snapshot: snapshotOf({ status: "input_required" }) }), {
      inFlight: new Set(["result"]),
      pollAt: Number.MAX_SAFE_INTEGER,
    }),
  );
const asks = (walk: Walk, ...which: Parameters<typeof question>): Walk =>
  walk.on({ type: "asked", request: question(...which) });
const states = (walk: Walk): string[] => walk.record.inputs.map(({ key, state }) => `${key} ${state}`);
const answer = (walk: Walk, key: string): Walk => walk.on({ type: "answered", key, response: accept });

describe("a question whose JSON-RPC id came before", () => {
  it("is the same question when session and content are the same", () => {
    expect(states(asks(asks(waiting(), 0, "First?", "s1"), 0, "First?", "s1"))).toEqual(["rpc-0 open"]);
  });

  it.each(["Second?", "First?"])("is asked anew in a new session after an answer: %s", (message) => {
    const walk = answer(asks(waiting(), 0, "First?", "s1"), "rpc-0");
    walk.on({ type: "delivered", keys: ["rpc-0"] });
    asks(walk, 0, message, "s2");
    expect(states(walk)).toEqual(["rpc-0 delivered", "rpc-0-2 open"]);
    expect(walk.record.inputs[1]).toMatchObject({ rpcId: 0, sessionId: "s2", params: { message } });
  });

  it("is asked anew by a server without sessions when it asks something else", () => {
    const walk = answer(asks(waiting(), 0, "First?"), "rpc-0").on({ type: "delivered", keys: ["rpc-0"] });
    expect(states(asks(walk, 0, "Second?"))).toEqual(["rpc-0 delivered", "rpc-0-2 open"]);
  });

  it("takes the place of an earlier one that is still open: its answer would go to the new one", () => {
    const walk = asks(asks(waiting(), 0, "First?"), 0, "Second?");
    expect(states(walk)).toEqual(["rpc-0 withdrawn", "rpc-0-2 open"]);
    expect(answer(walk, "rpc-0").sent).toEqual([]);
  });

  it('never shares a key: ids 1 and "1" are two questions', () => {
    expect(states(asks(asks(waiting(), 1, "One?"), "1", "Another?"))).toEqual(["rpc-1 open", "rpc-1-2 open"]);
  });
});

describe("a question whose session ended before its answer was sent", () => {
  it("is listened for again, and answered when it is asked again in the next session", () => {
    const walk = answer(asks(waiting(), 0, "Colour?", "s1"), "rpc-0");
    walk.on({
      type: "requestFailed",
      operation: "result",
      failure: { kind: "network", message: "It ended" },
    });
    walk.on({ type: "undeliverable", keys: ["rpc-0"], sessionId: "s1" });
    expect(states(walk)).toEqual(["rpc-0 withdrawn"]);
    expect(walk.sent).toEqual(["result"]);
    asks(walk, 5, "Colour?", "s2");
    expect(states(walk)).toEqual(["rpc-0 answered"]);
    expect(walk.record.inputs[0]).toMatchObject({ rpcId: 5, sessionId: "s2", response: accept });
    expect(walk.sent).toEqual(["answer"]);
  });

  it("stays delivered when another process delivered its answer", () => {
    const walk = answer(asks(waiting(), 0, "Colour?", "s1"), "rpc-0").on({
      type: "delivered",
      keys: ["rpc-0"],
    });
    walk.on({ type: "undeliverable", keys: ["rpc-0"], sessionId: "s1" });
    expect(states(walk)).toEqual(["rpc-0 delivered"]);
  });

  it("keeps its answer when the next session asked it again before the end of the old one was found", () => {
    const walk = answer(asks(waiting(), 0, "Colour?", "s1"), "rpc-0");
    asks(walk, 5, "Colour?", "s2");
    walk.on({ type: "undeliverable", keys: ["rpc-0"], sessionId: "s1" });
    expect(states(walk)).toEqual(["rpc-0 answered"]);
    expect(walk.sent).toEqual(["answer"]);
  });

  it("is not sent once more for ever, when the session that was to take the answer again is over", () => {
    const walk = answer(asks(waiting(), 0, "Colour?", "s1"), "rpc-0").on({
      type: "delivered",
      keys: ["rpc-0"],
    });
    const reading = { snapshot: snapshotOf({ status: "input_required" }) } as const;
    while (!walk.record.inputs[0]?.resend) walk.on({ type: "polled", reading });
    walk.on({ type: "undeliverable", keys: ["rpc-0"], sessionId: "s1" });
    expect(states(walk)).toEqual(["rpc-0 delivered"]);
    expect(walk.record.inputs[0]?.resend).toBe(false);
    expect(walk.sent).not.toContain("answer");
  });

  it("is not listened for while its answer is sent once more, which may have to ask for it in the next session", () => {
    const before = answer(asks(waiting(), 0, "Colour?", "s1"), "rpc-0").on({
      type: "delivered",
      keys: ["rpc-0"],
    });
    const inputs = before.record.inputs.map((input) => ({ ...input, resend: true }));
    const resumed = { inFlight: new Set<never>(), pollAt: Number.MAX_SAFE_INTEGER, listenAt: 0 };
    const walk = new Walk(stateOf({ ...before.record, inputs }, resumed)).on({ type: "due" });
    expect(walk.sent).toEqual(["answer"]);
    walk.on({ type: "undeliverable", keys: ["rpc-0"], sessionId: "s1" });
    expect(walk.sent).toEqual(["result"]);
  });

  it("says nothing of the server: the backoff of a failed poll goes on", () => {
    const walk = answer(asks(waiting(), 0, "Colour?", "s1"), "rpc-0");
    walk.on({
      type: "requestFailed",
      operation: "get",
      failure: { kind: "network", message: "Failed to fetch" },
    });
    const { backoff } = walk.state;
    walk.on({ type: "undeliverable", keys: ["rpc-0"], sessionId: "s1" });
    expect(backoff).toBeDefined();
    expect(walk.state.backoff).toEqual(backoff);
  });

  it("is asked again once by a new session's request that comes twice, of two that asked the same", () => {
    const walk = asks(asks(waiting(), 2, "Colour?", "s1"), 1, "Colour?", "s1");
    answer(walk, "rpc-2");
    answer(walk, "rpc-1");
    walk.on({ type: "undeliverable", keys: ["rpc-2", "rpc-1"], sessionId: "s1" });
    const once = states(asks(walk, 1, "Colour?", "s2"));
    expect(once).toEqual(["rpc-2 answered", "rpc-1 withdrawn"]);
    expect(states(asks(walk, 1, "Colour?", "s2"))).toEqual(once);
  });

  it("stays the same question while it is open, with the id of the new session", () => {
    const walk = asks(asks(waiting(), 0, "Colour?", "s1"), 3, "Colour?", "s2");
    expect(walk.record.inputs).toMatchObject([{ key: "rpc-0", state: "open", rpcId: 3, sessionId: "s2" }]);
  });
});

describe("a question before the reply to the call names the task", () => {
  it("stays open when the reply has come", () => {
    const walk = new Walk(stateOf(callingRecord({ generation: "2025-11-25" }))).on({ type: "started" });
    asks(walk, 3, "Colour?");
    walk.on({
      type: "called",
      reply: { kind: "task", reading: { snapshot: snapshotOf({ status: "input_required" }) } },
    });
    expect(walk.record.stage).toBe("running");
    expect(states(walk)).toEqual(["rpc-3 open"]);
  });
});

describe("a server that answers tasks/result before the task has ended", () => {
  const early = { type: "fetched", payload: { kind: "result", result: { content: [] } } } as const;

  it("does not end a task that waits for input: the next poll decides", () => {
    const walk = waiting().on(early);
    expect(walk.outcome).toBeUndefined();
    walk.onDue();
    expect(walk.sent).toEqual(["get"]);
    walk.on({ type: "polled", reading: { snapshot: snapshotOf({ status: "input_required" }) } });
    expect(asks(walk, 1, "Colour?").record.inputs).toMatchObject([{ state: "open" }]);
    expect(walk.outcome).toBeUndefined();
  });

  it("is believed when the next poll says that the task has ended", () => {
    const walk = waiting().on(early).onDue();
    walk.on({ type: "polled", reading: { snapshot: snapshotOf({ status: "completed" }) } });
    expect(walk.outcome).toEqual({ kind: "completed", result: { content: [] } });
  });
});
