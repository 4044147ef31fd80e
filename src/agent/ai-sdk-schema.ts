import { isObject, type JsonObject } from "../protocol/json.ts";
import { ARGUMENTS_FORM } from "./messages.ts";
import { uncomposed } from "./parameter-schema.ts";

/** How the AI SDK knows a schema of its own, in all copies of it. */
const SCHEMA = Symbol.for("vercel.ai.schema");

/** Standard Schema (standardschema.dev), with its JSON Schema. */
export interface AiSdkSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => { readonly value: JsonObject } | AiSdkIssues;
    readonly jsonSchema: { readonly input: () => SchemaJson; readonly output: () => SchemaJson };
  };
}

/** Why arguments are invalid. */
export interface AiSdkIssues {
  readonly issues: readonly { readonly message: string }[];
}

export type SchemaJson = Record<string, unknown>;

/**
 * Standard Schema is what the types of the AI SDK take, but it closes every object in the JSON Schema
 * (`additionalProperties: false`), and free-form arguments with it. With the mark of its own schemas
 * the JSON Schema goes to the model as the server sent it, but for what is composed at its top.
 */
export function schemaOf(jsonSchema: JsonObject): AiSdkSchema {
  const plain = uncomposed(jsonSchema);
  const complete = plain.type === "object" ? plain : { ...plain, type: "object" };
  // The AI SDK writes into what it is given.
  const copy = (): SchemaJson => JSON.parse(JSON.stringify(complete)) as SchemaJson;
  const own = {
    [SCHEMA]: true,
    jsonSchema: complete,
    validate: (value: unknown) =>
      isObject(value) ? { success: true, value } : { success: false, error: new TypeError(ARGUMENTS_FORM) },
  };
  return {
    ...own,
    "~standard": {
      version: 1,
      vendor: "holdfast",
      validate: (value) => (isObject(value) ? { value } : { issues: [{ message: ARGUMENTS_FORM }] }),
      jsonSchema: { input: copy, output: copy },
    },
  };
}
