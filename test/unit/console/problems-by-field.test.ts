import { describe, expect, it } from "vitest";
import { problemsByField } from "../../../ui/form/problems-by-field.ts";

const SCHEMA = {
  type: "object",
  properties: {
    mail: { type: "string", title: "E-mail address" },
    mailbox: { type: "string" },
    age: { type: "integer" },
  },
};

describe("problemsByField()", () => {
  it.each([
    ["mail must be an email", "mail"],
    ["Invalid params: 'mail' is taken", "mail"],
    ["E-mail address is taken", "mail"],
    ["/age: must be at least 18", "age"],
    ["Mailbox is full", "mailbox"],
  ])("finds the field of %j", (message, field) => {
    expect(problemsByField(message, SCHEMA)).toEqual({ fields: { [field]: [message] }, rest: [] });
  });

  it("divides a message about several fields", () => {
    expect(problemsByField("mail is taken; age is too low\nage is odd", SCHEMA)).toEqual({
      fields: { mail: ["mail is taken"], age: ["age is too low", "age is odd"] },
      rest: [],
    });
  });

  it("leaves to the whole what is about no field or about several", () => {
    expect(problemsByField("The press is closed. Gmail too; age and mail do not match", SCHEMA)).toEqual({
      fields: {},
      rest: ["The press is closed. Gmail too", "age and mail do not match"],
    });
  });

  it("takes any schema", () => {
    for (const schema of [undefined, null, true, { properties: [] }, { properties: { a: null } }])
      expect(problemsByField("x", schema).rest).toEqual(["x"]);
  });
});
