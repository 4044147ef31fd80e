import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ToolOrigin, toolNames } from "../../../src/agent/tool-names.ts";

function names(pairs: readonly string[], reserved: readonly string[] = []): readonly string[] {
  return toolNames(pairs.map(originOf), "when-needed", reserved);
}

function originOf(pair: string): ToolOrigin {
  const [endpoint = "", tool = ""] = pair.split("/");
  return { endpoint, tool };
}

describe("the name of a tool", () => {
  // Compared with one another, these would take minutes.
  it("takes work by the number of tools, not by its square", { timeout: 30_000 }, () => {
    const many = Array.from({ length: 100_000 }, (_, index) => `papers/tool_${index}`);
    expect(new Set(names(many)).size).toBe(many.length);
    const same = Array.from({ length: 20_000 }, () => "papers/search");
    expect(new Set(names(same)).size).toBe(same.length);
  });

  it("is the server's where that can be", () => {
    expect(names(["papers/acquire_paper", "maps/find-road"])).toEqual(["acquire_paper", "find-road"]);
  });

  it("has its endpoint before it on both sides where two are the same", () => {
    expect(names(["a/search", "b/search", "b/other"])).toEqual(["a_search", "b_search", "other"]);
  });

  it("always has its endpoint before it if asked to", () => {
    expect(toolNames([originOf("a/search")], "always", [])).toEqual(["a_search"]);
  });

  it("leaves the reserved names alone", () => {
    expect(names(["a/check_task"], ["check_task"])).toEqual(["a_check_task"]);
  });

  it("is of the characters that model APIs take", () => {
    expect(names(["a/läs papper/now!", "a/"])).toEqual(["l_s_papper", "tool"]);
  });

  it("is cut to 64 characters with a number of its own", () => {
    const long = "x".repeat(100);
    const [one = "", two = ""] = names([`a/${long}1`, `a/${long}2`]);
    expect([one.length, two.length]).toEqual([64, 64]);
    expect(one).not.toBe(two);
  });

  it("keeps apart what differs only in characters that cannot be had", () => {
    const [one = "", two = ""] = names(["a/read.file", "a/read file"]);
    expect(one).toMatch(/^a_read_file_[0-9a-f]{8}$/);
    expect(two).toMatch(/^a_read_file_[0-9a-f]{8}$/);
    expect(one).not.toBe(two);
  });

  it("does not run into a name that another tool has as it is", () => {
    const given = names(["a/b", "c/b", "d/a_b"]);
    expect(new Set(given).size).toBe(3);
  });

  it("is fit, once, and the same in every order, whatever the names", () => {
    const name = fc.oneof(fc.string(), fc.constantFrom("a", "a_b", "b", "check_task", "a.b", "x".repeat(70)));
    const origins = fc.uniqueArray(fc.record({ endpoint: name, tool: name }), {
      selector: ({ endpoint, tool }) => JSON.stringify([endpoint, tool]),
      maxLength: 12,
    });
    fc.assert(
      fc.property(origins, fc.constantFrom("when-needed", "always"), (tools, prefix) => {
        const given = toolNames(tools, prefix as "always", ["check_task"]);
        expect(given.filter((each) => !/^[a-zA-Z0-9_-]{1,64}$/.test(each))).toEqual([]);
        expect(new Set([...given, "check_task"]).size).toBe(tools.length + 1);
        expect(toolNames([...tools].reverse(), prefix as "always", ["check_task"])).toEqual(
          [...given].reverse(),
        );
      }),
    );
  });
});
