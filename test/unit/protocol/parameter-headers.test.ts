import { describe, expect, it } from "vitest";
import {
  encodeHeaderValue,
  parameterHeaders,
  readHeaderParameters,
} from "../../../src/protocol/parameter-headers.ts";

/** An input schema with these properties. */
function schema(properties: object, rest: object = {}): object {
  return { type: "object", properties, ...rest };
}

const annotated = (name: unknown, type: unknown = "string"): object => ({ type, "x-mcp-header": name });

describe('"x-mcp-header": what a tool may declare (streamable-http, Schema Extension)', () => {
  it.each(["string", "integer", "boolean"])("a parameter of type %s", (type) => {
    expect(readHeaderParameters(schema({ region: annotated("Region", type) }))).toEqual([
      { header: "Region", path: ["region"] },
    ]);
  });

  it("nested properties, as long as every step is a properties key", () => {
    const nested = schema({ where: schema({ zone: schema({ region: annotated("Region") }) }) });
    expect(readHeaderParameters(nested)).toEqual([{ header: "Region", path: ["where", "zone", "region"] }]);
  });

  it("several parameters, each by a name of its own", () => {
    const two = schema({ a: annotated("First"), b: annotated("Second", "integer") });
    expect(readHeaderParameters(two)).toEqual([
      { header: "First", path: ["a"] },
      { header: "Second", path: ["b"] },
    ]);
  });

  it("every character an HTTP token may have", () => {
    const token = "!#$%&'*+-.^_`|~0123456789AZaz";
    expect(readHeaderParameters(schema({ a: annotated(token) }))).toEqual([{ header: token, path: ["a"] }]);
  });

  it("nothing at all", () => {
    expect(readHeaderParameters(schema({ a: { type: "string" } }))).toEqual([]);
    expect(readHeaderParameters(undefined)).toEqual([]);
  });

  it("properties that happen to be named like keywords", () => {
    const names = schema({
      "x-mcp-header": { type: "string" },
      items: annotated("Items"),
      properties: schema({ const: annotated("Const") }),
    });
    expect(readHeaderParameters(names)).toEqual([
      { header: "Items", path: ["items"] },
      { header: "Const", path: ["properties", "const"] },
    ]);
  });

  it("data that looks like an annotation and is not one", () => {
    const data = schema({
      a: { type: "object", default: annotated("X"), examples: [annotated("Y")], const: annotated("Z") },
      b: { enum: [annotated("W")] },
    });
    expect(readHeaderParameters(data)).toEqual([]);
  });
});

describe('"x-mcp-header": what makes a tool invalid', () => {
  const invalid: Record<string, object> = {
    "an empty name": schema({ a: annotated("") }),
    "a name with a space": schema({ a: annotated("My Region") }),
    "a name with a colon": schema({ a: annotated("Region:") }),
    "a name with a control character": schema({ a: annotated("Region\u0000") }),
    "a name with CR and LF": schema({ a: annotated("Region\r\nX-Evil: 1") }),
    "a name that ends in LF": schema({ a: annotated("Region\n") }),
    "a name beyond ASCII": schema({ a: annotated("Région") }),
    "a name that is not a text": schema({ a: annotated(7) }),
    "a name that is null": schema({ a: annotated(null) }),
    "two names that differ only by case": schema({ a: annotated("Region"), b: annotated("REGION") }),
    "the same name at two depths": schema({ a: annotated("Region"), b: schema({ c: annotated("region") }) }),
    "a parameter of type number": schema({ a: annotated("A", "number") }),
    "a parameter of type object": schema({ a: annotated("A", "object") }),
    "a parameter of type array": schema({ a: annotated("A", "array") }),
    "a parameter of type null": schema({ a: annotated("A", "null") }),
    "a parameter without a type": schema({ a: { "x-mcp-header": "A" } }),
    "an annotation of the root": { ...annotated("A", "string") },
    "an annotation in items": schema({ list: { type: "array", items: annotated("A") } }),
    "an annotation in prefixItems": schema({ list: { type: "array", prefixItems: [annotated("A")] } }),
    "an annotation in contains": schema({ list: { type: "array", contains: annotated("A") } }),
    "an annotation in oneOf": schema({ a: { oneOf: [annotated("A")] } }),
    "an annotation in anyOf": schema({ a: { anyOf: [annotated("A"), { type: "null" }] } }),
    "an annotation in allOf": schema({}, { allOf: [schema({ a: annotated("A") })] }),
    "an annotation in not": schema({ a: { not: annotated("A") } }),
    "an annotation in if": schema({}, { if: schema({ a: annotated("A") }) }),
    // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema
    "an annotation in then": schema({}, { then: schema({ a: annotated("A") }) }),
    "an annotation in else": schema({}, { else: schema({ a: annotated("A") }) }),
    "an annotation in $defs, where only a $ref leads": schema(
      { a: { $ref: "#/$defs/region" } },
      { $defs: { region: annotated("A") } },
    ),
    "an annotation in additionalProperties": schema({}, { additionalProperties: annotated("A") }),
    "an annotation in patternProperties": schema({}, { patternProperties: { "^x": annotated("A") } }),
    "an annotation in properties below items": schema({
      list: { type: "array", items: schema({ a: annotated("A") }) },
    }),
    "an annotation in a definition that is named like a keyword": schema(
      { a: { $ref: "#/$defs/default" } },
      { $defs: { default: annotated("A") } },
    ),
  };

  it.each(Object.entries(invalid))("%s", (_what, inputSchema) => {
    expect(readHeaderParameters(inputSchema)).toBeUndefined();
  });

  it("a schema too deep to be looked through is not trusted, and does not overflow the stack", () => {
    let deep: object = annotated("A");
    for (let depth = 0; depth < 100_000; depth++) deep = { not: deep };
    expect(readHeaderParameters(schema({ a: deep }))).toBeUndefined();
  });
});

describe('"x-mcp-header": the headers of a call', () => {
  const region = [{ header: "Region", path: ["region"] }];

  it.each([
    ["text as it is", "us-west1", "us-west1"],
    ["an integer in decimal", 42, "42"],
    ["a negative integer", -7, "-7"],
    ["the greatest safe integer", Number.MAX_SAFE_INTEGER, "9007199254740991"],
    ["true", true, "true"],
    ["false", false, "false"],
    ["an empty text", "", ""],
  ])("%s", (_what, value, expected) => {
    expect(parameterHeaders(region, { region: value })).toEqual({ "Mcp-Param-Region": expected });
  });

  it.each([
    ["null", { region: null }],
    ["absent", {}],
    ["undefined", { region: undefined }],
    ["a fraction", { region: 1.5 }],
    ["an integer beyond the safe range", { region: 2 ** 53 }],
    ["an object", { region: {} }],
    ["only inherited", Object.create({ region: "us-west1" }) as Record<string, unknown>],
  ])("none when the value is %s", (_what, args) => {
    expect(parameterHeaders(region, args)).toEqual({});
  });

  it("the value is read at the exact path", () => {
    const nested = [{ header: "Region", path: ["where", "region"] }];
    expect(parameterHeaders(nested, { where: { region: "eu" }, region: "us" })).toEqual({
      "Mcp-Param-Region": "eu",
    });
    expect(parameterHeaders(nested, { where: ["eu"], region: "us" })).toEqual({});
  });
});

describe("the encoding of header values (streamable-http, Value Encoding)", () => {
  it.each([
    ["plain ASCII", "us-west1", "us-west1"],
    ["non-ASCII", "Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="],
    ["leading and trailing spaces", " padded ", "=?base64?IHBhZGRlZCA=?="],
    ["a newline", "line1\nline2", "=?base64?bGluZTEKbGluZTI=?="],
    ["the sentinel pattern", "=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="],
  ])("the specification's own table: %s", (_reason, value, encoded) => {
    expect(encodeHeaderValue(value)).toBe(encoded);
  });

  it.each([
    ["an inner space and tab", "a b\tc", "a b\tc"],
    ["a leading tab", "\tx", "=?base64?CXg=?="],
    ["a trailing newline", "x\n", "=?base64?eAo=?="],
    ["a carriage return", "a\rb", "=?base64?YQ1i?="],
    ["DEL", "a\u007fb", "=?base64?YX9i?="],
    ["the prefix alone", "=?base64?x", "=?base64?x"],
    ["markers in capitals, which are no markers", "=?BASE64?x?=", "=?BASE64?x?="],
  ])("%s", (_what, value, encoded) => {
    expect(encodeHeaderValue(value)).toBe(encoded);
  });
});
