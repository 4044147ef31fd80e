import { describe, expect, it } from "vitest";
import { cutJson } from "../../../src/protocol/bounds.ts";
import { isShallow, jsonCopy, MAX_DEPTH, sameJson } from "../../../src/protocol/json.ts";
import { readRpcError } from "../../../src/protocol/json-rpc.ts";
import { protocolOf } from "../../../src/protocol/registry.ts";
import { MalformedReplyError } from "../../../src/protocol/task-reading.ts";
import { readToolPage } from "../../../src/protocol/tool-facts.ts";

const nested = (levels: number, end = "1"): unknown =>
  JSON.parse(`${'{"a":['.repeat(levels / 2)}${end}${"]}".repeat(levels / 2)}`);
const DEEP = 50_000;

describe("values nested 50,000 levels deep", () => {
  it("are compared by sameJson() without an overflow of the stack", () => {
    expect(sameJson(nested(DEEP), nested(DEEP))).toBe(true);
    expect(sameJson(nested(DEEP), nested(DEEP, "2"))).toBe(false);
    expect(sameJson(nested(DEEP), nested(DEEP + 2))).toBe(false);
  });

  it("are not shallow, and have no copy", () => {
    expect(isShallow(nested(MAX_DEPTH))).toBe(true);
    expect(isShallow(nested(MAX_DEPTH + 2))).toBe(false);
    for (const deep of [nested(MAX_DEPTH + 2), nested(DEEP)])
      expect(() => jsonCopy(deep, "The arguments of x")).toThrow(
        "The arguments of x must be JSON without cycles, nested at most 1000 levels deep",
      );
    const cycle: { self?: unknown; again?: unknown } = {};
    Object.assign(cycle, { self: cycle, again: cycle });
    expect(() => jsonCopy(cycle, "It")).toThrow(TypeError);
    expect(() => jsonCopy({ big: 1n }, "It")).toThrow(TypeError);
  });

  it("are cut where they are shown: in an error's data and in what a reply said", () => {
    const note = "(nested more than 1000 levels deep)";
    expect(cutJson(nested(DEEP))).toBe(note);
    expect(readRpcError({ code: -1, message: "No", data: nested(DEEP) }).data).toBe(note);
  });

  it("leave a tool out of the list, and no other one", () => {
    const tools = [
      { name: "deep", inputSchema: { type: "object", default: nested(DEEP) } },
      { name: "plain", inputSchema: { type: "object" } },
    ];
    expect(readToolPage({ tools }).tools.map(({ name }) => name)).toEqual(["plain"]);
  });

  it.each(["2025-11-25", "2026-07-28"] as const)("are decoded by %s, or break the protocol", (generation) => {
    const { decodeCall, decodeGet, decodeCancel } = protocolOf(generation);
    const call = { name: "x", asTask: true };
    const deep = nested(DEEP);
    const replies = [
      { content: [deep] },
      { content: deep },
      { toolResult: deep },
      { resultType: deep, content: [] },
      { task: { taskId: "t", status: deep } },
      { taskId: "t", status: deep, inputRequests: { a: { method: "m", params: deep } } },
      deep,
    ];
    for (const reply of replies) {
      for (const decode of [
        () => decodeCall(call, reply),
        () => decodeGet("t", reply),
        () => decodeCancel("t", reply),
      ])
        try {
          decode();
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedReplyError);
        }
    }
  });
});
