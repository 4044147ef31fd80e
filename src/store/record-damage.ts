import { isObject, type JsonObject } from "../protocol/json.ts";

/** The fields that an object has, and of which type. A name that ends with `?` may be absent. */
interface Shape {
  readonly [field: string]: Type;
}
type Type = "string" | "number" | "object" | Shape | readonly [each: Type];

/** What of a record the engine and the views read without a further look. */
const RECORD: Shape = {
  rev: "number",
  id: "string",
  endpoint: "string",
  stage: "string",
  createdAt: "number",
  call: { name: "string", recovery: "string", rounds: "number" },
  inputs: [{ key: "string", method: "string", params: "object", state: "string" }],
  "taskId?": "string",
  "snapshot?": { status: "string", createdAt: "string", lastUpdatedAt: "string" },
  "addressees?": ["string"],
  "cancel?": { requestedAt: "number" },
  "search?": { tries: "number", at: "number" },
  "stream?": { requestId: "number", lastEventId: "string", at: "number" },
  "doubt?": { createdAt: "string", since: "number" },
  "trace?": "object",
};
const DETAIL: Shape = { detail: "string", "candidates?": ["string"] };
/** By the kind of the outcome. */
const OUTCOMES: Shape = {
  completed: { result: "object" },
  failed: { error: { message: "string" } },
  cancelled: {},
  expired: DETAIL,
  lost: DETAIL,
};
/** By the stage, what its records have beside the others. */
const STAGES: Shape = { running: { taskId: "string" }, settled: { outcome: "object" } };

/** Returns the names of the fields that are missing or damaged, each once. */
export function damageOf(record: JsonObject): readonly string[] {
  const { stage, outcome } = record;
  const damaged = new Set([...misfits(record, RECORD), ...misfits(record, STAGES[String(stage)] ?? {})]);
  const isWhole =
    outcome === undefined || (isObject(outcome) && fits(outcome, OUTCOMES[String(outcome.kind)]));
  if (!isWhole) damaged.add("outcome");
  return [...damaged];
}

function misfits(object: JsonObject, shape: Type): readonly string[] {
  return Object.entries(shape).flatMap(([field, type]) => {
    const name = field.replace("?", "");
    const value = object[name];
    return (value === undefined && name !== field) || fits(value, type) ? [] : name;
  });
}

function fits(value: unknown, type: Type | undefined): boolean {
  if (type === "object") return isObject(value);
  if (typeof type === "string") return typeof value === type && !Number.isNaN(value);
  if (Array.isArray(type)) return Array.isArray(value) && value.every((each) => fits(each, type[0]));
  return type !== undefined && isObject(value) && misfits(value, type as Shape).length === 0;
}
