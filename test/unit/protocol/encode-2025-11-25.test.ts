import { describe, expect, it } from "vitest";
import { revision2025 } from "../../../src/protocol/revision-2025-11-25.ts";
import type { Frame, ToolCall } from "../../../src/protocol/task-protocol.ts";
import { elicitResult, RELATED, TASK_ID } from "../../fixtures/messages-2025-11-25.ts";
import { violations } from "../../fixtures/schema-check.ts";

function message({ method, params }: Frame): object {
  return { jsonrpc: "2.0", id: "hf-1", method, params };
}

const weather: ToolCall = { name: "get_weather", arguments: { city: "New York" }, asTask: true };

describe("2025-11-25: what is sent", () => {
  const calls: Record<string, { call: ToolCall; params: object }> = {
    "a call as a task with a ttl is the specification's own example": {
      call: { ...weather, ttlMs: 60_000 },
      params: { name: "get_weather", arguments: { city: "New York" }, task: { ttl: 60_000 } },
    },
    "a call as a task without a ttl asks for one all the same": {
      call: weather,
      params: { name: "get_weather", arguments: { city: "New York" }, task: {} },
    },
    "a plain call has no task, even when a ttl was named": {
      call: { ...weather, asTask: false, ttlMs: 60_000 },
      params: { name: "get_weather", arguments: { city: "New York" } },
    },
    "a progress token travels in _meta": {
      call: { ...weather, progressToken: "record-1" },
      params: {
        name: "get_weather",
        arguments: { city: "New York" },
        task: {},
        _meta: { progressToken: "record-1" },
      },
    },
    "a call without arguments names none": {
      call: { name: "ping", asTask: false },
      params: { name: "ping" },
    },
    "a ttl of zero is sent as it is": {
      call: { ...weather, ttlMs: 0 },
      params: { name: "get_weather", arguments: { city: "New York" }, task: { ttl: 0 } },
    },
  };

  for (const [name, { call, params }] of Object.entries(calls)) {
    it(`tools/call: ${name}`, () => {
      const frame = revision2025.encodeCall(call, undefined);
      expect(frame).toEqual({ method: "tools/call", params });
      expect(violations("2025-11-25", "CallToolRequest", message(frame))).toEqual([]);
    });
  }

  it("tools/call: a retry's fields are of the other generation and are not sent", () => {
    const retry = { inputResponses: { name: elicitResult }, requestState: "opaque" };
    expect(revision2025.encodeCall(weather, retry)).toEqual(revision2025.encodeCall(weather, undefined));
  });

  const frames: Record<string, { frame: Frame | undefined; definition: string; params: object }> = {
    "tasks/get": {
      frame: revision2025.encodeGet(TASK_ID),
      definition: "GetTaskRequest",
      params: { taskId: TASK_ID },
    },
    "tasks/result": {
      frame: revision2025.encodeResult?.(TASK_ID),
      definition: "GetTaskPayloadRequest",
      params: { taskId: TASK_ID },
    },
    "tasks/cancel": {
      frame: revision2025.encodeCancel(TASK_ID),
      definition: "CancelTaskRequest",
      params: { taskId: TASK_ID },
    },
    "tasks/list": {
      frame: revision2025.encodeList?.("optional-cursor-value", { name: "report", asTask: true }),
      definition: "ListTasksRequest",
      params: { cursor: "optional-cursor-value" },
    },
  };

  for (const [method, { frame, definition, params }] of Object.entries(frames)) {
    it(`${method}: names what it must and nothing else`, () => {
      expect(frame).toEqual({ method, params });
      expect(violations("2025-11-25", definition, message(frame as Frame))).toEqual([]);
    });
  }

  it("tasks/list: the first page has no cursor", () => {
    const frame = revision2025.encodeList?.(undefined, { name: "report", asTask: true }) as Frame;
    expect(frame).toEqual({ method: "tasks/list", params: {} });
    expect(violations("2025-11-25", "ListTasksRequest", message(frame))).toEqual([]);
  });

  it("there is no tasks/update: answers travel on the side channel", () => {
    expect(revision2025.encodeUpdate).toBeUndefined();
  });

  it("an answer on the side channel, related to its task, is an ElicitResult", () => {
    expect(violations("2025-11-25", "ElicitResult", { ...elicitResult, _meta: RELATED })).toEqual([]);
  });
});
