import { isObject, type JsonObject, sameJson } from "../protocol/json.ts";
import { alsoFits } from "./messages.ts";

const COMPOSITIONS = ["allOf", "anyOf", "oneOf"] as const;
/** How much that is said of one property is kept. */
const MOST_ALTERNATIVES = 20;

/** A tool's schema where an API insists on an object with named properties: the same object if it is one. */
export function parameterSchema(schema: JsonObject): JsonObject & { readonly type: "object" } {
  const plain = uncomposed(schema);
  const { type, properties } = plain;
  if (type === "object" && isObject(properties)) return plain as JsonObject & { readonly type: "object" };
  return { ...plain, type: "object", properties: isObject(properties) ? properties : {} };
}

/**
 * A schema with nothing composed at its top, for which model APIs refuse the whole request: the properties of all parts
 * are named together, and a description has the rest. The same object if nothing is composed.
 */
export function uncomposed(schema: JsonObject): JsonObject {
  const { allOf, anyOf, oneOf, not, enum: values, ...plain } = schema;
  const composed = JSON.stringify({ allOf, anyOf, oneOf, not, enum: values });
  if (composed === "{}") return schema;
  const named = new Map<string, unknown[]>();
  gather(schema, schema, named, new Set());
  const found = [...named].map(([name, all]) => [name, all.length === 1 ? all[0] : { anyOf: all }]);
  const described = typeof plain.description === "string" ? `${plain.description} ` : "";
  return {
    ...plain,
    properties: { ...Object.fromEntries(found), ...(isObject(plain.properties) && plain.properties) },
    description: described + alsoFits(composed),
  };
}

/** All that the schema and its parts say of each property. A part may refer to itself, or to others time and again. */
function gather(
  schema: unknown,
  root: JsonObject,
  named: Map<string, unknown[]>,
  seen: Set<JsonObject>,
): void {
  const part = referred(schema, root);
  if (!isObject(part) || seen.has(part)) return;
  seen.add(part);
  for (const [name, property] of Object.entries(isObject(part.properties) ? part.properties : {})) {
    const known = named.get(name) ?? [];
    const isKnown = known.some((other) => sameJson(other, property));
    if (!isKnown && known.length < MOST_ALTERNATIVES) named.set(name, [...known, property]);
  }
  for (const keyword of COMPOSITIONS) {
    const parts = part[keyword];
    if (Array.isArray(parts)) for (const each of parts) gather(each, root, named, seen);
  }
}

/** What a reference within the schema stands for. */
function referred(schema: unknown, root: JsonObject): unknown {
  const reference = isObject(schema) ? schema.$ref : undefined;
  if (typeof reference !== "string" || !reference.startsWith("#/")) return schema;
  const path = reference.slice(2).split("/");
  return path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), root);
}
