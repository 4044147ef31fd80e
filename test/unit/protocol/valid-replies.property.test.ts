import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { revision2025 } from "../../../src/protocol/revision-2025-11-25.ts";
import { revision2026 } from "../../../src/protocol/revision-2026-07-28.ts";
import type { TaskProtocol, ToolCall } from "../../../src/protocol/task-protocol.ts";
import type { TaskReading } from "../../../src/protocol/task-reading.ts";
import { readToolPage } from "../../../src/protocol/tool-facts.ts";
import type { SchemaName } from "../../fixtures/schema-check.ts";
import { valuesOf } from "../../fixtures/schema-values.ts";

const RUNS = { numRuns: Number(process.env.FUZZ_RUNS ?? 300) };
const asTask: ToolCall = { name: "tool", asTask: true };
const plainly: ToolCall = { name: "tool", asTask: false };

interface Case {
  readonly method: string;
  readonly schema: SchemaName;
  readonly definition: string;
  /** Fields that the text of the specification requires and its schema leaves open. */
  readonly fixed?: JsonObject;
  /** Decodes the value, and compares the reading with it. */
  readonly check: (value: JsonObject) => void;
}

function expectReading(reading: TaskReading | undefined, { taskId, status }: JsonObject): void {
  expect(reading?.snapshot).toMatchObject({ taskId, status });
}

function expectTask(protocol: TaskProtocol, call: ToolCall, value: JsonObject, task: JsonObject): void {
  const reply = protocol.decodeCall(call, value);
  expect(reply.kind).toBe("task");
  if (reply.kind === "task") expectReading(reply.reading, task);
}

/** An empty id names no task: the client refuses it, although the schema allows it. */
function withTaskId(value: JsonObject): JsonObject {
  return value.taskId === "" ? { ...value, taskId: "task" } : value;
}

/** The check of a decoder that reads one task from the whole value. */
function readsTask(
  decode: (task: JsonObject, taskId: string) => TaskReading | undefined,
): (value: JsonObject) => void {
  return (value) => {
    const task = withTaskId(value);
    expectReading(decode(task, String(task.taskId)), task);
  };
}

function tasksOf({ tasks }: JsonObject): readonly JsonObject[] {
  return tasks as readonly JsonObject[];
}

function expectTools(value: JsonObject): void {
  const names = (value.tools as readonly JsonObject[]).map(({ name }) => name);
  expect(readToolPage(value).tools.map(({ name }) => name)).toEqual(names);
}

const cases: readonly Case[] = [
  {
    method: "tools/call",
    schema: "2025-11-25",
    definition: "CreateTaskResult",
    check: (value) => {
      const task = withTaskId(value.task as JsonObject);
      expectTask(revision2025, asTask, { ...value, task }, task);
    },
  },
  {
    method: "tools/call",
    schema: "2025-11-25",
    definition: "CallToolResult",
    check: (value) => {
      expect(revision2025.decodeCall(plainly, value).kind).toBe("result");
      expect(revision2025.decodeCall(asTask, value).kind).toBe("result");
    },
  },
  {
    method: "tasks/get",
    schema: "2025-11-25",
    definition: "GetTaskResult",
    check: readsTask((task, taskId) => revision2025.decodeGet(taskId, task)),
  },
  {
    method: "tasks/cancel",
    schema: "2025-11-25",
    definition: "CancelTaskResult",
    check: readsTask((task, taskId) => revision2025.decodeCancel(taskId, task)),
  },
  {
    method: "tasks/list",
    schema: "2025-11-25",
    definition: "ListTasksResult",
    check: (value) => {
      const tasks = tasksOf(value).map(withTaskId);
      const readings = revision2025.decodeList?.({ ...value, tasks }).readings ?? [];
      expect(readings).toHaveLength(tasks.length);
      for (const [index, task] of tasks.entries()) expectReading(readings[index], task);
    },
  },
  {
    method: "tasks/result",
    schema: "2025-11-25",
    definition: "CallToolResult",
    check: (value) => expect(revision2025.decodeResult?.(value).kind).toBe("result"),
  },
  {
    method: "notifications/tasks/status",
    schema: "2025-11-25",
    definition: "TaskStatusNotificationParams",
    check: readsTask((task) => revision2025.decodeNotification("notifications/tasks/status", task)),
  },
  { method: "tools/list", schema: "2025-11-25", definition: "ListToolsResult", check: expectTools },
  {
    method: "tools/call",
    schema: "2026-07-28/tasks",
    definition: "CreateTaskResult",
    check: (value) => {
      const task = withTaskId(value);
      expectTask(revision2026, plainly, task, task);
    },
  },
  {
    method: "tools/call",
    schema: "2026-07-28",
    definition: "CallToolResult",
    fixed: { resultType: "complete" },
    check: (value) => expect(revision2026.decodeCall(plainly, value).kind).toBe("result"),
  },
  {
    method: "tools/call",
    schema: "2026-07-28",
    definition: "InputRequiredResult",
    // "At least one of `inputRequests` or `requestState` MUST be present."
    fixed: { resultType: "input_required", requestState: "state" },
    check: (value) => {
      const reply = revision2026.decodeCall(plainly, value);
      expect(reply).toMatchObject({ kind: "input", requestState: "state" });
      if (reply.kind !== "input") return;
      const asked = Object.entries((value.inputRequests ?? {}) as Record<string, JsonObject>);
      expect(reply.requests.map(({ key, method }) => [key, method])).toEqual(
        asked.map(([key, { method }]) => [key, method]),
      );
    },
  },
  {
    method: "tasks/get",
    schema: "2026-07-28/tasks",
    definition: "GetTaskResult",
    fixed: { resultType: "complete" },
    check: readsTask((task, taskId) => revision2026.decodeGet(taskId, task)),
  },
  {
    method: "notifications/tasks",
    schema: "2026-07-28/tasks",
    definition: "TaskStatusNotificationParams",
    check: readsTask((task) => revision2026.decodeNotification("notifications/tasks", task)),
  },
  { method: "tools/list", schema: "2026-07-28", definition: "ListToolsResult", check: expectTools },
];

describe.each(cases)("$schema: $method", ({ schema, definition, fixed, check }) => {
  it(`the decoder reads each ${definition} that is valid by the schema`, { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(valuesOf(schema, definition), (value) => {
        check({ ...value, ...fixed });
      }),
      RUNS,
    );
  });
});
