import { describe, expect, it } from "vitest";
import { type CheckedAnswer, checkAnswer } from "../../../src/protocol/answer.ts";
import type { InputMethod } from "../../../src/protocol/input-request.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { violations } from "../../fixtures/schema-check.ts";

function check(method: InputMethod, params: JsonObject, response: unknown): CheckedAnswer {
  return checkAnswer({ key: "k", method, params }, response);
}

/** A form with these fields. It must be one that the specification allows. */
function form(properties: JsonObject, required?: readonly string[]): JsonObject {
  const params = {
    mode: "form",
    message: "Please",
    requestedSchema: { type: "object", properties, ...(required && { required }) },
  };
  expect(violations("2026-07-28", "ElicitRequestFormParams", params)).toEqual([]);
  return params;
}

/** What is said of a form with one field, when it is filled in with this value: nothing if it fits. */
function problemsOf(field: JsonObject, value: unknown): readonly string[] {
  const answer = check("elicitation/create", form({ it: field }), {
    action: "accept",
    content: { it: value },
  });
  if (!answer.ok) return answer.problems;
  expect(answer.response).toEqual({ action: "accept", content: { it: value } });
  return [];
}

const COLOURS = [
  { const: "#f00", title: "Red" },
  { const: "#0f0", title: "Green" },
  { const: "#00f", title: "Blue" },
];
const one = { type: "string", enum: ["red", "green", "blue"] };
const oneTitled = { type: "string", oneOf: COLOURS };
const oneLegacy = { type: "string", enum: ["#f00", "#0f0"], enumNames: ["Red", "Green"] };
const many = { type: "array", items: { type: "string", enum: ["red", "green", "blue"] } };
const manyTitled = { type: "array", items: { anyOf: COLOURS } };

describe("a field of a form takes", () => {
  it.each<[string, JsonObject, unknown]>([
    ["any text", { type: "string" }, ""],
    ["a text of the least length", { type: "string", minLength: 3, maxLength: 5 }, "abc"],
    ["a text of the greatest length", { type: "string", minLength: 3, maxLength: 5 }, "abcde"],
    ["a length in characters, not in UTF-16 units", { type: "string", maxLength: 2 }, "🌊🪸"],
    ["an e-mail address", { type: "string", format: "email" }, "luca.o'hara+tag@mail.example.com"],
    ["a web address", { type: "string", format: "uri" }, "https://example.com/a%20b?c=d#e"],
    ["an address of another scheme", { type: "string", format: "uri" }, "urn:isbn:0451450523"],
    ["a day", { type: "string", format: "date" }, "2026-08-31"],
    ["the 29th of February of a leap year", { type: "string", format: "date" }, "2028-02-29"],
    ["a time in UTC", { type: "string", format: "date-time" }, "2026-08-01T12:00:00Z"],
    ["a time in a zone", { type: "string", format: "date-time" }, "2026-08-01T12:00:00.125+05:30"],
    ["a number", { type: "number" }, -1.5],
    ["the least number", { type: "number", minimum: 0, maximum: 1 }, 0],
    ["the greatest number", { type: "number", minimum: 0, maximum: 1 }, 1],
    ["a whole number", { type: "integer", minimum: 1 }, 7],
    ["a whole number written as 7.0", { type: "integer" }, Number("7.0")],
    ["true", { type: "boolean" }, true],
    ["false", { type: "boolean" }, false],
    ["one of the choices", one, "green"],
    ["the value of a titled choice", oneTitled, "#0f0"],
    ["the value of a choice with legacy names", oneLegacy, "#0f0"],
    ["no choice at all", many, []],
    ["several choices", many, ["red", "blue"]],
    ["the values of several titled choices", manyTitled, ["#f00", "#00f"]],
    ["the least count of choices", { ...many, minItems: 1, maxItems: 2 }, ["red"]],
    ["the greatest count of choices", { ...manyTitled, minItems: 1, maxItems: 2 }, ["#f00", "#0f0"]],
  ])("%s", (_what, field, value) => {
    expect(problemsOf(field, value)).toEqual([]);
  });
});

describe("a field of a form refuses", () => {
  it.each<[string, JsonObject, unknown, RegExp]>([
    ["a number for a text", { type: "string" }, 7, /text/],
    ["null for a text", { type: "string" }, null, /text/],
    ["a text too short", { type: "string", minLength: 3 }, "ab", /at least 3/],
    ["a text too long", { type: "string", maxLength: 3 }, "abcd", /at most 3/],
    ["two characters of four UTF-16 units as three", { type: "string", minLength: 3 }, "🌊🪸", /at least 3/],
    ["an e-mail address without @", { type: "string", format: "email" }, "luca.example.com", /email/],
    ["an e-mail address without a domain", { type: "string", format: "email" }, "luca@example", /email/],
    ["an e-mail address with a blank", { type: "string", format: "email" }, "lu ca@example.com", /email/],
    ["an e-mail address with two dots in a row", { type: "string", format: "email" }, "a..b@c.de", /email/],
    ["a web address without a scheme", { type: "string", format: "uri" }, "example.com/a", /uri/],
    ["a web address with a blank", { type: "string", format: "uri" }, "https://example.com/a b", /uri/],
    ["a web address with a blank before it", { type: "string", format: "uri" }, " https://a.example", /uri/],
    ["a web address beyond ASCII", { type: "string", format: "uri" }, "https://münchen.example", /uri/],
    ["a day that no calendar has", { type: "string", format: "date" }, "2026-02-29", /date/],
    ["a day written otherwise", { type: "string", format: "date" }, "29.2.2028", /date/],
    ["a day with a time", { type: "string", format: "date" }, "2026-08-01T12:00:00Z", /date/],
    ["a time without a zone", { type: "string", format: "date-time" }, "2026-08-01T12:00:00", /date-time/],
    ["a time of 24 o'clock", { type: "string", format: "date-time" }, "2026-08-01T24:00:00Z", /date-time/],
    ["a time on no day", { type: "string", format: "date-time" }, "2026-02-30T12:00:00Z", /date-time/],
    ["a zone of 99 hours", { type: "string", format: "date-time" }, "2026-08-01T12:00:00+99:00", /date-time/],
    ["a text for a number", { type: "number" }, "7", /number/],
    ["NaN, which JSON cannot carry", { type: "number" }, Number.NaN, /number/],
    ["infinity, which JSON cannot carry", { type: "number" }, Number.POSITIVE_INFINITY, /number/],
    ["a number too small", { type: "number", minimum: 0 }, -0.1, /at least 0/],
    ["a number too great", { type: "number", maximum: 1 }, 1.1, /at most 1/],
    ["a fraction for a whole number", { type: "integer" }, 1.5, /whole/],
    ["a whole number too great", { type: "integer", maximum: 6 }, 7, /at most 6/],
    ["a text for a yes or no", { type: "boolean" }, "true", /true or false/],
    ["a stranger to the choices", one, "yellow", /one of red, green, blue/],
    ["the title in place of the value", oneTitled, "Red", /one of #f00/],
    ["the legacy name in place of the value", oneLegacy, "Red", /one of #f00/],
    ["a list for a single choice", one, ["red"], /text/],
    ["a text for a list of choices", many, "red", /list/],
    ["a list with a stranger", many, ["red", "yellow"], /chosen from red/],
    ["a list with a title", manyTitled, ["Red"], /chosen from #f00/],
    ["a list with something that is not a text", many, [null], /chosen from red/],
    ["a list with a hole", many, [undefined], /chosen from red/],
    ["too few choices", { ...many, minItems: 1 }, [], /at least 1/],
    ["too many choices", { ...manyTitled, maxItems: 1 }, ["#f00", "#0f0"], /at most 1/],
  ])("%s", (_what, field, value, said) => {
    const problems = problemsOf(field, value);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^it /);
    expect(problems[0]).toMatch(said);
  });
});

describe("a form that is accepted", () => {
  it.each<[string, JsonObject, unknown]>([
    ["text", { type: "string", default: "here" }, "here"],
    ["text that is empty", { type: "string", default: "" }, ""],
    ["number", { type: "number", default: 0 }, 0],
    ["whole number", { type: "integer", default: 50 }, 50],
    ["yes or no", { type: "boolean", default: false }, false],
    ["choice", { ...one, default: "red" }, "red"],
    ["titled choice", { ...oneTitled, default: "#0f0" }, "#0f0"],
    ["choice with legacy names", { ...oneLegacy, default: "#f00" }, "#f00"],
    ["list of choices", { ...many, default: ["red", "blue"] }, ["red", "blue"]],
    ["list of titled choices", { ...manyTitled, default: ["#f00"] }, ["#f00"]],
  ])("gets the default of a %s it leaves out, required or not", (_kind, field, value) => {
    for (const required of [[], ["it"]]) {
      const answer = check("elicitation/create", form({ it: field }, required), { action: "accept" });
      expect(answer).toEqual({ ok: true, response: { action: "accept", content: { it: value } } });
    }
  });

  it("keeps what was given where there is a default", () => {
    const params = form({ it: { type: "boolean", default: true } });
    expect(check("elicitation/create", params, { action: "accept", content: { it: false } })).toEqual({
      ok: true,
      response: { action: "accept", content: { it: false } },
    });
  });

  it("is refused without a required field, each missing one named", () => {
    const fields = { a: { type: "string" }, b: { type: "number" }, c: { type: "boolean" } };
    const answer = check("elicitation/create", form(fields, ["a", "b"]), { action: "accept", content: {} });
    expect(answer).toEqual({ ok: false, problems: ["a is required", "b is required"] });
  });

  it("may leave out what is not required", () => {
    const params = form({ a: { type: "string" }, b: { type: "number" } }, ["a"]);
    const answer = check("elicitation/create", params, { action: "accept", content: { a: "x" } });
    expect(answer).toEqual({ ok: true, response: { action: "accept", content: { a: "x" } } });
  });

  it("takes fields with the names that every object inherits for what they are", () => {
    const params = form({ constructor: { type: "string" }, toString: { type: "string" } }, ["toString"]);
    const empty = check("elicitation/create", params, { action: "accept", content: {} });
    expect(empty).toEqual({ ok: false, problems: ["toString is required"] });
    const content = { toString: "here" };
    expect(check("elicitation/create", params, { action: "accept", content })).toEqual({
      ok: true,
      response: { action: "accept", content },
    });
  });

  it("may hold fields nobody asked for", () => {
    const content = { it: "x", note: "unasked", list: ["a"] };
    const answer = check("elicitation/create", form({ it: { type: "string" } }), {
      action: "accept",
      content,
    });
    expect(answer).toEqual({ ok: true, response: { action: "accept", content } });
  });

  it("without a mode is a form all the same", () => {
    const { mode: _form, ...params } = form({ it: { type: "string" } }, ["it"]);
    expect(check("elicitation/create", params, { action: "accept" })).toEqual({
      ok: false,
      problems: ["it is required"],
    });
  });

  it("says everything that is wrong at once", () => {
    const params = form({ a: { type: "number" }, b: { type: "boolean" } }, ["c"]);
    const answer = check("elicitation/create", params, { action: "accept", content: { a: "1", b: 1 } });
    expect(answer.ok || answer.problems).toEqual([
      "c is required",
      "a must be a number",
      "b must be true or false",
    ]);
  });

  it("does not change what the app gave", () => {
    const content = Object.freeze({ it: "x" });
    const answer = check("elicitation/create", form({ more: { type: "number", default: 1 } }), {
      action: "accept",
      content,
    });
    expect(answer).toEqual({ ok: true, response: { action: "accept", content: { it: "x", more: 1 } } });
    expect(content).toEqual({ it: "x" });
  });
});

describe("an elicitation", () => {
  it.each(["decline", "cancel"])("that is answered with %s carries no content", (action) => {
    const params = form({ it: { type: "string" } }, ["it"]);
    const answer = check("elicitation/create", params, { action, content: { it: 7 }, more: true });
    expect(answer).toEqual({ ok: true, response: { action } });
  });

  it("in URL mode is accepted without content: what is done there goes past the client", () => {
    const params = { mode: "url", message: "Sign in", url: "https://example.com/key" };
    expect(violations("2026-07-28", "ElicitRequestURLParams", params)).toEqual([]);
    const answer = check("elicitation/create", params, { action: "accept", content: { key: "secret" } });
    expect(answer).toEqual({ ok: true, response: { action: "accept" } });
    expect(check("elicitation/create", params, { action: "decline" })).toEqual({
      ok: true,
      response: { action: "decline" },
    });
  });

  it.each([{}, { action: "accepted" }, { action: 1 }, { content: {} }])(
    "refuses %j, which is not one of the three actions",
    (response) => {
      expect(check("elicitation/create", form({}), response).ok).toBe(false);
    },
  );

  it.each(["yes", ["yes"], 7])("refuses %j for the content of a form", (content) => {
    const answer = check("elicitation/create", form({}), { action: "accept", content });
    expect(answer).toEqual({ ok: false, problems: ["content must be an object"] });
  });
});

describe("sampling", () => {
  const message = { role: "assistant", model: "kelp-1", content: { type: "text", text: "Paris" } };

  it.each([message, { ...message, content: [message.content] }, { ...message, stopReason: "endTurn" }])(
    "takes the message as it is: %j",
    (response) => {
      expect(check("sampling/createMessage", {}, response)).toEqual({ ok: true, response });
    },
  );

  it("refuses one that lacks what the specification requires, and says what", () => {
    expect(check("sampling/createMessage", {}, {})).toEqual({
      ok: false,
      problems: ["role is missing", "model is missing", "content is missing"],
    });
    const wrong = { ...message, role: "system", content: "Paris" };
    expect(check("sampling/createMessage", {}, wrong)).toEqual({
      ok: false,
      problems: ["role is missing", "content is missing"],
    });
  });
});

describe("roots", () => {
  it.each([{ roots: [] }, { roots: [{ uri: "file:///home/luca", name: "Home" }] }])(
    "are taken as they are: %j",
    (response) => {
      expect(violations("2026-07-28", "ListRootsResult", response)).toEqual([]);
      expect(check("roots/list", {}, response)).toEqual({ ok: true, response });
    },
  );

  it.each([{}, { roots: {} }, { roots: ["file:///a"] }, { roots: [{ uri: "https://a.example" }] }])(
    "are refused when they are no list of file URIs: %j",
    (response) => {
      expect(check("roots/list", {}, response).ok).toBe(false);
    },
  );
});

it.each<InputMethod>(["elicitation/create", "sampling/createMessage", "roots/list"])(
  "%s refuses an answer that is not an object",
  (method) => {
    for (const response of [undefined, null, "accept", 1, ["accept"]]) {
      expect(check(method, {}, response)).toEqual({ ok: false, problems: ["The answer is not an object"] });
    }
  },
);
