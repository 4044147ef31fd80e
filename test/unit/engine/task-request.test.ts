import { describe, expect, it } from "vitest";
import { answerRequest } from "../../../src/engine/answer-request.ts";
import { RequestFailedError } from "../../../src/engine/request-failed.ts";
import { oversized, taskRequest } from "../../../src/engine/task-request.ts";
import { listedFor, type Unclaimed } from "../../../src/engine/unclaimed-tasks.ts";
import { MAX_QUESTIONS } from "../../../src/protocol/bounds.ts";
import { MAX_DEPTH } from "../../../src/protocol/json.ts";
import { MalformedReplyError } from "../../../src/protocol/task-reading.ts";
import { askingRecord, callingRecord, runningRecord, snapshotOf, T0 } from "../../fixtures/records.ts";

describe("taskRequest()", () => {
  it("echoes requestState and answers on the retry of a call", () => {
    const { frame } = taskRequest(
      askingRecord({
        inputs: [
          {
            key: "name",
            method: "elicitation/create",
            params: {},
            askedAt: T0,
            state: "answered",
            response: { a: 1 },
          },
          { key: "age", method: "elicitation/create", params: {}, askedAt: T0, state: "open" },
        ],
      }),
      "call",
    );
    expect(frame.params).toMatchObject({ requestState: "opaque", inputResponses: { name: { a: 1 } } });
    expect(frame.params.inputResponses).not.toHaveProperty("age");
  });

  it("names a task by a number where the server does", () => {
    const record = runningRecord({ taskId: "17", snapshot: snapshotOf({ taskId: "17", numericId: true }) });
    expect(taskRequest(record, "get").frame.params.taskId).toBe(17);
    expect(taskRequest(runningRecord(), "get").frame.params.taskId).toBe("task-1");
  });

  it("throws for a reply that cannot be read, and for one nested too deep to be stored", () => {
    const { read } = taskRequest(runningRecord(), "get");
    expect(() => read({ taskId: "task-1" })).toThrow(MalformedReplyError);
    let deep: unknown = {};
    for (let level = 0; level <= MAX_DEPTH; level++) deep = { deep };
    expect(() => read({ deep })).toThrow(RequestFailedError);
  });
});

describe("answerRequest()", () => {
  const question = {
    key: "rpc-1",
    method: "elicitation/create",
    params: {},
    rpcId: 1,
    sessionId: "s",
    askedAt: T0,
    state: "answered",
    response: { action: "accept" },
  } as const;

  it("answers all questions in one request where the protocol takes them together", () => {
    const { rpcId: _none, sessionId: _no, ...input } = question;
    const request = answerRequest(runningRecord({ inputs: [input, { ...input, key: "b" }] }));
    expect(request).toMatchObject({ frame: { method: "tasks/update" } });
    expect("frame" in (request ?? {}) && request && "read" in request && request.read({})).toEqual({
      type: "delivered",
      keys: ["rpc-1", "b"],
    });
  });

  it("replies to one request of a 2025-11-25 server, and names the task", () => {
    const request = answerRequest(runningRecord({ generation: "2025-11-25", inputs: [question] }));
    expect(request).toMatchObject({
      id: 1,
      question: { key: "rpc-1" },
      reply: { result: { action: "accept" } },
    });
    expect(JSON.stringify(request)).toContain("task-1");
  });

  it("declines a request of an unknown method with a JSON-RPC error", () => {
    const inputs = [{ ...question, method: "x/y", response: { action: "decline" } }];
    expect(answerRequest(runningRecord({ generation: "2025-11-25", inputs }))).toMatchObject({
      reply: { error: { code: -32601 } },
    });
  });
});

describe("oversized()", () => {
  const result = { content: [{ type: "text", text: "x".repeat(100) }] };

  it.each([
    ["the result of a call", { type: "called", reply: { kind: "result", result } }],
    [
      "an inline payload",
      { type: "polled", reading: { snapshot: snapshotOf(), payload: { kind: "result", result } } },
    ],
    ["a fetched payload", { type: "fetched", payload: { kind: "result", result } }],
  ] as const)("bounds %s", (_what, event) => {
    expect(oversized(event, 50)).toMatchObject({ kind: "oversized" });
    expect(oversized(event, 1_000)).toBeUndefined();
  });

  it("bounds the state that a server wants back", () => {
    const reply = { kind: "input", requests: [], requestState: "x".repeat(MAX_QUESTIONS + 1) } as const;
    expect(oversized({ type: "called", reply }, 1_000)).toMatchObject({ kind: "oversized" });
  });
});

describe("listedFor()", () => {
  const lost = callingRecord({ id: "lost", generation: "2025-11-25" });
  const unclaimed: Unclaimed = { tasks: [{ snapshot: snapshotOf({ taskId: "t" }) }], calls: [lost] };
  const no = (): boolean => false;

  it("names the tasks that nobody has claimed while the list was in flight", () => {
    expect(listedFor(lost, unclaimed, [lost], no, no)).toEqual({
      type: "listed",
      unclaimed: unclaimed.tasks,
      rivals: false,
    });
    expect(listedFor(lost, unclaimed, [], (id) => id === "t", no).unclaimed).toEqual([]);
  });

  it("reports rivals: another lost call that runs, or a task that an earlier lost call may have been", () => {
    const other = callingRecord({ id: "other", generation: "2025-11-25" });
    expect(listedFor(lost, unclaimed, [other], no, no).rivals).toBe(true);
    expect(listedFor(lost, { ...unclaimed, calls: [other] }, [], no, no).rivals).toBe(true);
    expect(listedFor(lost, unclaimed, [], no, (id) => id === "t").rivals).toBe(true);
  });
});
