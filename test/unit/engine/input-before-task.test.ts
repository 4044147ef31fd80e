import { describe, expect, it } from "vitest";
import type { Recovery } from "../../../src/engine/record.ts";
import type { CallReply } from "../../../src/protocol/task-reading.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { http, network } from "../../fixtures/failures.ts";
import { askingRecord, callingRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";
import { SESSION_2026 } from "../../fixtures/scripted-server.ts";

/** 2026-07-28 multi round-trip requests: the server asks before it decides on a call. */
const question = (key: string) => ({ key, method: "elicitation/create", params: { message: key } }) as const;
const asks = (...keys: string[]): CallReply => ({
  kind: "input",
  requests: keys.map(question),
  requestState: `state-${keys.join()}`,
});
const accept = { action: "accept", content: {} };

function sent(recovery: Recovery = "none"): Walk {
  return new Walk(stateOf(callingRecord({ call: { recovery } }))).on({ type: "started" });
}

describe("a call whose server asks first", () => {
  it("waits for the app: nothing is sent, and no time moves it", () => {
    const walk = sent().on({ type: "called", reply: asks("name", "age") }, 400);
    expect(walk.record).toMatchObject({
      stage: "asking",
      call: { rounds: 1, requestState: "state-name,age" },
      inputs: [
        { ...question("name"), state: "open", askedAt: T0 + 400 },
        { ...question("age"), state: "open", askedAt: T0 + 400 },
      ],
    });
    expect(walk.sent).toEqual([]);
    expect(walk.due).toBe(Number.POSITIVE_INFINITY);
    expect(walk.on({ type: "due", nudge: true }, 86_400_000).sent).toEqual([]);
  });

  it.each(["none", "list", "repeat"] as const)(
    "is made again when all questions are answered, and not before (%s)",
    (recovery) => {
      const walk = sent(recovery).on({ type: "called", reply: asks("name", "age") });
      expect(walk.on({ type: "answered", key: "name", response: accept }).sent).toEqual([]);
      expect(walk.record.stage).toBe("asking");
      walk.on({ type: "answered", key: "age", response: accept });
      expect(walk.outcome).toBeUndefined();
      expect(walk.sent).toEqual(["call"]);
      expect(walk.record).toMatchObject({
        stage: "calling",
        call: { rounds: 1, requestState: "state-name,age" },
        inputs: [
          { key: "name", state: "answered", response: accept },
          { key: "age", state: "answered", response: accept },
        ],
      });
    },
  );

  it.each(["none", "list", "repeat"] as const)("is made again after a reload, too (%s)", (recovery) => {
    const walk = new Walk(stateOf(askingRecord({ call: { recovery } }))).on({ type: "woken" });
    expect(walk.sent).toEqual([]);
    walk.on({ type: "answered", key: "name", response: accept });
    // It connects first: should it die meanwhile, the record says that nothing was sent.
    expect(walk.sent).toEqual(["describe"]);
    expect(walk.record).toMatchObject({ stage: "calling", call: { refused: true } });
    const next = new Walk(stateOf(walk.record)).on({ type: "woken" });
    expect(next.sent).toEqual(["describe"]);
    next.on({ type: "described", description: { session: SESSION_2026, facts: undefined, cached: true } });
    expect(next.sent).toEqual(["call"]);
    expect(next.record.call).not.toHaveProperty("refused");
    expect(next.record).toMatchObject({ inputs: [{ key: "name", state: "answered", response: accept }] });
  });

  it.each([
    ["the server cannot be reached", network],
    ["its tools cannot be listed", http(503)],
  ])("goes on after a reload when %s at first", (_what, failure) => {
    const walk = new Walk(stateOf(askingRecord({ call: { recovery: "none" } }))).on({ type: "woken" });
    walk.on({ type: "answered", key: "name", response: accept });
    walk.on({ type: "requestFailed", operation: "describe", failure });
    expect(walk.outcome).toBeUndefined();
    expect(walk.sent).toEqual([]);
    expect(walk.onDue().sent).toEqual(["describe"]);
  });

  it("is not sent when it is cancelled while the process connects", () => {
    const walk = new Walk(stateOf(askingRecord({ call: { recovery: "none" } }))).on({ type: "woken" });
    walk.on({ type: "answered", key: "name", response: accept }).on({ type: "cancelled" });
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: true });
    expect(walk.abandoned).toEqual(["describe"]);
  });

  it("an answer to no open question changes nothing", () => {
    const walk = sent().on({ type: "called", reply: asks("name") });
    const before = walk.record;
    expect(walk.on({ type: "answered", key: "other", response: accept }).record).toBe(before);
    expect(walk.sent).toEqual([]);
  });

  it("the next round has its own questions and its own state", () => {
    const walk = sent().on({ type: "called", reply: asks("name") });
    walk.on({ type: "answered", key: "name", response: accept });
    walk.on({ type: "called", reply: { kind: "input", requests: [question("name")] } });
    expect(walk.record.call.rounds).toBe(2);
    expect(walk.record.call).not.toHaveProperty("requestState");
    expect(walk.record.inputs).toMatchObject([{ key: "name", state: "open" }]);
    expect(walk.record.inputs[0]).not.toHaveProperty("response");
  });

  it("a state without a question is sent back at once", () => {
    const walk = sent().on({
      type: "called",
      reply: { kind: "input", requests: [], requestState: "load-shed" },
    });
    expect(walk.sent).toEqual(["call"]);
    expect(walk.record).toMatchObject({
      stage: "calling",
      inputs: [],
      call: { rounds: 1, requestState: "load-shed" },
    });
  });

  it("a server that never decides is given up after twenty rounds", () => {
    const walk = sent();
    for (let round = 1; round <= 20; round++) {
      walk.on({ type: "called", reply: { kind: "input", requests: [], requestState: `${round}` } });
      expect(walk.sent, `round ${round}`).toEqual(["call"]);
    }
    walk.on({ type: "called", reply: { kind: "input", requests: [], requestState: "more" } });
    expect(walk.outcome?.kind).toBe("failed");
  });

  it("the questions before the task are not those of the task: a key may come again", () => {
    const walk = sent().on({ type: "called", reply: asks("name") });
    walk.on({ type: "answered", key: "name", response: accept });
    const reading = { snapshot: snapshotOf({ status: "input_required" }), inputRequests: [question("name")] };
    walk.on({ type: "called", reply: { kind: "task", reading } });
    expect(walk.record).toMatchObject({ stage: "running", inputs: [{ key: "name", state: "open" }] });
    expect(walk.record.inputs[0]).not.toHaveProperty("response");
  });

  it("a retry that brings no reply keeps its answers for the next", () => {
    const walk = sent("repeat").on({ type: "called", reply: asks("name") });
    walk.on({ type: "answered", key: "name", response: accept });
    walk.on({ type: "requestFailed", operation: "call", failure: network }).onDue();
    expect(walk.sent).toEqual(["call"]);
    expect(walk.record).toMatchObject({
      call: { rounds: 1, requestState: "state-name" },
      inputs: [{ key: "name", state: "answered", response: accept }],
    });
  });

  it("a retry that brings no reply, and may not be repeated, is lost", () => {
    const walk = sent("none").on({ type: "called", reply: asks("name") });
    walk.on({ type: "answered", key: "name", response: accept });
    expect(walk.on({ type: "requestFailed", operation: "call", failure: network }).outcome?.kind).toBe(
      "lost",
    );
  });
});
