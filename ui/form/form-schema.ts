import type { RJSFSchema } from "@rjsf/utils";

type Json = { readonly [key: string]: unknown };

/**
 * The schema as the form library wants it: titled choices of an elicitation (`enumNames`) become `oneOf`, and a value or null
 * is a field that may be left empty.
 */
export function formSchema(schema: unknown): RJSFSchema {
  return shaped(schema) as RJSFSchema;
}

/** A question's: of a list of choices each may be taken once, as its specification has it, also where its schema leaves that out. */
export function questionSchema(schema: unknown): unknown {
  const { properties } = Object(schema) as Json;
  if (typeof properties !== "object" || properties === null) return schema;
  const fields = Object.entries(properties).map(([name, field]) => [name, chosenOnce(field)]);
  return { ...Object(schema), properties: Object.fromEntries(fields) };
}

function chosenOnce(field: unknown): unknown {
  const { type, items } = Object(field) as Json;
  const { enum: values, anyOf } = Object(items) as Json;
  return type === "array" && Array.isArray(values ?? anyOf) ? { ...Object(field), uniqueItems: true } : field;
}

function shaped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shaped);
  if (typeof value !== "object" || value === null) return value;
  const inside = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shaped(part)]));
  return emptiable(titled(inside));
}

function titled({ enum: values, enumNames: names, ...rest }: Json): Json {
  if (!Array.isArray(values)) return values === undefined ? rest : { ...rest, enum: values };
  if (!Array.isArray(names)) return { ...rest, enum: values };
  return {
    ...rest,
    oneOf: values.map((choice: unknown, index) => ({ const: choice, title: String(names[index] ?? choice) })),
  };
}

const PLAIN: ReadonlySet<unknown> = new Set(["string", "number", "integer", "boolean"]);

/**
 * Python's servers say so of each optional argument (`int | None = None`). The form library would have one choose between the two
 * first, and a null that is the default anyway need not be sent.
 */
function emptiable({ anyOf, ...rest }: Json): Json {
  const asItIs = anyOf === undefined ? rest : { ...rest, anyOf };
  if (!Array.isArray(anyOf) || anyOf.length !== 2 || rest.type !== undefined) return asItIs;
  const isNull = (part: unknown): boolean => (Object(part) as Json).type === "null";
  const one = Object(anyOf.find((part) => !isNull(part))) as Json;
  if (!anyOf.some(isNull) || !PLAIN.has(one.type) || one.enum !== undefined) return asItIs;
  const { default: given, ...said } = rest;
  return {
    ...one,
    ...said,
    ...(given !== null && given !== undefined && { default: given }),
    type: [one.type, "null"],
  };
}
