import { describe, expect, it } from "vitest";
import type { InputRequest } from "../../../src/protocol/input-request.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { rpcError } from "../../fixtures/failures.ts";
import { runningRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";

const question: InputRequest = { key: "name", method: "elicitation/create", params: { message: "Name?" } };
const response = { action: "decline" };
const waiting = snapshotOf({ status: "input_required" });
const GENERATIONS = ["2025-11-25", "2026-07-28"] as const;

/** A task that has the answer to all it asked. */
function answered(generation: (typeof GENERATIONS)[number]): Walk {
  const request = generation === "2025-11-25" ? { ...question, rpcId: 7 } : question;
  const inputs = [{ ...request, askedAt: T0, state: "delivered", response } as const];
  return new Walk(stateOf(runningRecord({ generation, snapshot: waiting, inputs }), { pollAt: T0 + 1_000 }));
}

/** Polls once, and has the task wait on for what it asked. */
function poll(walk: Walk): Walk {
  while (!walk.flying.includes("get")) walk.onDue();
  const named = walk.record.generation === "2026-07-28" && { inputRequests: [question] };
  return walk.on({ type: "polled", reading: { snapshot: waiting, ...named } });
}

describe.each(GENERATIONS)("%s: a task that waits although all it asked is answered", (generation) => {
  it("is sent the answer once more after three polls, and then the wait is reported, once", () => {
    const walk = answered(generation);
    poll(poll(walk));
    expect(walk.flying).not.toContain("answer");
    expect(poll(walk).flying).toContain("answer");
    walk.on({ type: "delivered", keys: ["name"] });
    expect(walk.state.retry).toBeUndefined();
    poll(poll(poll(walk)));
    const { retry } = walk.state;
    expect(retry?.failure.message).toContain("although every question is answered");
    const { record } = walk;
    for (let count = 0; count < 20; count++) {
      poll(walk);
      expect(walk.flying).not.toContain("answer");
      expect(walk.state.retry).toBe(retry);
      expect(walk.record).toBe(record);
    }
  });

  it("is not sent it a third time by the next process", () => {
    const walk = answered(generation);
    poll(poll(poll(walk))).on({ type: "delivered", keys: ["name"] });
    const next = new Walk(stateOf(walk.record)).on({ type: "woken" });
    for (let count = 0; count < 10; count++) expect(poll(next).flying).not.toContain("answer");
    expect(next.state.retry?.failure.message).toContain("although every question is answered");
  });

  it("is sent the answer to its next question once, however often it was polled before the question", () => {
    const walk = answered(generation);
    poll(poll(walk));
    const next: InputRequest = {
      ...question,
      key: "next",
      params: { message: "And?" },
      ...(generation === "2025-11-25" && { rpcId: 8 }),
    };
    if (generation === "2025-11-25") walk.on({ type: "asked", request: next });
    else {
      while (!walk.flying.includes("get")) walk.onDue();
      walk.on({ type: "polled", reading: { snapshot: waiting, inputRequests: [next] } });
    }
    while (!walk.flying.includes("get")) walk.onDue();
    walk.on({ type: "answered", key: "next", response });
    expect(walk.flying).toContain("answer");
    walk.on({ type: "delivered", keys: ["next"] });
    // The poll that was in flight meanwhile.
    walk.on({ type: "polled", reading: { snapshot: waiting, inputRequests: [next] } });
    expect(walk.flying).not.toContain("answer");
    expect(walk.record.inputs.some(({ resend }) => resend)).toBe(false);
  });

  it("that refuses the repeated answer has it: the question stays answered", () => {
    const walk = answered(generation);
    poll(poll(poll(walk))).on({
      type: "requestFailed",
      operation: "answer",
      failure: rpcError(-32602),
      keys: ["name"],
    });
    expect(walk.record.inputs).toMatchObject([{ state: "delivered", resend: false }]);
    for (let count = 0; count < 10; count++) expect(poll(walk).flying).not.toContain("answer");
  });

  it("goes on as if nothing had been when it works again", () => {
    const walk = answered(generation);
    poll(poll(poll(walk))).on({ type: "delivered", keys: ["name"] });
    poll(poll(poll(walk)));
    while (!walk.flying.includes("get")) walk.onDue();
    walk.on({ type: "polled", reading: { snapshot: snapshotOf(), inputRequests: [] } });
    expect(walk.state.retry).toBeUndefined();
    expect(walk.state.idlePolls).toBeUndefined();
  });
});

it("a task that waits and asks nothing that can be shown: the wait is reported", () => {
  const walk = new Walk(stateOf(runningRecord({ snapshot: waiting }), { pollAt: T0 + 1_000 }));
  for (let count = 0; count < 3; count++) {
    while (!walk.flying.includes("get")) walk.onDue();
    walk.on({ type: "polled", reading: { snapshot: waiting, inputRequests: [] } });
  }
  expect(walk.state.retry?.failure.message).toContain("asks nothing that can be answered");
});
