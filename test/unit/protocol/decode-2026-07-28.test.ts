import { describe, expect, it } from "vitest";
import { revision2026 } from "../../../src/protocol/revision-2026-07-28.ts";
import type { ToolCall } from "../../../src/protocol/task-protocol.ts";
import { MalformedReplyError } from "../../../src/protocol/task-reading.ts";
import * as wire from "../../fixtures/messages-2026-07-28.ts";
import { violations } from "../../fixtures/schema-check.ts";

const call: ToolCall = { name: "hello_world", asTask: true };

/** Only what the specification allows is worth decoding. */
function lawful<T>(definition: string, reply: T): T {
  expect(violations("2026-07-28/tasks", definition, reply)).toEqual([]);
  return reply;
}

function lawfulInCore<T>(definition: string, reply: T): T {
  expect(violations("2026-07-28", definition, reply)).toEqual([]);
  return reply;
}

const QUESTIONS = [
  { key: "name", method: "elicitation/create", params: wire.inputRequests.name.params },
  {
    key: "capital_of_france",
    method: "sampling/createMessage",
    params: wire.inputRequests.capital_of_france.params,
  },
  { key: "where", method: "roots/list", params: {} },
];

describe("2026-07-28: the reply to tools/call, by its resultType", () => {
  it('"complete" is a tool result', () => {
    const result = lawfulInCore("CallToolResult", wire.callResult);
    expect(revision2026.decodeCall(call, result)).toEqual({ kind: "result", result });
  });

  it("an absent one counts as complete (index, ResultType)", () => {
    expect(revision2026.decodeCall(call, wire.toolResult)).toEqual({
      kind: "result",
      result: wire.toolResult,
    });
  });

  it('"task" is a task with the fields of its handle', () => {
    expect(revision2026.decodeCall(call, lawful("CreateTaskResult", wire.createTaskResult))).toEqual({
      kind: "task",
      reading: {
        snapshot: {
          taskId: wire.TASK_ID,
          status: "working",
          statusMessage: "The operation is now in progress.",
          createdAt: "2025-11-25T10:30:00Z",
          lastUpdatedAt: "2025-11-25T10:50:00Z",
          ttlMs: 3_600_000,
          pollIntervalMs: 5_000,
        },
        inputRequests: [],
      },
    });
  });

  it('"task" may have a text for the model', () => {
    const reply = revision2026.decodeCall(call, lawful("CreateTaskResult", wire.createTaskResultWithMessage));
    expect(reply).toMatchObject({ kind: "task", immediateResponse: "The report is on its way." });
  });

  it.each(Object.entries(wire.BRIEF))('"task" may be a bare task that is %s', (_name, task) => {
    const reply = revision2026.decodeCall(call, lawful("CreateTaskResult", { ...task, resultType: "task" }));
    if (reply.kind !== "task") throw new Error(`It was read as ${reply.kind}`);
    expect(reply.reading.snapshot.status).toBe(task.status);
    expect(reply.reading.payload).toBeUndefined();
  });

  it("a bare task that waits for input leaves its questions to the next poll", () => {
    const reply = revision2026.decodeCall(call, { ...wire.BRIEF.inputRequired, resultType: "task" });
    expect(reply).toMatchObject({ kind: "task" });
    expect(reply).not.toHaveProperty("reading.inputRequests");
  });

  it('"task" may carry the fields of its status too', () => {
    const reply = revision2026.decodeCall(
      call,
      lawful("CreateTaskResult", { ...wire.completed, resultType: "task" }),
    );
    expect(reply).toMatchObject({ reading: { payload: { kind: "result", result: wire.toolResult } } });
  });

  it('"input_required" names its questions, and the state to echo', () => {
    const reply = revision2026.decodeCall(
      call,
      lawfulInCore("InputRequiredResult", wire.inputRequiredResult),
    );
    expect(reply).toEqual({ kind: "input", requests: QUESTIONS, requestState: "AEAD-protected blob" });
  });

  it('"input_required" may come without a state', () => {
    const reply = revision2026.decodeCall(
      call,
      lawfulInCore("InputRequiredResult", wire.inputRequiredWithoutState),
    );
    expect(reply).toEqual({ kind: "input", requests: QUESTIONS });
  });

  it('"input_required" may be a state and nothing to answer', () => {
    const reply = revision2026.decodeCall(call, lawfulInCore("InputRequiredResult", wire.stateOnlyResult));
    expect(reply).toEqual({ kind: "input", requests: [], requestState: "load-shed" });
  });

  it('"input_required" must have one of the two (mrtr, Server Requirements)', () => {
    expect(() => revision2026.decodeCall(call, { resultType: "input_required" })).toThrow(
      MalformedReplyError,
    );
  });

  it('"input_required" may ask what this client does not know: it is shown, to be declined or answered', () => {
    const reply = {
      resultType: "input_required",
      requestState: "opaque",
      inputRequests: {
        one: { method: "vendor/ask", params: { message: "Which?" } },
        two: { method: "v".repeat(999) },
      },
    };
    expect(revision2026.decodeCall(call, reply)).toEqual({
      kind: "input",
      requests: [
        { key: "one", method: "vendor/ask", params: { message: "Which?" } },
        { key: "two", method: `${"v".repeat(200)}… (999 characters)`, params: {} },
      ],
      requestState: "opaque",
    });
  });

  it('"input_required" with only entries that are not requests is not a state to be sent back at once', () => {
    // mrtr, Client Requirements 1: with inputRequests, the inputs MUST be constructed before the retry.
    const reply = {
      resultType: "input_required",
      requestState: "opaque",
      inputRequests: { one: { params: {} }, two: "vendor/ask", three: { method: 7 } },
    };
    expect(() => revision2026.decodeCall(call, reply)).toThrow(MalformedReplyError);
  });

  it.each([
    ["an empty object", {}],
    ["nothing but its resultType", { resultType: "complete" }],
  ])("a result may be %s: its content is empty", (_what, reply) => {
    expect(revision2026.decodeCall(call, reply)).toEqual({
      kind: "result",
      result: { ...reply, content: [] },
    });
  });

  it.each([
    ["without a resultType", wire.working],
    ["wrapped", { resultType: "task", task: wire.working }],
  ])("a task may come %s", (_how, reply) => {
    expect(revision2026.decodeCall(call, reply)).toMatchObject({
      kind: "task",
      reading: { snapshot: { status: "working" } },
    });
  });

  it.each(["partial", "Task", "", 7, {}])(
    "%j is unknown, and so invalid (index, ResultType)",
    (resultType) => {
      const reply = { ...wire.toolResult, ...wire.working, resultType };
      expect(() => revision2026.decodeCall(call, reply)).toThrow(MalformedReplyError);
    },
  );

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a list", []],
    ["a task without an id", { ...wire.createTaskResult, taskId: undefined }],
  ])("%s breaks the protocol", (_what, reply) => {
    expect(() => revision2026.decodeCall(call, reply)).toThrow(MalformedReplyError);
  });
});

it("2026-07-28: a call that became a task of an unknown status runs: its id must not be lost", () => {
  const reply = revision2026.decodeCall(call, { ...wire.createTaskResult, status: "unheard of" });
  expect(reply).toMatchObject({
    kind: "task",
    reading: { snapshot: { taskId: wire.TASK_ID, status: "working" } },
  });
});

describe("2026-07-28: tasks/get", () => {
  const get = (task: object) =>
    revision2026.decodeGet(wire.TASK_ID, lawful("GetTaskResult", wire.getTaskResult(task)));

  it.each(Object.entries(wire.DETAILED))("reads the common fields of a task that is %s", (_name, task) => {
    expect(get(task).snapshot).toEqual({
      taskId: wire.TASK_ID,
      status: task.status,
      ...("statusMessage" in task && { statusMessage: task.statusMessage }),
      createdAt: task.createdAt,
      lastUpdatedAt: task.lastUpdatedAt,
      ttlMs: task.ttlMs,
      ...("pollIntervalMs" in task && { pollIntervalMs: task.pollIntervalMs }),
    });
  });

  it("working and cancelled tasks ask nothing and hold nothing", () => {
    for (const task of [wire.working, wire.cancelled, wire.terse]) {
      const reading = get(task);
      expect(reading.inputRequests).toEqual([]);
      expect(reading).not.toHaveProperty("payload");
    }
  });

  it("a task that waits for input names all its questions", () => {
    expect(get(wire.inputRequired).inputRequests).toEqual(QUESTIONS);
  });

  it("a completed task holds the tool's result", () => {
    expect(get(wire.completed).payload).toEqual({ kind: "result", result: wire.toolResult });
  });

  it("the tool's own failure is a completed task (Task Execution Errors)", () => {
    expect(get(wire.completedWithToolError).payload).toEqual({ kind: "result", result: wire.toolError });
  });

  it("a failed task holds a JSON-RPC error", () => {
    expect(get(wire.failed).payload).toEqual({ kind: "error", error: wire.rpcError });
  });

  it("an error that cannot be read is an error all the same", () => {
    const reading = revision2026.decodeGet(wire.TASK_ID, { ...wire.failed, error: { message: 7 } });
    expect(reading.payload).toMatchObject({ kind: "error", error: { code: -32603 } });
  });

  it("questions of unknown methods are kept, entries that are not requests left out", () => {
    const inputRequests = { odd: { method: "vendor/ask" }, none: null, name: wire.inputRequests.name };
    const reading = revision2026.decodeGet(wire.TASK_ID, { ...wire.inputRequired, inputRequests });
    expect(reading.inputRequests?.map(({ key }) => key)).toEqual(["odd", "name"]);
  });

  it.each([
    ["a completed task without a result", { ...wire.completed, result: undefined }],
    ["a failed task without an error", { ...wire.failed, error: undefined }],
    ["an unknown status", { ...wire.working, status: "paused" }],
    ["null", null],
  ])("%s breaks the protocol", (_what, reply) => {
    expect(() => revision2026.decodeGet(wire.TASK_ID, reply)).toThrow(MalformedReplyError);
  });

  it("the answer must be of the task that was asked for", () => {
    expect(() => revision2026.decodeGet("another", wire.getTaskResult(wire.working))).toThrow(
      MalformedReplyError,
    );
  });

  it("the answer may call itself a task, as the specification's own examples do", () => {
    const reply = { ...wire.failed, resultType: "task" };
    expect(revision2026.decodeGet(wire.TASK_ID, reply).snapshot.status).toBe("failed");
  });

  it("one that does not name the task is about the task of its request", () => {
    const { taskId: _none, ...unnamed } = wire.working;
    const { snapshot } = revision2026.decodeGet(wire.TASK_ID, { resultType: "complete", ...unnamed });
    expect(snapshot).toMatchObject({ taskId: wire.TASK_ID, status: "working" });
  });

  it("a resultType that is unknown makes the answer invalid (index, ResultType)", () => {
    const reply = { ...wire.working, resultType: "partial" };
    expect(() => revision2026.decodeGet(wire.TASK_ID, reply)).toThrow(MalformedReplyError);
  });
});

describe("2026-07-28: acknowledgements", () => {
  it("tasks/cancel is only acknowledged: it says nothing of the task", () => {
    const reply = lawful("CancelTaskResult", wire.acknowledgement);
    expect(revision2026.decodeCancel(wire.TASK_ID, reply)).toBeUndefined();
  });

  it("tasks/update is acknowledged by an empty result", () => {
    expect(lawful("UpdateTaskResult", wire.acknowledgement)).toEqual({ resultType: "complete" });
  });
});

describe("2026-07-28: notifications", () => {
  it.each(Object.entries(wire.DETAILED))("notifications/tasks is read as tasks/get is: %s", (_name, task) => {
    const { method, params } = lawful("TaskStatusNotification", wire.taskNotification(task));
    expect(revision2026.decodeNotification(method, params)).toEqual(
      revision2026.decodeGet(wire.TASK_ID, wire.getTaskResult(task)),
    );
  });

  it("one that lacks the fields of its status leaves them to the next poll", () => {
    const reading = revision2026.decodeNotification("notifications/tasks", wire.BRIEF.completed);
    expect(reading?.snapshot.status).toBe("completed");
    expect(reading?.payload).toBeUndefined();
  });

  it.each(["notifications/tasks/status", "notifications/message"])(
    "%s is not a notification of tasks",
    (method) => {
      expect(revision2026.decodeNotification(method, wire.completed)).toBeUndefined();
    },
  );

  it("one without a task breaks the protocol", () => {
    expect(() => revision2026.decodeNotification("notifications/tasks", {})).toThrow(MalformedReplyError);
  });
});

describe("2026-07-28: what the protocol leaves to the server", () => {
  it.each(["task", "plain"] as const)(
    "any call may become a task, whatever is preferred (%s)",
    (preference) => {
      expect(revision2026.mayBecomeTask({}, undefined, preference, "report")).toBe(true);
      const facts = { taskSupport: "forbidden", repeatable: false } as const;
      expect(revision2026.mayBecomeTask({}, facts, preference, "report")).toBe(true);
    },
  );

  it("there is no list to find a lost task in", () => {
    expect(revision2026.canList({})).toBe(false);
  });
});
