import { isObject, type JsonObject } from "../../src/protocol/json.ts";

/** The fields of a running result that every one has. */
const RUNNING: JsonObject = {
  type: "object",
  title: "Running task",
  properties: {
    task: { type: "string" },
    status: { type: "string", enum: ["working", "input_required"] },
    startedAt: { type: "string" },
    elapsedMs: { type: "number" },
    nextCheckMs: { type: "number" },
  },
  required: ["task", "status", "startedAt", "elapsedMs", "nextCheckMs"],
};

/**
 * A tool's output schema, widened by what a running result has: clients refuse results that do not fit. Undefined where the
 * schema refers to its own root, which is elsewhere then.
 */
export function orRunning(schema: JsonObject): JsonObject | undefined {
  const { $schema, $defs, definitions, ...own } = schema;
  if (refersToRoot(schema)) return undefined;
  return {
    ...($schema !== undefined && { $schema }),
    type: "object",
    anyOf: [own, RUNNING],
    ...($defs !== undefined && { $defs }),
    ...(definitions !== undefined && { definitions }),
  };
}

function refersToRoot(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(refersToRoot);
  if (!isObject(value)) return false;
  const { $ref, $dynamicRef, $id } = value;
  const refs = [$ref, $dynamicRef].filter((ref) => typeof ref === "string");
  if ($id !== undefined || refs.some((ref) => !/^#\/(\$defs|definitions)\//.test(ref))) return true;
  return Object.values(value).some(refersToRoot);
}
