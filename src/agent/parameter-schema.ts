import { isObject, type JsonObject } from "../protocol/json.ts";

/** A tool's schema where an API insists on an object with named properties: the same object if it is one. */
export function parameterSchema(schema: JsonObject): JsonObject & { readonly type: "object" } {
  const { type, properties } = schema;
  if (type === "object" && isObject(properties)) return schema as JsonObject & { readonly type: "object" };
  return { ...schema, type: "object", properties: isObject(properties) ? properties : {} };
}
