import { describe, expect, it } from "vitest";
import { revision2025 } from "../../../src/protocol/revision-2025-11-25.ts";
import type { ToolCall } from "../../../src/protocol/task-protocol.ts";
import {
  MalformedReplyError,
  type TaskPayload,
  type TaskReading,
} from "../../../src/protocol/task-reading.ts";
import * as wire from "../../fixtures/messages-2025-11-25.ts";
import { violations } from "../../fixtures/schema-check.ts";

const asTask: ToolCall = { name: "get_weather", asTask: true };
const plainly: ToolCall = { name: "get_weather", asTask: false };

/** Only what the specification allows is worth decoding. */
function lawful<T>(definition: string, reply: T): T {
  expect(violations("2025-11-25", definition, reply)).toEqual([]);
  return reply;
}

function decodeResult(result: unknown): TaskPayload {
  if (!revision2025.decodeResult) throw new Error("2025-11-25 has tasks/result");
  return revision2025.decodeResult(result);
}

function decodeList(result: unknown): {
  readonly readings: readonly TaskReading[];
  readonly nextCursor?: string;
} {
  if (!revision2025.decodeList) throw new Error("2025-11-25 has tasks/list");
  return revision2025.decodeList(result);
}

describe("2025-11-25: the reply to tools/call", () => {
  it("a CreateTaskResult is a task with the fields of its handle", () => {
    expect(revision2025.decodeCall(asTask, lawful("CreateTaskResult", wire.createTaskResult))).toEqual({
      kind: "task",
      reading: {
        snapshot: {
          taskId: wire.TASK_ID,
          status: "working",
          statusMessage: "The operation is now in progress.",
          createdAt: "2025-11-25T10:30:00Z",
          lastUpdatedAt: "2025-11-25T10:40:00Z",
          ttlMs: 60_000,
          pollIntervalMs: 5_000,
        },
      },
    });
  });

  it("the text for the model travels beside the task", () => {
    const reply = revision2025.decodeCall(
      asTask,
      lawful("CreateTaskResult", wire.createTaskResultWithMessage),
    );
    expect(reply).toMatchObject({ kind: "task", immediateResponse: "The report is on its way." });
  });

  it("an immediate response for the model that is not a string is ignored", () => {
    const _meta = { "io.modelcontextprotocol/model-immediate-response": { text: "no string" } };
    const reply = revision2025.decodeCall(asTask, lawful("CreateTaskResult", { task: wire.working, _meta }));
    expect(reply).not.toHaveProperty("immediateResponse");
  });

  for (const call of [asTask, plainly]) {
    it(`a tool result is a result, asked for ${call.asTask ? "as a task" : "plainly"}`, () => {
      const result = lawful("CallToolResult", wire.toolResult);
      expect(revision2025.decodeCall(call, result)).toEqual({ kind: "result", result });
    });
  }

  it("the tool's own failure is a result like any other", () => {
    const result = lawful("CallToolResult", wire.toolError);
    expect(revision2025.decodeCall(plainly, result)).toEqual({ kind: "result", result });
  });

  it.each([
    ["for a call that asked for none", plainly, wire.createTaskResult],
    ["bare", asTask, wire.working],
    ["wrapped twice", asTask, { task: { task: wire.working } }],
    ["beside content", asTask, { ...wire.createTaskResult, content: [] }],
    ["with an id that is a number", asTask, { task: { ...wire.working, taskId: 5 } }],
    ["with a status in capitals", asTask, { task: { ...wire.working, status: "WORKING" } }],
    ["in the first status of the drafts", asTask, { task: { ...wire.working, status: "submitted" } }],
  ])("a task is read %s", (_how, call, reply) => {
    const read = revision2025.decodeCall(call, reply);
    expect(read).toMatchObject({ kind: "task", reading: { snapshot: { status: "working" } } });
  });

  it("a reply that does not name the task is about the task of its request", () => {
    const { taskId: _none, ...unnamed } = wire.working;
    const snapshot = { taskId: wire.TASK_ID, status: "working" };
    for (const reply of [unnamed, { task: unnamed }, { ...unnamed, taskId: null }]) {
      expect(revision2025.decodeGet(wire.TASK_ID, reply)).toMatchObject({ snapshot });
      expect(revision2025.decodeCancel(wire.TASK_ID, reply)).toMatchObject({ snapshot });
    }
    expect(revision2025.decodeGet(7, unnamed).snapshot).toMatchObject({ taskId: "7", numericId: true });
    expect(revision2025.decodeCancel(wire.TASK_ID, {})).toBeUndefined();
  });

  it.each([
    ["in progress", "working"],
    ["QUEUED", "working"],
    ["Input-Required", "input_required"],
    ["done", "completed"],
    ["Succeeded", "completed"],
    ["error", "failed"],
    ["canceled", "cancelled"],
  ])("the status %j is read as %j", (status, read) => {
    expect(revision2025.decodeGet(wire.TASK_ID, { ...wire.working, status }).snapshot.status).toBe(read);
  });

  it.each([
    ["an empty object", {}, []],
    ["only isError", { isError: false }, []],
    [
      "the toolResult of 2024-10-07",
      { toolResult: { content: [{ type: "text", text: "x" }] } },
      [{ type: "text", text: "x" }],
    ],
    ["a toolResult of text", { toolResult: "x" }, [{ type: "text", text: "x" }]],
    ["a wrapped result", { result: { content: "x" } }, [{ type: "text", text: "x" }]],
    ["content that is text", { content: "x" }, [{ type: "text", text: "x" }]],
    ["content that is one block", { content: { type: "text", text: "x" } }, [{ type: "text", text: "x" }]],
    [
      "blocks that are text",
      { content: ["x", { type: "text", text: "y" }] },
      [
        { type: "text", text: "x" },
        { type: "text", text: "y" },
      ],
    ],
    ["a text block without a type", { content: [{ text: "x" }] }, [{ type: "text", text: "x" }]],
    [
      "an image without a type",
      { content: [{ data: "AA==", mimeType: "image/png" }] },
      [{ type: "image", data: "AA==", mimeType: "image/png" }],
    ],
    [
      "a block of no known kind",
      { content: [{ a: 1 }, 7] },
      [
        { type: "text", text: '{"a":1}' },
        { type: "text", text: "7" },
      ],
    ],
    ["content null", { content: null }, []],
    ["fields named as a task's are", { content: [], taskId: "x", status: "working" }, []],
  ])("a result is read from %s, and keeps what the server sent", (_what, reply, content) => {
    const read = revision2025.decodeCall(plainly, reply);
    expect(read).toEqual({
      kind: "result",
      result: { ...reply, ...("result" in reply && reply.result), content },
    });
  });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a list", []],
    ["a task without an id", { task: { ...wire.working, taskId: undefined } }],
    ["a task with an empty id", { task: { ...wire.working, taskId: "" } }],
  ])("%s breaks the protocol", (_what, reply) => {
    expect(() => revision2025.decodeCall(asTask, reply)).toThrow(MalformedReplyError);
  });
});

it.each(["unheard of", undefined, 1])(
  "2025-11-25: a call that became a task of status %j runs: its id must not be lost",
  (status) => {
    const reply = revision2025.decodeCall(asTask, { task: { ...wire.working, status } });
    expect(reply).toMatchObject({
      kind: "task",
      reading: { snapshot: { taskId: wire.TASK_ID, status: "working" } },
    });
  },
);

describe("2025-11-25: tasks/get", () => {
  it("a result that the server put into a task that has ended is its payload", () => {
    const { result } = { result: wire.toolResultOfTask };
    expect(revision2025.decodeGet(wire.TASK_ID, { ...wire.completed, result }).payload).toEqual({
      kind: "result",
      result,
    });
    expect(revision2025.decodeGet(wire.TASK_ID, { ...wire.working, result })).not.toHaveProperty("payload");
    expect(revision2025.decodeGet(wire.TASK_ID, { ...wire.completed, result: {} })).not.toHaveProperty(
      "payload",
    );
  });

  it("a time stamp of any length does not get into the record", () => {
    const createdAt = "9".repeat(100_000);
    const { snapshot } = revision2025.decodeGet(wire.TASK_ID, { ...wire.working, createdAt });
    expect(snapshot.createdAt).toBeUndefined();
  });

  it.each(Object.entries(wire.TASKS))("reads a task that is %s", (_name, task) => {
    const reading = revision2025.decodeGet(wire.TASK_ID, lawful("GetTaskResult", task));
    expect(reading).toEqual({
      snapshot: {
        taskId: wire.TASK_ID,
        status: task.status,
        ...("statusMessage" in task && { statusMessage: task.statusMessage }),
        createdAt: task.createdAt,
        lastUpdatedAt: task.lastUpdatedAt,
        ttlMs: task.ttl,
        ...("pollInterval" in task && { pollIntervalMs: task.pollInterval }),
      },
    });
  });

  it("a task carries neither payload nor questions: failed says nothing yet of why", () => {
    const reading = revision2025.decodeGet(wire.TASK_ID, wire.failed);
    expect(reading).not.toHaveProperty("payload");
    expect(reading).not.toHaveProperty("inputRequests");
  });

  it("the answer must be of the task that was asked for", () => {
    expect(() => revision2025.decodeGet("another", wire.working)).toThrow(MalformedReplyError);
  });

  it.each([
    ["a ttl that is not a number", { ttl: "60000" }, "ttlMs", undefined],
    ["a negative ttl", { ttl: -1 }, "ttlMs", undefined],
    ["an interval that is not a number", { pollInterval: "5 s" }, "pollIntervalMs", undefined],
    ["a negative interval", { pollInterval: -5 }, "pollIntervalMs", undefined],
    ["a message that is not a text", { statusMessage: 7 }, "statusMessage", undefined],
    ["a time that is not a text", { createdAt: 1_764_066_600 }, "createdAt", undefined],
    ["a missing time", { lastUpdatedAt: undefined }, "lastUpdatedAt", undefined],
  ])("%s reads as absent: the task is not lost for it", (_what, wrong, field, read) => {
    const { snapshot } = revision2025.decodeGet(wire.TASK_ID, { ...wire.working, ...wrong });
    expect(snapshot[field as keyof typeof snapshot]).toBe(read);
    expect(snapshot.status).toBe("working");
  });
});

describe("2025-11-25: tasks/result", () => {
  it.each([
    ["the tool's result", wire.toolResultOfTask],
    ["the tool's own failure", wire.toolError],
    ["a structured result", wire.structuredResult],
  ])("%s is what tools/call would have given, untouched", (_what, reply) => {
    const result = lawful("CallToolResult", lawful("GetTaskPayloadResult", reply));
    expect(decodeResult(result)).toEqual({ kind: "result", result });
  });

  it("a result without content, as older servers give it, has an empty list of it", () => {
    expect(decodeResult({ structuredContent: { temperature: 22.5 } })).toEqual({
      kind: "result",
      result: { structuredContent: { temperature: 22.5 }, content: [] },
    });
  });

  it.each([
    ["null", null],
    ["a task", wire.completed],
  ])("%s is not a tool result", (_what, reply) => {
    expect(() => decodeResult(reply)).toThrow(MalformedReplyError);
  });
});

describe("2025-11-25: tasks/list", () => {
  it("reads a page and its cursor", () => {
    const page = decodeList(lawful("ListTasksResult", wire.listFirstPage));
    expect(page.readings.map(({ snapshot }) => [snapshot.taskId, snapshot.status])).toEqual([
      [wire.TASK_ID, "working"],
      ["abc123-def456-ghi789", "completed"],
    ]);
    expect(page.nextCursor).toBe("next-page-cursor");
  });

  it("the last page has no cursor", () => {
    expect(decodeList(lawful("ListTasksResult", wire.listLastPage))).toEqual({ readings: [] });
  });

  it("one bad entry takes no other with it", () => {
    const bad = [null, "task", { ...wire.working, status: "unheard of" }, { status: "working" }];
    const page = decodeList({ tasks: [bad[0], wire.working, bad[1], bad[2], bad[3], wire.cancelled] });
    expect(page.readings.map(({ snapshot }) => snapshot.status)).toEqual(["working", "cancelled"]);
  });

  it.each([
    ["null", null],
    ["no list", {}],
    ["tasks that are not a list", { tasks: { 0: wire.working } }],
  ])("%s breaks the protocol", (_what, reply) => {
    expect(() => decodeList(reply)).toThrow(MalformedReplyError);
  });

  it("is only used where the server declares it", () => {
    const canList = (serverCapabilities: object): boolean => revision2025.canList({ ...serverCapabilities });
    expect(canList({ tasks: { list: {} } })).toBe(true);
    expect(canList({ tasks: { cancel: {} } })).toBe(false);
    expect(canList({ tasks: true })).toBe(true);
    expect(canList({ tasks: { list: true } })).toBe(true);
    expect(canList({ tasks: { list: false } })).toBe(false);
    expect(canList({})).toBe(false);
  });
});

describe("2025-11-25: tasks/cancel", () => {
  it("the reply is the cancelled task", () => {
    const reading = revision2025.decodeCancel(wire.TASK_ID, lawful("CancelTaskResult", wire.cancelled));
    expect(reading?.snapshot.status).toBe("cancelled");
  });

  it("an empty reply acknowledges, and says nothing of the task", () => {
    expect(revision2025.decodeCancel(wire.TASK_ID, {})).toBeUndefined();
  });

  it("the reply must be of the task that was to be cancelled", () => {
    expect(() => revision2025.decodeCancel("another", wire.cancelled)).toThrow(MalformedReplyError);
  });
});

describe("2025-11-25: notifications", () => {
  it("notifications/tasks/status carries the full task", () => {
    const { method, params } = lawful("TaskStatusNotification", wire.statusNotification);
    expect(revision2025.decodeNotification(method, params)?.snapshot).toMatchObject({
      taskId: wire.TASK_ID,
      status: "completed",
      lastUpdatedAt: "2025-11-25T10:50:00Z",
    });
  });

  it.each(["notifications/tasks", "notifications/message", "notifications/progress"])(
    "%s is not a status notification",
    (method) => {
      expect(revision2025.decodeNotification(method, wire.completed)).toBeUndefined();
    },
  );

  it("a status notification without a task breaks the protocol", () => {
    expect(() => revision2025.decodeNotification("notifications/tasks/status", {})).toThrow(
      MalformedReplyError,
    );
  });
});
