import { describe, expect, it } from "vitest";
import { DEFAULT_CAPABILITIES, DEFAULT_IDENTITY, withTasks } from "../../../src/channel/client-identity.ts";
import { envelope } from "../../../src/channel/connection.ts";
import { withMeta } from "../../../src/protocol/frame-meta.ts";
import { revision2026 } from "../../../src/protocol/revision-2026-07-28.ts";
import type { Frame, ToolCall } from "../../../src/protocol/task-protocol.ts";
import { inputResponses, TASK_ID } from "../../fixtures/messages-2026-07-28.ts";
import { type SchemaName, violations } from "../../fixtures/schema-check.ts";

const META = envelope("2026-07-28", DEFAULT_IDENTITY, withTasks(DEFAULT_CAPABILITIES));

/** A frame as a connection of this generation sends it. */
function message(frame: Frame): object {
  const { method, params } = withMeta(frame, META);
  return { jsonrpc: "2.0", id: "hf-1", method, params };
}

const hello: ToolCall = { name: "hello_world", arguments: {}, asTask: true };

describe("2026-07-28: what is sent", () => {
  const calls: Record<string, { frame: Frame; params: object }> = {
    "a first call says nothing of tasks: the server decides": {
      frame: revision2026.encodeCall({ ...hello, ttlMs: 60_000 }, undefined),
      params: { name: "hello_world", arguments: {} },
    },
    "a progress token travels in _meta": {
      frame: revision2026.encodeCall({ ...hello, progressToken: "record-1" }, undefined),
      params: { name: "hello_world", arguments: {}, _meta: { progressToken: "record-1" } },
    },
    "a retry carries the answers and echoes the state": {
      frame: revision2026.encodeCall(hello, { inputResponses, requestState: "AEAD-protected blob" }),
      params: { name: "hello_world", arguments: {}, inputResponses, requestState: "AEAD-protected blob" },
    },
    "a retry of a state alone carries no answers": {
      frame: revision2026.encodeCall(hello, { requestState: "load-shed" }),
      params: { name: "hello_world", arguments: {}, requestState: "load-shed" },
    },
    "a retry without a state names none (mrtr, Client Requirements 2)": {
      frame: revision2026.encodeCall(hello, { inputResponses }),
      params: { name: "hello_world", arguments: {}, inputResponses },
    },
    "an empty state is echoed too: it is opaque": {
      frame: revision2026.encodeCall(hello, { requestState: "" }),
      params: { name: "hello_world", arguments: {}, requestState: "" },
    },
  };

  for (const [name, { frame, params }] of Object.entries(calls)) {
    it(`tools/call: ${name}`, () => {
      expect(frame).toEqual({ method: "tools/call", params });
      expect(violations("2026-07-28", "CallToolRequest", message(frame))).toEqual([]);
    });
  }

  it("tools/call: parameter headers go beside the frame, not into its params", () => {
    const headers = { "Mcp-Param-Region": "us-west1" };
    const frame = revision2026.encodeCall({ ...hello, headers }, undefined);
    expect(frame).toEqual({ method: "tools/call", params: { name: "hello_world", arguments: {} }, headers });
  });

  const frames: Record<string, { frame: Frame | undefined; definition: string; params: object }> = {
    "tasks/get": {
      frame: revision2026.encodeGet(TASK_ID),
      definition: "GetTaskRequest",
      params: { taskId: TASK_ID },
    },
    "tasks/update": {
      frame: revision2026.encodeUpdate?.(TASK_ID, inputResponses),
      definition: "UpdateTaskRequest",
      params: { taskId: TASK_ID, inputResponses },
    },
    "tasks/cancel": {
      frame: revision2026.encodeCancel(TASK_ID),
      definition: "CancelTaskRequest",
      params: { taskId: TASK_ID },
    },
  };

  for (const [method, { frame, definition, params }] of Object.entries(frames)) {
    it(`${method}: names what it must and nothing else`, () => {
      expect(frame).toEqual({ method, params });
      expect(violations("2026-07-28/tasks", definition, message(frame as Frame))).toEqual([]);
    });
  }

  it("tasks/result and tasks/list are gone", () => {
    expect(revision2026.encodeResult).toBeUndefined();
    expect(revision2026.encodeList).toBeUndefined();
  });
});

describe("2026-07-28: the envelope", () => {
  const schemas: readonly SchemaName[] = ["2026-07-28"];

  it.each(schemas)("is the _meta that every request of %s must have", (name) => {
    expect(violations(name, "RequestMetaObject", META)).toEqual([]);
    const bare = { jsonrpc: "2.0", id: "hf-1", ...revision2026.encodeCall(hello, undefined) };
    expect(violations(name, "CallToolRequest", bare)).not.toEqual([]);
  });

  it("declares the tasks extension with each request, with no settings", () => {
    expect(META["io.modelcontextprotocol/clientCapabilities"]).toEqual({
      elicitation: { form: {}, url: {} },
      extensions: { "io.modelcontextprotocol/tasks": {} },
    });
  });

  it("keeps the extensions the app declares beside it", () => {
    const capabilities = withTasks({ extensions: { "com.example/other": { level: 2 } } });
    expect(capabilities).toEqual({
      extensions: { "com.example/other": { level: 2 }, "io.modelcontextprotocol/tasks": {} },
    });
  });

  it("keeps what a frame's _meta already holds, and the frame itself as it was", () => {
    const frame = revision2026.encodeCall({ ...hello, progressToken: "record-1" }, undefined);
    const before = structuredClone(frame);
    expect(withMeta(frame, META).params._meta).toEqual({ progressToken: "record-1", ...META });
    expect(frame).toEqual(before);
  });

  it("leaves the headers of a frame with it", () => {
    const headers = { "Mcp-Param-Region": "us-west1" };
    expect(withMeta(revision2026.encodeCall({ ...hello, headers }, undefined), META).headers).toEqual(
      headers,
    );
  });
});
