import fc from "fast-check";
import { isObject, type JsonObject } from "../../../src/protocol/json.ts";
import { mutationOf } from "../../fixtures/mutations.ts";
import type { SchemaName } from "../../fixtures/schema-check.ts";
import { valuesOf } from "../../fixtures/schema-values.ts";

export type FuzzedGeneration = "2025-11-25" | "2026-07-28";

/** How the server treats one request. */
export type Behaviour =
  | { readonly kind: "well" | "silent" | "cut" }
  | {
      readonly kind: "result";
      readonly value: unknown;
      /** The reply is about the task of the request, and a list of tools has the tool of the call. */
      readonly fits: boolean;
      /** Sends the same reply again: at once, or after the next request. */
      readonly again: "no" | "now" | "later";
    }
  | { readonly kind: "error"; readonly error: unknown };

/** What a server sends unasked. */
export interface Unasked {
  readonly message: JsonObject;
  /** The message names the server's task, the latest subscription and the latest progress token. Otherwise, foreign ones. */
  readonly fits: boolean;
}

/** What happens in one life of a client. */
export interface Script {
  /** By method: how the server treats the first requests, in order. It answers later ones well. */
  readonly replies: Readonly<Record<string, readonly Behaviour[]>>;
  /** What the server sends unasked, one message after each request. */
  readonly unasked: readonly Unasked[];
  /** The process ends after so many timers, and another one resumes. */
  readonly endsAfter: number | null;
  /** The id of the task that the server makes. Some servers count. */
  readonly taskId: string | number;
  /** The server answers the request 1 with the id "1". */
  readonly textIds: boolean;
  /** How the app answers questions: late is once the server is healed. */
  readonly answers: "fitting" | "declined" | "late";
}

type Definition = readonly [schema: SchemaName, name: string];

const REPLIES: Readonly<Record<FuzzedGeneration, Readonly<Record<string, readonly Definition[]>>>> = {
  "2025-11-25": {
    initialize: [["2025-11-25", "InitializeResult"]],
    "tools/list": [["2025-11-25", "ListToolsResult"]],
    "tools/call": [
      ["2025-11-25", "CallToolResult"],
      ["2025-11-25", "CreateTaskResult"],
    ],
    "tasks/get": [["2025-11-25", "GetTaskResult"]],
    "tasks/result": [["2025-11-25", "CallToolResult"]],
    "tasks/list": [["2025-11-25", "ListTasksResult"]],
    "tasks/cancel": [["2025-11-25", "CancelTaskResult"]],
  },
  "2026-07-28": {
    "server/discover": [["2026-07-28", "DiscoverResult"]],
    "tools/list": [["2026-07-28", "ListToolsResult"]],
    "tools/call": [
      ["2026-07-28", "CallToolResult"],
      ["2026-07-28/tasks", "CreateTaskResult"],
      ["2026-07-28", "InputRequiredResult"],
    ],
    "tasks/get": [["2026-07-28/tasks", "GetTaskResult"]],
    "tasks/update": [["2026-07-28/tasks", "UpdateTaskResult"]],
    "tasks/cancel": [["2026-07-28/tasks", "CancelTaskResult"]],
    "subscriptions/listen": [["2026-07-28", "SubscriptionsListenResult"]],
  },
};

const UNASKED: Readonly<Record<FuzzedGeneration, readonly Definition[]>> = {
  "2025-11-25": [
    ["2025-11-25", "ServerNotification"],
    ["2025-11-25", "ServerRequest"],
    ["2025-11-25", "ProgressNotification"],
    ["2025-11-25", "TaskStatusNotification"],
    ["2025-11-25", "ElicitRequest"],
    ["2025-11-25", "CreateMessageRequest"],
    ["2025-11-25", "ListRootsRequest"],
  ],
  "2026-07-28": [
    ["2026-07-28", "ServerNotification"],
    ["2026-07-28", "ProgressNotification"],
    ["2026-07-28/tasks", "TaskStatusNotification"],
  ],
};

/** The schemas leave `resultType` any text. */
const RESULT_TYPES: Readonly<Record<string, string>> = {
  CallToolResult: "complete",
  InputRequiredResult: "input_required",
};

const rpcError = fc.record(
  {
    code: fc.constantFrom(-32601, -32602, -32603, -32600, -32000, -32042, 0, 404),
    message: fc.string(),
    data: fc.jsonValue(),
  },
  { requiredKeys: ["code", "message"] },
);

/** Stand for a text of 1 MB, and for objects nested 10,000 levels deep: a counterexample stays readable. See {@link expanded}. */
const HUGE = "«huge»";
const DEEP = "«deep»";
const hugeText = "x".repeat(1_048_576);
const deepText = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;

/** Replaces what stands for huge and for deep values. */
export function expanded(value: unknown): unknown {
  const text = JSON.stringify(value);
  if (!text.includes("«")) return value;
  return JSON.parse(text.replaceAll(HUGE, hugeText).replaceAll(`"${DEEP}"`, deepText)) as unknown;
}

/** Whether the value is refused for its depth, whatever else it says. */
export function isDeep(value: unknown): boolean {
  return JSON.stringify(value).includes(`"${DEEP}"`);
}

const hostile = fc.constantFrom<unknown>(
  HUGE,
  DEEP,
  "7",
  "__proto__",
  JSON.parse('{"__proto__":{"polluted":true}}'),
);

/** Adds a field whose name objects inherit. */
function withInherited(value: JsonObject): fc.Arbitrary<JsonObject> {
  const field = fc.tuple(
    fc.constantFrom("__proto__", "constructor", "toString"),
    fc.oneof(hostile, fc.jsonValue()),
  );
  return field.map((added) => Object.fromEntries([...Object.entries(value), added]) as JsonObject);
}

/** Returns values that are valid by one of the definitions, values with one defect, and any JSON. */
function values(definitions: readonly Definition[]): fc.Arbitrary<unknown> {
  const valid = fc.oneof(
    ...definitions.map(([schema, name]) => {
      const resultType = schema.startsWith("2026") ? RESULT_TYPES[name] : undefined;
      return valuesOf(schema, name).map((value) =>
        resultType === undefined ? value : { ...value, resultType },
      );
    }),
  );
  return fc.oneof(
    { weight: 8, arbitrary: valid },
    { weight: 6, arbitrary: valid.chain((value) => mutationOf([value])) },
    { weight: 2, arbitrary: valid.chain((value) => mutationOf([value], hostile)) },
    { weight: 1, arbitrary: valid.chain(withInherited) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
}

function behaviours(definitions: readonly Definition[]): fc.Arbitrary<readonly Behaviour[]> {
  const result = fc.record({
    kind: fc.constant("result" as const),
    value: values(definitions),
    fits: fc.boolean(),
    again: fc.constantFrom("no" as const, "no" as const, "now" as const, "later" as const),
  });
  const error = fc.record({
    kind: fc.constant("error" as const),
    error: fc.oneof(
      rpcError,
      rpcError.chain((valid) => mutationOf([valid])),
      rpcError.chain((valid) => mutationOf([valid], hostile)),
    ),
  });
  return fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant<Behaviour>({ kind: "well" }) },
      { weight: 6, arbitrary: result },
      { weight: 1, arbitrary: error },
      { weight: 1, arbitrary: fc.constantFrom<Behaviour>({ kind: "silent" }, { kind: "cut" }) },
    ),
    { maxLength: 5 },
  );
}

/** Returns scripts for servers of one generation. */
export function scripts(generation: FuzzedGeneration): fc.Arbitrary<Script> {
  const replies = Object.fromEntries(
    Object.entries(REPLIES[generation]).map(([method, definitions]) => {
      const sequence = behaviours(definitions);
      // A client gets no further than a handshake that fails.
      const isHandshake = method === "initialize" || method === "server/discover";
      const rarely = fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: sequence });
      return [method, isHandshake ? rarely : sequence];
    }),
  );
  const message = values(UNASKED[generation]).filter(isObject) as fc.Arbitrary<JsonObject>;
  return fc.record({
    replies: fc.record(replies),
    unasked: fc.array(fc.record({ message, fits: fc.boolean() }), { maxLength: 6 }),
    endsAfter: fc.option(fc.nat(20)),
    taskId: fc.constantFrom<string | number>("good", "good", "7", 7),
    textIds: fc.boolean(),
    answers: fc.constantFrom("fitting" as const, "declined" as const, "late" as const),
  });
}
