import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isObject, sameJson } from "../../../src/protocol/json.ts";
import { isRequestId, readRpcError } from "../../../src/protocol/json-rpc.ts";
import { readHeaderParameters } from "../../../src/protocol/parameter-headers.ts";
import { revision2025 } from "../../../src/protocol/revision-2025-11-25.ts";
import { revision2026 } from "../../../src/protocol/revision-2026-07-28.ts";
import type { TaskProtocol, ToolCall } from "../../../src/protocol/task-protocol.ts";
import { type CallReply, MalformedReplyError, type TaskReading } from "../../../src/protocol/task-reading.ts";
import { readToolPage } from "../../../src/protocol/tool-facts.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { anyJson, mutationOf } from "../../fixtures/mutations.ts";

const RUNS = { numRuns: 10_000 };
const STATUSES = ["working", "input_required", "completed", "failed", "cancelled"];
const asTask: ToolCall = { name: "tool", asTask: true };
const plainly: ToolCall = { name: "tool", asTask: false };

// ── the documented shapes ──────────────────────────────────────────────────────────────────────

function keysWithin(value: object, allowed: readonly string[]): void {
  expect(allowed).toEqual(expect.arrayContaining(Object.keys(value)));
  for (const [key, field] of Object.entries(value)) {
    if (field === undefined) throw new Error(`${key} is there and undefined: it would not survive JSON`);
  }
}

function isToolResult(value: unknown): void {
  if (!isObject(value) || !Array.isArray(value.content)) throw new Error("It is not a tool result");
  for (const block of value.content as unknown[]) {
    expect(isObject(block) && typeof block.type).toBe("string");
  }
}

function isInputRequests(requests: readonly unknown[]): void {
  for (const request of requests) {
    if (!isObject(request)) throw new Error("It is not a question");
    keysWithin(request, ["key", "method", "params"]);
    expect(typeof request.key).toBe("string");
    expect(typeof request.method).toBe("string");
    expect(String(request.method).length).toBeLessThan(250);
    expect(isObject(request.params)).toBe(true);
  }
}

function isReading(reading: TaskReading): void {
  keysWithin(reading, ["snapshot", "payload", "inputRequests"]);
  const { snapshot, payload } = reading;
  keysWithin(snapshot, [
    "taskId",
    "numericId",
    "status",
    "statusMessage",
    "createdAt",
    "lastUpdatedAt",
    "ttlMs",
    "pollIntervalMs",
  ]);
  expect(typeof snapshot.taskId).toBe("string");
  expect(snapshot.taskId).not.toBe("");
  expect(STATUSES).toContain(snapshot.status);
  for (const time of [snapshot.createdAt ?? "", snapshot.lastUpdatedAt ?? ""]) {
    expect(typeof time).toBe("string");
  }
  for (const duration of [snapshot.ttlMs ?? 0, snapshot.pollIntervalMs ?? 0]) {
    expect(Number.isFinite(duration) && duration >= 0).toBe(true);
  }
  if (payload?.kind === "result") isToolResult(payload.result);
  if (payload?.kind === "error") {
    expect(typeof payload.error.code).toBe("number");
    expect(typeof payload.error.message).toBe("string");
  }
  if (reading.inputRequests) isInputRequests(reading.inputRequests);
}

function isCallReply(reply: CallReply): void {
  switch (reply.kind) {
    case "result":
      keysWithin(reply, ["kind", "result"]);
      isToolResult(reply.result);
      break;
    case "task":
      keysWithin(reply, ["kind", "reading", "immediateResponse"]);
      isReading(reply.reading);
      break;
    case "input":
      keysWithin(reply, ["kind", "requests", "requestState"]);
      isInputRequests(reply.requests);
      if (reply.requests.length === 0) expect(typeof reply.requestState).toBe("string");
      break;
    default:
      throw new Error(`There is no reply of the kind ${JSON.stringify(reply satisfies never)}`);
  }
}

// ── the decoders ───────────────────────────────────────────────────────────────────────────────

/** Reads a reply and checks the shape of what comes out. */
type Decoder = (reply: unknown) => void;

function optionalReading(reading: TaskReading | undefined): void {
  if (reading) isReading(reading);
}

function decodersOf(protocol: TaskProtocol, taskId: string, notification: string): Record<string, Decoder> {
  const { decodeResult, decodeList } = protocol;
  return {
    "tools/call as a task": (reply) => isCallReply(protocol.decodeCall(asTask, reply)),
    "tools/call plainly": (reply) => isCallReply(protocol.decodeCall(plainly, reply)),
    "tasks/get": (reply) => isReading(protocol.decodeGet(taskId, reply)),
    "tasks/cancel": (reply) => optionalReading(protocol.decodeCancel(taskId, reply)),
    [notification]: (reply) => optionalReading(protocol.decodeNotification(notification, reply)),
    ...(decodeResult && {
      "tasks/result": (reply: unknown) => {
        const payload = decodeResult(reply);
        expect(payload.kind).toBe("result");
        if (payload.kind === "result") isToolResult(payload.result);
      },
    }),
    ...(decodeList && {
      "tasks/list": (reply: unknown) => {
        const page = decodeList(reply);
        keysWithin(page, ["readings", "nextCursor"]);
        page.readings.forEach(isReading);
      },
    }),
  };
}

/** Runs a decoder on a reply it may refuse in the one way it is allowed to. */
function mayRefuse(decode: Decoder, reply: unknown): "read" | "refused" {
  const before = structuredClone(reply);
  try {
    decode(reply);
    return "read";
  } catch (error) {
    if (error instanceof MalformedReplyError) return "refused";
    throw error;
  } finally {
    expect(reply).toEqual(before);
  }
}

// ── replies ────────────────────────────────────────────────────────────────────────────────────

const generations = {
  "2025-11-25": {
    decoders: decodersOf(revision2025, wire2025.TASK_ID, "notifications/tasks/status"),
    valid: [
      ...Object.values(wire2025.TASKS),
      wire2025.createTaskResult,
      wire2025.createTaskResultWithMessage,
      wire2025.toolResult,
      wire2025.toolError,
      wire2025.structuredResult,
      wire2025.listFirstPage,
      wire2025.listLastPage,
    ],
  },
  "2026-07-28": {
    decoders: decodersOf(revision2026, wire2026.TASK_ID, "notifications/tasks"),
    valid: [
      ...Object.values(wire2026.DETAILED).map((task) => wire2026.getTaskResult(task)),
      ...Object.values(wire2026.BRIEF).map((task) => ({ ...task, resultType: "task" })),
      wire2026.createTaskResultWithMessage,
      wire2026.callResult,
      wire2026.inputRequiredResult,
      wire2026.stateOnlyResult,
    ],
  },
} as const;

describe.each(Object.entries(generations))(
  "%s: whatever a server says",
  (_generation, { decoders, valid }) => {
    describe.each(Object.entries(decoders))("%s", (_method, decode) => {
      it("reads any JSON in the documented shape, or refuses it as malformed", () => {
        fc.assert(
          fc.property(anyJson, (reply) => {
            mayRefuse(decode, reply);
          }),
          RUNS,
        );
      });

      it("reads any mutation of a valid reply in the documented shape, or refuses it as malformed", () => {
        const seen = { read: 0, refused: 0 };
        fc.assert(
          fc.property(mutationOf(valid), (reply) => {
            seen[mayRefuse(decode, reply)]++;
          }),
          RUNS,
        );
        // Both ways must have been gone, or the mutations prove nothing.
        expect(seen.read).toBeGreaterThan(0);
        if (decode !== decoders["tasks/cancel"]) expect(seen.refused).toBeGreaterThan(0);
      });
    });
  },
);

describe("what is read with no refusal at all", () => {
  it("a page of tools: any JSON, and any mutation of a valid page", () => {
    const page = { tools: [...wire2025.toolPage.tools, wire2026.executeSqlTool] };
    fc.assert(
      fc.property(fc.oneof(anyJson, mutationOf([page])), (reply) => {
        const { tools } = readToolPage(reply, readHeaderParameters);
        for (const { name, facts, definition } of tools) {
          expect(typeof name).toBe("string");
          expect(["forbidden", "optional", "required"]).toContain(facts.taskSupport);
          expect(typeof facts.repeatable).toBe("boolean");
          expect(isObject(definition)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it("an input schema: any JSON", () => {
    fc.assert(
      fc.property(anyJson, (schema) => {
        const found = readHeaderParameters(schema);
        if (found === undefined) return;
        const names = found.map(({ header }) => header.toLowerCase());
        expect(new Set(names).size).toBe(names.length);
      }),
      RUNS,
    );
  });

  it("a JSON-RPC error: any JSON", () => {
    fc.assert(
      fc.property(
        fc.oneof(anyJson, mutationOf([{ code: -32603, message: "No", data: { why: 1 } }])),
        (error) => {
          const read = readRpcError(error);
          expect(typeof read.code).toBe("number");
          expect(typeof read.message).toBe("string");
        },
      ),
      RUNS,
    );
  });

  it("a request id is text or a number, and nothing else", () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(isRequestId(value)).toBe(typeof value === "string" || typeof value === "number");
      }),
    );
  });
});

describe("sameJson", () => {
  /** The same value with the keys of its objects the other way round. */
  function reversed(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(reversed);
    if (!isObject(value)) return value;
    const turned = {};
    for (const [key, field] of Object.entries(value).reverse()) {
      Object.defineProperty(turned, key, { value: reversed(field), enumerable: true });
    }
    return turned;
  }

  it("a value is the same as itself, whatever the order of its keys", () => {
    fc.assert(
      fc.property(anyJson, (value) => sameJson(value, reversed(value))),
      RUNS,
    );
  });

  it("two values are the same when their JSON is, and only then", () => {
    const sorted = (value: unknown): string => {
      if (Array.isArray(value)) return `[${value.map(sorted).join()}]`;
      if (!isObject(value)) return JSON.stringify(value);
      const fields = Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}:${sorted(field)}`);
      return `{${fields.sort().join()}}`;
    };
    const pairs = fc.oneof(
      fc.tuple(anyJson, anyJson),
      anyJson.chain((value) => mutationOf([value]).map((mutation): [unknown, unknown] => [value, mutation])),
    );
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        expect(sameJson(a, b)).toBe(sorted(a) === sorted(b));
      }),
      RUNS,
    );
  });

  it("a field that is undefined counts as absent, as it does on the wire", () => {
    expect(sameJson({ a: 1, b: undefined }, { a: 1 })).toBe(true);
    expect(sameJson({ a: undefined }, { b: undefined })).toBe(true);
    expect(sameJson({ a: null }, {})).toBe(false);
  });

  it("a key that every object inherits is not a field of it", () => {
    expect(sameJson(JSON.parse('{"__proto__":{}}'), { x: 1 })).toBe(false);
  });
});
