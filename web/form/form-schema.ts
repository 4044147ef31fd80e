import type { RJSFSchema } from "@rjsf/utils";

type Json = { readonly [key: string]: unknown };

/** The schema as the form library wants it: titled choices of an elicitation (`enumNames`) become `oneOf`. */
export function formSchema(schema: unknown): RJSFSchema {
  return titled(schema) as RJSFSchema;
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

function titled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(titled);
  if (typeof value !== "object" || value === null) return value;
  const { enum: values, enumNames: names, ...rest } = value as Json;
  const inside = Object.fromEntries(Object.entries(rest).map(([key, part]) => [key, titled(part)]));
  if (!Array.isArray(values)) return values === undefined ? inside : { ...inside, enum: values };
  if (!Array.isArray(names)) return { ...inside, enum: values };
  return {
    ...inside,
    oneOf: values.map((choice: unknown, index) => ({ const: choice, title: String(names[index] ?? choice) })),
  };
}
