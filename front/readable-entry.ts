import { isObject, type JsonObject } from "../src/protocol/json.ts";

const TEXTS: ReadonlySet<string> = new Set([
  "name",
  "title",
  "description",
  "mimeType",
  "uri",
  "uriTemplate",
]);
const OBJECTS: ReadonlySet<string> = new Set(["_meta", "execution"]);

/**
 * An entry of a list of tools, prompts or resources as every client can read it. The SDKs check a list as a whole: one entry
 * that does not fit would take those of all servers with it. A field that does not fit is left out, and a tool's arguments
 * are then any object.
 * @param key The field that identifies the entry, which it has. Its text stands for a name that is missing.
 */
export function readableEntry(entry: JsonObject, key: string): JsonObject {
  const fields = Object.entries(entry).flatMap(([field, value]) => {
    const read = readField(field, value);
    return read === undefined ? [] : [[field, read] as const];
  });
  return { name: entry[key], ...Object.fromEntries(fields) };
}

/** The entries of a list that have the field that identifies them, each as every client can read it. */
export function readableEntries(entries: unknown, key: string): readonly JsonObject[] {
  const identified = (entry: unknown): entry is JsonObject =>
    isObject(entry) && typeof entry[key] === "string";
  return Array.isArray(entries) ? entries.filter(identified).map((entry) => readableEntry(entry, key)) : [];
}

/** A tool as every client can read it. */
export function readableTool(tool: JsonObject): JsonObject {
  return { inputSchema: { type: "object" }, ...readableEntry(tool, "name") };
}

/** Some servers write out every field, as null where it has no value. */
function readField(field: string, value: unknown): unknown {
  if (value === null) return undefined;
  if (TEXTS.has(field)) return typeof value === "string" ? value : undefined;
  if (OBJECTS.has(field)) return isObject(value) ? value : undefined;
  switch (field) {
    case "inputSchema":
    case "outputSchema":
      return objectSchema(value);
    case "annotations":
      return isObject(value) ? Object.fromEntries(Object.entries(value).filter(isAnnotation)) : undefined;
    case "icons":
      return Array.isArray(value)
        ? value.filter((icon) => isObject(icon) && typeof icon.src === "string")
        : undefined;
    // Of a prompt.
    case "arguments":
      return Array.isArray(value) ? readableEntries(value, "name") : undefined;
    default:
      return value;
  }
}

function isAnnotation([field, value]: readonly [string, unknown]): boolean {
  if (field.endsWith("Hint")) return typeof value === "boolean";
  return field === "title" ? typeof value === "string" : value !== null;
}

/** The schema of an object, as arguments and structured results are (tools, "Tool"). Undefined for any other schema. */
function objectSchema(schema: unknown): JsonObject | undefined {
  if (!isObject(schema)) return undefined;
  const { type = "object", properties, required, ...others } = schema;
  if (type !== "object" && !(Array.isArray(type) && type.includes("object"))) return undefined;
  return {
    ...others,
    type: "object",
    ...(isObject(properties) && { properties: withoutBooleans(properties) }),
    ...(Array.isArray(required) && { required: required.filter((name) => typeof name === "string") }),
  };
}

/** JSON Schema has `true` and `false` for any value and none; the SDKs read objects only. */
function withoutBooleans(properties: JsonObject): JsonObject {
  if (Object.values(properties).every(isObject)) return properties;
  const read = (schema: unknown): unknown =>
    isObject(schema) ? schema : schema === false ? { not: {} } : {};
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, read(schema)]));
}
