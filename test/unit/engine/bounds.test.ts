import { describe, expect, it } from "vitest";
import { bounded, MAX_QUESTION_LENGTH, questionLength } from "../../../src/engine/bounds.ts";
import type { TaskEvent } from "../../../src/engine/state.ts";
import type { TaskSnapshot } from "../../../src/protocol/task-snapshot.ts";

const LONG = "x".repeat(1_000_000);

const SNAPSHOT: TaskSnapshot = {
  taskId: "task-1",
  status: "failed",
  statusMessage: LONG,
  createdAt: "2026-07-28T12:00:00Z",
  lastUpdatedAt: "2026-07-28T12:00:00Z",
  ttlMs: null,
};
const ERROR = { code: -32603, message: LONG, data: { trace: LONG } };

function lengthOf(event: TaskEvent): number {
  return JSON.stringify(event).length;
}

describe("bounded() cuts what a server says to what a record takes", () => {
  it.each<[string, TaskEvent]>([
    ["a polled status message", { type: "polled", view: { snapshot: SNAPSHOT } }],
    [
      "a notified error",
      { type: "notified", view: { snapshot: SNAPSHOT, payload: { kind: "error", error: ERROR } } },
    ],
    ["a cancel's reply", { type: "cancelTaken", view: { snapshot: SNAPSHOT } }],
    [
      "a text for the model",
      { type: "called", reply: { kind: "task", view: { snapshot: SNAPSHOT }, immediateResponse: LONG } },
    ],
    ["a fetched error", { type: "fetched", payload: { kind: "error", error: ERROR } }],
    ["a progress message", { type: "progressed", progress: { progress: 1, message: LONG } }],
    [
      "an RPC fault",
      { type: "faulted", operation: "get", fault: { kind: "rpc", message: LONG, error: ERROR } },
    ],
    [
      "an HTTP fault",
      { type: "faulted", operation: "get", fault: { kind: "http", status: 500, message: LONG } },
    ],
  ])("%s", (_what, event) => {
    const cut = bounded(event);
    expect(lengthOf(cut)).toBeLessThan(32_000);
    expect(JSON.stringify(cut), "the cut is said").toContain("(1000000 characters");
  });

  it("a short event stays as it is, and so does a result", () => {
    const snapshot = { ...SNAPSHOT, statusMessage: "Out of kelp" };
    const result = { content: [{ type: "text", text: LONG }] };
    const events: TaskEvent[] = [
      {
        type: "polled",
        view: { snapshot, payload: { kind: "error", error: { code: 1, message: "no", data: [1] } } },
      },
      { type: "polled", view: { snapshot, payload: { kind: "result", result } } },
      { type: "fetched", payload: { kind: "result", result } },
      { type: "faulted", operation: "get", fault: { kind: "timeout", message: "No reply" } },
    ];
    for (const event of events) expect(bounded(event)).toEqual(event);
  });

  it("a cut does not halve a surrogate pair", () => {
    const progress = { progress: 1, message: `x${"😀".repeat(10_000)}` };
    const cut = bounded({ type: "progressed", progress });
    expect(JSON.stringify(cut)).not.toMatch(/\\ud[89ab]/);
  });
});

describe("questionLength()", () => {
  const request = {
    key: "q",
    method: "elicitation/create",
    params: { message: "x".repeat(MAX_QUESTION_LENGTH) },
  } as const;

  it("counts the questions of a poll, of a call and of a session", () => {
    for (const event of [
      { type: "polled", view: { snapshot: SNAPSHOT, inputRequests: [request] } },
      { type: "called", reply: { kind: "input", requests: [request] } },
      { type: "asked", request },
    ] satisfies TaskEvent[]) {
      expect(questionLength(event)).toBeGreaterThan(MAX_QUESTION_LENGTH);
    }
    expect(questionLength({ type: "polled", view: { snapshot: SNAPSHOT } })).toBe(0);
  });
});
