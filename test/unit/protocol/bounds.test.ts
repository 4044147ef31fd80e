import { describe, expect, it } from "vitest";
import { withQuestions } from "../../../src/engine/input.ts";
import {
  cutJson,
  cutText,
  MAX_KEY,
  MAX_MESSAGE,
  MAX_QUESTIONS,
  MAX_RAW,
} from "../../../src/protocol/bounds.ts";
import { type InputRequest, readInputRequests, readQuestion } from "../../../src/protocol/input-request.ts";
import { readRpcError } from "../../../src/protocol/json-rpc.ts";
import { protocolOf } from "../../../src/protocol/registry.ts";
import { RecentSet } from "../../../src/recent-set.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";

const LONG = "a long story ".repeat(100_000);
/** The note of what was cut. */
const NOTE = 100;

describe("texts of a server are cut before they are stored", () => {
  it.each([
    ["2025-11-25", wire2025.TASK_ID, wire2025.working],
    ["2026-07-28", wire2026.TASK_ID, wire2026.getTaskResult(wire2026.working)],
  ] as const)("%s: the status message", (generation, id, reply) => {
    const { snapshot } = protocolOf(generation).decodeGet(id, { ...reply, statusMessage: LONG });
    expect(snapshot.statusMessage?.length).toBeLessThanOrEqual(MAX_MESSAGE + NOTE);
    expect(snapshot.statusMessage).toContain(`${LONG.length} characters`);
  });

  it("the message and the data of a JSON-RPC error", () => {
    const error = readRpcError({ code: -32603, message: LONG, data: { trace: LONG } });
    expect(error.message.length).toBeLessThanOrEqual(MAX_MESSAGE + NOTE);
    expect(JSON.stringify(error.data).length).toBeLessThanOrEqual(MAX_RAW + NOTE);
  });

  it("what is short stays as it is", () => {
    const data = { supported: ["2026-07-28"] };
    expect(readRpcError({ code: -32022, message: "No", data })).toEqual({
      code: -32022,
      message: "No",
      data,
    });
    expect(cutJson(undefined)).toBeUndefined();
  });

  it("a cut never falls into a surrogate pair", () => {
    expect(cutText("🌊🌊🌊", 3)).toMatch(/^🌊… /);
    expect(cutText("🌊🌊🌊", 4)).toMatch(/^🌊🌊… /);
  });
});

describe("questions of a task", () => {
  const asking = (key: string, text: string): InputRequest => ({
    key,
    method: "elicitation/create",
    params: { message: text, requestedSchema: { type: "object", title: text } },
  });

  it("of one that is too long the beginning of its message is left, to be declined", () => {
    const [short, long] = withQuestions([], [asking("a", "Name?"), asking("b", LONG)], 0);
    expect(short?.params).toEqual(asking("a", "Name?").params);
    expect(long?.params).toEqual({ message: expect.stringContaining("a long story") });
  });

  it("together stay within their bound, however many a server asks", () => {
    const many = Array.from({ length: 5_000 }, (_, index) => asking(`q${index}`, "y".repeat(50_000)));
    const inputs = withQuestions([], many, 0);
    expect(inputs.length).toBeGreaterThan(2);
    expect(JSON.stringify(inputs).length).toBeLessThanOrEqual(MAX_QUESTIONS + inputs.length);
  });

  it("that are over leave their room to new ones, which stay whole", () => {
    const text = "z".repeat(MAX_QUESTIONS / 8);
    let inputs = withQuestions([], [asking("q0", text)], 0);
    for (let count = 1; count < 20; count++) {
      inputs = inputs.map((input) => ({ ...input, state: "delivered" }));
      inputs = withQuestions(inputs, [asking(`q${count}`, text)], count);
    }
    expect(inputs.at(-1)).toMatchObject({ key: "q19", params: asking("q19", text).params });
    expect(JSON.stringify(inputs).length).toBeLessThan(1.1 * MAX_QUESTIONS);
  });

  it("under a name that is too long to be sent back are left out", () => {
    const name = "k".repeat(MAX_KEY + 1);
    const asked = { method: "elicitation/create", params: { message: "?" } };
    expect(readInputRequests({ [name]: asked, b: asked })).toMatchObject([{ key: "b" }]);
    expect(readQuestion({ jsonrpc: "2.0", id: name, ...asked })).toBeUndefined();
  });

  it("stay within their bound whatever a server asks from poll to poll", () => {
    let inputs = withQuestions([], [], 0);
    for (let poll = 0; poll < 40; poll++) {
      const over = inputs.map((input) => ({ ...input, state: "withdrawn" }) as const);
      const named = [asking(`${poll}`.repeat(2_500), "?"), asking(`q${poll}`, "y".repeat(60_000))];
      inputs = withQuestions(over, named, poll);
      expect(JSON.stringify(inputs).length).toBeLessThan(2 * MAX_QUESTIONS);
    }
    expect(inputs.at(-1)).toMatchObject({ key: "q39", state: "open" });
  });

  it("that are open are at most 200", () => {
    const many = (prefix: string) =>
      Array.from({ length: 200 }, (_, index) => asking(`${prefix}${index}`, "?"));
    const inputs = withQuestions(withQuestions([], many("a"), 0), many("b"), 1);
    expect([inputs.length, inputs.at(-1)?.key]).toEqual([200, "a199"]);
  });

  it("that are over make room for new ones, the earliest first; open ones stay", () => {
    const first = withQuestions(
      [],
      Array.from({ length: 200 }, (_, index) => asking(`q${index}`, "?")),
      0,
    );
    const known = first.map((input, index) =>
      index > 0 ? ({ ...input, state: "delivered" } as const) : input,
    );
    const keys = withQuestions(known, [asking("new", "?")], 1).map(({ key }) => key);
    expect([keys.length, keys[0], keys[1], keys.at(-1)]).toEqual([200, "q0", "q2", "new"]);
  });
});

describe("RecentSet", () => {
  it("forgets the oldest, by when it was last added", () => {
    const set = new RecentSet<number>(3);
    for (const value of [1, 2, 3, 1, 4]) set.add(value);
    expect([...set]).toEqual([3, 1, 4]);
  });
});
