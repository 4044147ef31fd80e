import type { RJSFSchema } from "@rjsf/utils";

type Json = { readonly [key: string]: unknown };

/** The schema as the form library wants it: titled choices of an elicitation (`enumNames`) become `oneOf`. */
export function formSchema(schema: unknown): RJSFSchema {
  return titled(schema) as RJSFSchema;
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
