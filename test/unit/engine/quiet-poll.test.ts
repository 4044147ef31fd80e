import { describe, expect, it } from "vitest";
import { idleState, type TaskEvent, type TaskState } from "../../../src/engine/state.ts";
import { transition } from "../../../src/engine/transition.ts";
import { protocolOf } from "../../../src/protocol/registry.ts";
import { POLICY } from "../../fixtures/policy.ts";
import { runningRecord } from "../../fixtures/records.ts";

describe.each(["2025-11-25", "2026-07-28"] as const)("a poll that brings nothing new (%s)", (generation) => {
  const record = runningRecord({ generation });
  const { snapshot } = record;
  const reply = {
    resultType: "complete",
    ...snapshot,
    ttl: snapshot?.ttlMs,
    pollInterval: snapshot?.pollIntervalMs,
  };

  function polledOnce(state: TaskState, now: number): readonly TaskState[] {
    const asked = transition(state, { type: "due" }, now, POLICY);
    const reading = protocolOf(generation).decodeGet(record.taskId ?? "", reply);
    const event: TaskEvent = { type: "polled", reading };
    return [asked.state, transition(asked.state, event, now + 1, POLICY).state];
  }

  it("makes no new record, and no state of another shape", () => {
    const shape = Object.keys(idleState(record));
    const states = polledOnce(idleState(record), 10_000);
    const more = polledOnce(states[1] as TaskState, 1_000_000);
    for (const state of [...states, ...more]) {
      expect(state.record).toBe(record);
      expect(Object.keys(state)).toEqual(shape);
    }
  });

  it("leaves the requests in flight whatever its reply says", () => {
    const { state } = transition(idleState(record), { type: "due" }, 10_000, POLICY);
    expect([...state.inFlight]).toEqual(["get"]);
    for (const said of [{}, { status: "completed" }, { taskId: "another" }] as const) {
      const reading = { snapshot: { taskId: record.taskId ?? "", status: "working", ...said } } as const;
      const after = transition(state, { type: "polled", reading }, 10_001, POLICY);
      // A reading of another task leaves the poll due: then another request is sent.
      const sends = after.commands.some(({ operation }) => operation === "get");
      expect(after.state.inFlight.has("get")).toBe(sends);
    }
    const both = { ...state, inFlight: new Set(["get", "cancel"] as const) };
    const reading = { snapshot: { taskId: record.taskId ?? "", status: "working" } } as const;
    const left = transition(both, { type: "polled", reading }, 10_001, POLICY).state.inFlight;
    expect([...left]).toEqual(["cancel"]);
  });

  it("shares its commands and its set of requests with the polls of other tasks", () => {
    const [one, other] = [record, { ...record, id: "other" }].map((each) =>
      transition(idleState(each), { type: "due" }, 10_000, POLICY),
    );
    expect(one?.commands).toEqual([{ type: "send", operation: "get" }]);
    expect(other?.commands).toBe(one?.commands);
    expect(other?.state.inFlight).toBe(one?.state.inFlight);
  });
});
