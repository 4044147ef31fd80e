import { describe, expect, it } from "vitest";
import { askedOf, type Candidates, mayBeNamed } from "../../../src/engine/attribution.ts";
import type { TaskState } from "../../../src/engine/state.ts";
import { callingRecord, runningRecord, snapshotOf, stateOf } from "../../fixtures/records.ts";

const calling = (id: string, asTask = false): TaskState =>
  stateOf(callingRecord({ id, generation: "2025-11-25", call: { asTask } }), { inFlight: new Set(["call"]) });
const running = (id: string, status: "working" | "input_required" | "completed" = "working"): TaskState =>
  stateOf(
    runningRecord({
      id,
      generation: "2025-11-25",
      taskId: `task of ${id}`,
      snapshot: snapshotOf({ taskId: `task of ${id}`, status }),
    }),
  );
/** A task that has been asked, and whose question is open. */
const asking = (id: string): TaskState => {
  const state = running(id, "input_required");
  const input = { key: "q", method: "elicitation/create", params: {}, askedAt: 0, state: "open" } as const;
  return { ...state, record: { ...state.record, inputs: [input] } };
};

const among = (states: readonly TaskState[]): Candidates => ({
  named: (taskId) => states.findLast(({ record }) => record.taskId === taskId),
  recorded: (id) => states.find(({ record }) => record.id === id),
  all: () => states,
});

const untagged = { taskId: undefined, about: undefined };

describe("askedOf()", () => {
  it.each<[string, readonly TaskState[], Parameters<typeof askedOf>[1], string | undefined]>([
    ["the task it names", [running("a"), running("b")], { taskId: "task of a", about: undefined }, "a"],
    [
      "the task it names, whatever stream brought it",
      [running("a"), calling("b")],
      { taskId: "task of a", about: "b" },
      "a",
    ],
    [
      "the call on whose stream it came",
      [calling("a"), calling("b")],
      { taskId: undefined, about: "b" },
      "b",
    ],
    [
      "the task on whose stream it came",
      [running("a"), running("b")],
      { taskId: undefined, about: "a" },
      "a",
    ],
    [
      "the call on whose stream it came before the reply named the task",
      [calling("a", true), calling("b", true)],
      { taskId: "new", about: "a" },
      "a",
    ],
    [
      "nobody, when it names an unknown task on the stream of another",
      [running("a")],
      { taskId: "new", about: "a" },
      undefined,
    ],
    [
      "nobody, when it came on the stream of a request about no record",
      [running("a")],
      { taskId: undefined, about: "" },
      undefined,
    ],
    [
      "nobody yet, when it names an unknown task on no stream of ours",
      [calling("a", true), calling("b")],
      { taskId: "new", about: undefined },
      undefined,
    ],
    ["the one task", [running("a")], untagged, "a"],
    ["the one call", [calling("a")], untagged, "a"],
    [
      "the one task that waits for a question",
      [running("a"), running("b", "input_required"), calling("c")],
      untagged,
      "b",
    ],
    [
      "the one call, when no task waits for a question",
      [running("a"), running("b"), calling("c")],
      untagged,
      "c",
    ],
    ["the one task that asks already", [running("a"), asking("b")], untagged, "b"],
    [
      "nobody, when two tasks wait for a question",
      [running("a", "input_required"), running("b", "input_required")],
      untagged,
      undefined,
    ],
    ["nobody, when two calls are in flight", [calling("a"), calling("b")], untagged, undefined],
    ["nobody, when the only task has ended", [running("a", "completed")], untagged, undefined],
  ])("finds %s", (_whom, states, provenance, id) => {
    expect(askedOf(among(states), provenance, true)?.record.id).toBe(id);
  });

  it("leaves a question on no stream of ours to the Client that shares the connection", () => {
    expect(askedOf(among([running("a")]), untagged, false)).toBeUndefined();
    expect(askedOf(among([calling("a")]), { taskId: undefined, about: "a" }, false)?.record.id).toBe("a");
  });
});

describe("mayBeNamed()", () => {
  it.each<[string, readonly TaskState[], Parameters<typeof mayBeNamed>[1], boolean]>([
    [
      "a call as a task is in flight",
      [calling("a", true), running("b")],
      { taskId: "new", about: undefined },
      true,
    ],
    ["only a plain call is in flight", [calling("a")], { taskId: "new", about: undefined }, false],
    ["nothing is in flight", [running("a")], { taskId: "new", about: undefined }, false],
    ["the question names no task", [calling("a", true)], untagged, false],
    ["it came on the stream of another request", [calling("a", true)], { taskId: "new", about: "b" }, false],
  ])("when %s", (_when, states, provenance, named) => {
    expect(mayBeNamed(among(states), provenance)).toBe(named);
  });
});
