import { describe, expect, it } from "vitest";
import { checkAnswer } from "../../../src/protocol/answer.ts";

const form = (properties: object, required: readonly string[] = []) =>
  ({
    key: "k",
    method: "elicitation/create",
    params: { requestedSchema: { type: "object", properties, required } },
  }) as const;

describe("a default that its own schema refuses", () => {
  it.each([
    ["an empty e-mail address", { type: "string", format: "email", default: "" }],
    ["null for a text", { type: "string", default: null }],
    ["a number below its minimum", { type: "integer", minimum: 1, default: 0 }],
    ["a choice that is not offered", { type: "string", enum: ["a", "b"], default: "" }],
    ["a text for a list", { type: "array", items: { type: "string" }, default: "" }],
  ])("is left out of an optional field: %s", (_what, field) => {
    expect(checkAnswer(form({ field }), { action: "accept", content: {} })).toEqual({
      ok: true,
      response: { action: "accept", content: {} },
    });
  });

  it("does not stand in for a required field", () => {
    const request = form({ mail: { type: "string", format: "email", default: "" } }, ["mail"]);
    expect(checkAnswer(request, { action: "accept", content: {} })).toEqual({
      ok: false,
      problems: ["mail is required"],
    });
  });
});
