import { Ajv2020 } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkAnswer } from "../../../src/protocol/answer.ts";
import type { InputMethod } from "../../../src/protocol/input-request.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";

const METHODS: readonly InputMethod[] = ["elicitation/create", "sampling/createMessage", "roots/list"];

/** The validator that the SDK's servers use; it too shall not take what an object inherits for a field. */
const ajv = new Ajv2020({ strict: false, ownProperties: true });
// ajv-formats is CommonJS: its function is the default of its default.
(ajvFormats as unknown as (target: Ajv2020) => void)(ajv);

// ── any JSON at all, the words of forms among it ───────────────────────────────────────────────

const word = fc.constantFrom(
  ...["type", "string", "number", "integer", "boolean", "array", "object", "enum", "oneOf", "anyOf", "const"],
  ...["items", "minItems", "maxLength", "minimum", "format", "email", "uri", "date", "date-time", "default"],
  ...["properties", "required", "requestedSchema", "mode", "url", "action", "accept", "content", "roots"],
  ...["__proto__", "constructor", "toString", "valueOf", "hasOwnProperty", "__defineGetter__"],
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(word, fc.string(), fc.double(), fc.boolean(), fc.constant(null)),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(word, fc.string()), tie("json"), { maxKeys: 5 }),
  ),
}));
const object = fc.dictionary(fc.oneof(word, fc.string()), json, { maxKeys: 6 });
/** A form whose fields are anything. */
const oddForm = fc.record({
  requestedSchema: fc.record({
    properties: fc.dictionary(
      fc.oneof(word, fc.constantFrom("a", "b")),
      fc.oneof(
        json,
        fc.record(
          {
            type: fc.constantFrom("string", "number", "integer", "boolean", "array"),
            enum: fc.array(json, { maxLength: 3 }),
            oneOf: fc.array(fc.oneof(json, fc.record({ const: json })), { maxLength: 3 }),
            items: fc.oneof(json, fc.record({ enum: fc.array(json, { maxLength: 3 }) })),
            format: fc.oneof(word, json),
            minLength: json,
            minimum: json,
            maxItems: json,
            default: json,
          },
          { requiredKeys: ["type"] },
        ),
      ),
      { maxKeys: 4 },
    ),
    required: fc.oneof(fc.array(json, { maxLength: 3 }), json),
  }),
});
const oddAnswer = fc.record({
  action: fc.constant("accept"),
  content: fc.dictionary(fc.oneof(word, fc.constantFrom("a", "b")), json, { maxKeys: 4 }),
});

// ── forms as the specification has them, with answers that nearly fit ──────────────────────────

const edition = fc.constantFrom("draft", "preprint", "published", "retracted");
const editions = fc.uniqueArray(edition, { minLength: 1 });
const titled = editions.map((values) => values.map((value) => ({ const: value, title: `The ${value}` })));
const count = fc.option(fc.nat(4), { nil: undefined });

/** Texts of a format, and texts that are just not. */
const TEXTS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  email: fc.oneof(fc.emailAddress(), fc.constantFrom("a@b", "a..b@c.de", "jörg@c.de", "a@-b.de", "a@b.c\n")),
  uri: fc.oneof(
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    fc.constantFrom(
      "a:b",
      "a:",
      "http://",
      "http://a b",
      "http://ä.de",
      "a:%zz",
      "//a",
      "http://a:99999/",
      "a:[b]",
    ),
    fc.string({ unit: fc.constantFrom(..."ab:/?#[]@%2F. ") }).map((rest) => `http:${rest}`),
    fc.string({ unit: fc.constantFrom(..."ab:/?#[]@%2F. ") }).map((rest) => `urn:${rest}`),
  ),
  date: fc
    .tuple(fc.integer({ min: 0, max: 9999 }), fc.nat(13), fc.nat(32))
    .map(([year, month, day]) => `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`),
  "date-time": fc
    .tuple(
      fc.constantFrom("2026-08-01", "2026-02-29", "2028-02-29"),
      fc.constantFrom("T", "t", " "),
      fc.tuple(fc.nat(25), fc.nat(61), fc.nat(61)).map((parts) => parts.map((n) => padded(n, 2)).join(":")),
      fc.constantFrom("", ".5", "."),
      fc.constantFrom("Z", "z", "", "+05:30", "-23:59", "+24:00", "+0530", "+12:60"),
    )
    .map((parts) => parts.join("")),
};

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

interface Field {
  readonly schema: JsonObject;
  readonly value: unknown;
}

/** A field and a value for it; the default, where it has one, is such a value too. */
function fieldOf(schema: fc.Arbitrary<JsonObject>, value: fc.Arbitrary<unknown>): fc.Arbitrary<Field> {
  return fc.tuple(schema, value, value, fc.boolean()).map(([plain, given, otherwise, hasDefault]) => ({
    schema: JSON.parse(JSON.stringify({ ...plain, ...(hasDefault && { default: otherwise }) })) as JsonObject,
    value: given,
  }));
}

const text = fc.string({ unit: fc.constantFrom("a", "é", "🌊", " "), maxLength: 6 });
const bounds = { minimum: count, maximum: count };
const lengths = { minLength: count, maxLength: count };
const sizes = { minItems: count, maxItems: count };
const number = fc.oneof(fc.integer({ min: -2, max: 6 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
const choices = fc.array(edition, { maxLength: 5 });

const field: fc.Arbitrary<Field> = fc.oneof(
  fieldOf(fc.record({ type: fc.constant("string"), ...lengths }), text),
  ...Object.entries(TEXTS).map(([format, texts]) =>
    fieldOf(fc.constant({ type: "string", format }), fc.oneof({ weight: 4, arbitrary: texts }, text)),
  ),
  fieldOf(fc.record({ type: fc.constantFrom("number", "integer"), ...bounds }), number),
  fieldOf(fc.constant({ type: "boolean" }), fc.oneof(fc.boolean(), fc.constant("true"))),
  fieldOf(fc.record({ type: fc.constant("string"), enum: editions }), edition),
  fieldOf(fc.record({ type: fc.constant("string"), oneOf: titled }), edition),
  fieldOf(
    editions.map((values) => ({
      type: "string",
      enum: values,
      enumNames: values.map((name) => `<${name}>`),
    })),
    edition,
  ),
  fieldOf(
    fc.record({
      type: fc.constant("array"),
      items: fc.record({ type: fc.constant("string"), enum: editions }),
      ...sizes,
    }),
    choices,
  ),
  fieldOf(fc.record({ type: fc.constant("array"), items: fc.record({ anyOf: titled }), ...sizes }), choices),
);

const filledForm = fc
  .dictionary(fc.constantFrom("a", "b", "constructor"), field, { minKeys: 1 })
  .chain((fields) => {
    const names = Object.keys(fields);
    return fc.tuple(fc.constant(fields), fc.subarray(names), fc.subarray(names, { minLength: 0 }));
  })
  .map(([fields, required, given]) => ({
    requestedSchema: {
      type: "object",
      properties: Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, schema])),
      required,
    },
    content: Object.fromEntries(given.map((name) => [name, fields[name]?.value])),
  }));

describe("checking an answer", () => {
  it("never throws, whatever JSON the question and the answer are", () => {
    let accepted = 0;
    const run = (method: InputMethod, params: JsonObject, response: unknown): void => {
      if (checkAnswer({ key: "k", method, params }, response).ok) accepted++;
    };
    fc.assert(fc.property(fc.constantFrom(...METHODS), object, fc.oneof(object, json), run), {
      numRuns: 2_000,
    });
    fc.assert(fc.property(fc.constant<InputMethod>("elicitation/create"), oddForm, oddAnswer, run), {
      numRuns: 5_000,
    });
    // Or it would only ever have looked at refusals.
    expect(accepted).toBeGreaterThan(50);
  });

  it("accepts nothing that a server's validator would refuse", () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(filledForm, ({ requestedSchema, content }) => {
        const checked = checkAnswer(
          { key: "k", method: "elicitation/create", params: { mode: "form", requestedSchema } },
          { action: "accept", content },
        );
        if (!checked.ok) {
          seen.refused++;
          return;
        }
        seen.accepted++;
        const validate = ajv.compile(requestedSchema);
        // As it travels.
        const sent: unknown = JSON.parse(JSON.stringify(checked.response.content));
        expect(validate(sent) ? [] : [validate.errors, sent, requestedSchema]).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
    expect(seen.accepted).toBeGreaterThan(300);
    expect(seen.refused).toBeGreaterThan(300);
  });
});
