import { describe, expect, it } from "vitest";
import { leanRecord, leanText, leanView } from "../../../src/durable-object/lean-record.ts";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { runningRecord, settledRecord } from "../../fixtures/records.ts";

const LONG = "x".repeat(1_000_000);
const MANY = Array.from({ length: 1_000 }, (_, n) => `${n}${LONG.slice(0, 1_000)}`);

function question(message: string): TaskRecord["inputs"][number] {
  return { key: "q", method: "elicitation/create", params: { message }, askedAt: 1, state: "open" };
}

const base = runningRecord();
const hostile: readonly (readonly [string, TaskRecord])[] = [
  ["arguments", { ...base, call: { ...base.call, arguments: { text: LONG } } }],
  ["a tool's name", { ...base, call: { ...base.call, name: LONG } }],
  ["headers", { ...base, call: { ...base.call, headers: { "mcp-param-a": LONG } } }],
  ["request state", { ...base, call: { ...base.call, requestState: LONG } }],
  ["a question", { ...base, inputs: [question(LONG)] }],
  ["many questions", { ...base, inputs: MANY.map((message, n) => ({ ...question(message), key: `${n}` })) }],
  ["a task id", { ...base, taskId: LONG }],
  ["a text for the model", { ...base, immediateResponse: LONG }],
  [
    "a result",
    settledRecord({ outcome: { kind: "completed", result: { content: [{ type: "text", text: LONG }] } } }),
  ],
  [
    "a failure",
    settledRecord({
      outcome: {
        kind: "failed",
        error: { reason: "rpc", message: LONG, rpc: { code: 1, message: LONG, data: LONG } },
      },
    }),
  ],
  ["candidates", settledRecord({ outcome: { kind: "lost", detail: LONG, candidates: MANY } })],
  ["the detail of an expiry", settledRecord({ outcome: { kind: "expired", detail: LONG } })],
];

describe("leanRecord()", () => {
  it.each(hostile)("fits a row whatever is long: %s", (_what, record) => {
    const lean = leanRecord(record);
    expect(leanText(lean).length).toBeLessThan(64 * 1024);
    expect(JSON.stringify(leanView(lean)).length).toBeLessThan(64 * 1024);
  });

  it("keeps a task's status, and says what it leaves out", () => {
    const asking = { ...base, inputs: [question(LONG)], call: { ...base.call, arguments: { text: LONG } } };
    expect(leanView(leanRecord(asking))).toMatchObject({
      status: "input_required",
      inputRequests: [],
      arguments: {},
      omitted: ["arguments", "inputRequests"],
    });
    const failed = settledRecord({ outcome: { kind: "failed", error: { reason: "rpc", message: LONG } } });
    expect(leanView(leanRecord(failed))).toMatchObject({ status: "failed", omitted: ["outcome"] });
  });

  it("leaves out nothing but the result where all is short", () => {
    const task = leanView(leanRecord({ ...base, inputs: [question("Which edition?")] }));
    expect(task).toMatchObject({ arguments: base.call.arguments, inputRequests: [{ key: "q" }] });
    expect(task).not.toHaveProperty("omitted");
  });
});
