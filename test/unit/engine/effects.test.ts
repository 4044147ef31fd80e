import { describe, expect, it } from "vitest";
import { begun } from "../../../src/engine/effects.ts";
import type { Policy } from "../../../src/engine/policy.ts";
import { afterRebase, rebased } from "../../../src/engine/rebase.ts";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { idleState, type TaskEvent, type TaskState, type Transition } from "../../../src/engine/state.ts";
import { transition } from "../../../src/engine/transition.ts";
import type { ToolFacts } from "../../../src/protocol/tool-facts.ts";
import { network } from "../../fixtures/failures.ts";
import { POLICY } from "../../fixtures/policy.ts";
import { callingRecord, queuedRecord, runningRecord, snapshotOf, T0 } from "../../fixtures/records.ts";
import { SESSION_2025 } from "../../fixtures/scripted-server.ts";

const ALONE: Policy = POLICY;
const SHARED: Policy = { ...POLICY, shared: true };
const PERSISTING: Policy = { ...POLICY, shared: true, persistPlain: true };

function describedAs(taskSupport: ToolFacts["taskSupport"]): TaskEvent {
  const facts: ToolFacts = { taskSupport, repeatable: false };
  return { type: "described", description: { session: SESSION_2025, facts, cached: false } };
}

const result = { content: [] };
const replied: TaskEvent = { type: "called", reply: { kind: "result", result } };
const named: TaskEvent = { type: "called", reply: { kind: "task", reading: { snapshot: snapshotOf() } } };

/** Applies events one after the other, and returns the last transition. */
function last(state: TaskState, policy: Policy, ...events: readonly TaskEvent[]): Transition {
  let next: Transition = { state, commands: [] };
  for (const event of events) next = transition(next.state, event, T0, policy);
  return next;
}

/** A call that this process made, while it is queued. */
function started(policy: Policy): TaskState {
  const state = begun({ ...idleState(queuedRecord()), mayCall: true }, policy);
  return last(state, policy, { type: "started" }).state;
}

/** A call that this process made from cached metadata, and that is plain. */
function plain(policy: Policy): TaskState {
  const record = callingRecord({ generation: "2025-11-25", call: { asTask: false } });
  return last(begun(idleState(record), policy), policy, { type: "started" }).state;
}

describe("what a transition persists", () => {
  it.each<[string, Policy, ToolFacts["taskSupport"], Transition["persist"], true | undefined]>([
    ["a call that may become a task", ALONE, "optional", "write", undefined],
    ["a plain call of a process that is alone", ALONE, "forbidden", "remove", true],
    ["a plain call that other tabs may have found queued", SHARED, "forbidden", "writeThenRemove", true],
    ["a plain call where plain calls are kept", PERSISTING, "forbidden", "write", undefined],
  ])("when the tool is known: %s", (_what, policy, support, persist, ephemeral) => {
    const next = last(started(policy), policy, describedAs(support));
    expect(next).toMatchObject({ leavesQueue: true, commands: [{ type: "send", operation: "call" }] });
    expect([next.persist, next.state.ephemeral]).toEqual([persist, ephemeral]);
  });

  it("writes the plain call of a process that ended: nobody waits for its result", () => {
    const woken = last(idleState(queuedRecord()), ALONE, { type: "woken" }).state;
    expect(last(woken, ALONE, describedAs("forbidden"))).toMatchObject({ persist: "write" });
  });

  it("writes nothing of an ephemeral call, until the server names its task", () => {
    const call = plain(ALONE);
    expect(call.ephemeral).toBe(true);
    expect(last(call, ALONE, replied).persist).toBeUndefined();
    const task = last(call, ALONE, named);
    expect([task.persist, task.state.ephemeral]).toEqual(["write", undefined]);
  });

  it.each<[string, Policy, Transition["persist"]]>([
    ["alone", ALONE, "remove"],
    ["where tabs share the store, after the end was published", SHARED, "removeOncePublished"],
    ["nowhere that plain calls are kept", PERSISTING, "write"],
  ])("removes a call that was answered without a task: %s", (_where, policy, persist) => {
    const calling = last(started(policy), policy, describedAs("optional")).state;
    expect(last(calling, policy, replied).persist).toBe(persist);
  });

  it("writes nothing where a poll brings nothing new", () => {
    const running = last(idleState(runningRecord()), ALONE, { type: "woken" }).state;
    const next = last(running, ALONE, { type: "polled", reading: { snapshot: snapshotOf() } });
    expect([next.persist, next.publish]).toEqual([undefined, undefined]);
  });
});

describe("what a transition publishes", () => {
  it("is everywhere for a new call and for a change, and here for a task that was resumed", () => {
    const queued = begun(idleState(queuedRecord()), ALONE);
    expect(last(queued, ALONE, { type: "started" }).publish).toBe("everywhere");
    const running = idleState(runningRecord());
    expect(last(running, ALONE, { type: "woken" }).publish).toBe("here");
    const snapshot = snapshotOf({ statusMessage: "half done" });
    expect(last(running, ALONE, { type: "woken" }, { type: "polled", reading: { snapshot } }).publish).toBe(
      "everywhere",
    );
  });

  it("is nothing where only the pace of the polls changes", () => {
    const policy: Policy = { ...ALONE, persistPace: true };
    const next = last({ ...idleState(runningRecord()), pollAt: T0 }, policy, { type: "due" });
    expect(next.state.record.polledAt).toBe(T0);
    expect([next.persist, next.publish]).toEqual(["write", undefined]);
  });
});

describe("a call that the store still holds as queued", () => {
  it("is queued again, and described once the backoff has passed", () => {
    const calling = last(started(ALONE), ALONE, describedAs("forbidden")).state;
    const next = last(calling, ALONE, { type: "stillQueued" });
    expect(next.state.record.stage).toBe("queued");
    expect(next.state.ephemeral).toBeUndefined();
    expect(next.state.retry?.failure).toMatchObject({ kind: "network", unsent: true });
    expect(next.commands).toEqual([]);
  });
});

describe("a rebase", () => {
  const record: TaskRecord = runningRecord({ rev: 7 });

  it("applies again what the server reported, and leaves the app's actions to the caller that repeats them", () => {
    const failed: TaskEvent = { type: "requestFailed", operation: "get", failure: network };
    const answered: TaskEvent = { type: "answered", key: "name", response: {} };
    expect(afterRebase([failed, answered, { type: "cancelled" }])).toEqual([failed, { type: "due" }]);
  });

  it("persists a call again that was ephemeral: the store has a record of it", () => {
    expect(rebased(plain(ALONE), record, new Set(), T0, ALONE).ephemeral).toBeUndefined();
  });
});
