import { z } from "@hono/zod-openapi";
import type { ListedTool, TaskView } from "holdfast";
import { isObject } from "../../front/client-capabilities.ts";
import type { DeliveryView } from "../group/task-group-rpc.ts";

/*
 * The shapes on the wire, as the OpenAPI document describes them. What comes in is checked against them; what goes out is
 * made by the library, and tests hold it against them.
 */

/** A JSON object as it was sent. `z.record` leaves out a field called `__proto__`, which is data like others. */
const json = z
  .custom<Record<string, unknown>>(isObject, "Expected an object")
  .openapi({ type: "object", additionalProperties: {} });
const ms = z.int().min(0);

export const statusSchema = z
  .enum([
    "queued",
    "calling",
    "working",
    "input_required",
    "completed",
    "failed",
    "cancelled",
    "expired",
    "lost",
  ])
  .openapi({
    description:
      "`queued`: the call waits to be sent. `calling`: it is in flight. `working`: the server runs a task. `input_required`: it waits for an answer. The others are final.",
  });

const snapshotSchema = z
  .object({
    taskId: z.string(),
    status: z.enum(["working", "input_required", "completed", "failed", "cancelled"]),
    statusMessage: z.string().optional(),
    createdAt: z.string(),
    lastUpdatedAt: z.string(),
    ttlMs: ms.nullable(),
    pollIntervalMs: ms.optional(),
  })
  .openapi("Snapshot", { description: "What the server last said of the task." });

const inputRequestSchema = z
  .object({
    key: z.string(),
    method: z.string().openapi({
      description:
        "`elicitation/create`, `sampling/createMessage` or `roots/list`. A server may ask what this client does not know: decline it.",
    }),
    params: json,
    refusal: z
      .string()
      .optional()
      .openapi({ description: "Why the server refused the latest answer: the question is open again." }),
  })
  .openapi("InputRequest", { description: "A question of the server. Answer it under its key." });

const outcomeSchema = z
  .discriminatedUnion("kind", [
    z.object({
      kind: z.literal("completed"),
      result: z.looseObject({ content: z.array(z.looseObject({ type: z.string() })) }).openapi({
        description: "The tool's result as the server sent it. `isError` is the tool's own failure.",
      }),
      apart: z
        .literal(true)
        .optional()
        .openapi({ description: "`result` is left out here: get the task itself." }),
    }),
    z.object({
      kind: z.literal("failed"),
      error: z.looseObject({ reason: z.string(), message: z.string() }),
    }),
    z.object({ kind: z.literal("cancelled"), confirmed: z.boolean(), detail: z.string().optional() }),
    z.object({ kind: z.literal("expired"), detail: z.string() }),
    z.object({ kind: z.literal("lost"), detail: z.string(), candidates: z.array(z.string()).optional() }),
  ])
  .openapi("Outcome", { description: "How the task ended. Written once." });

export const taskShape = z
  .object({
    id: z.string(),
    endpoint: z.string(),
    generation: z
      .enum(["2025-11-25", "2026-07-28", "pairs"])
      .optional()
      .openapi({ description: "Absent while the call is queued and its server was never reached." }),
    tool: z.string(),
    arguments: json,
    status: statusSchema,
    asTask: z.literal(true).optional().openapi({ description: "The call may become a task, or did." }),
    rev: z.int().openapi({ description: "Raised with every change that is stored; the ETag." }),
    trace: z
      .object({ traceparent: z.string(), tracestate: z.string().optional() })
      .optional()
      .openapi({ description: "The W3C trace context that the requests to the server carry." }),
    addressees: z
      .array(z.string())
      .optional()
      .openapi({ description: "Who is to learn of the end and of the questions, as the call named them." }),
    createdAt: ms.openapi({ description: "Milliseconds since 1970, like every time here." }),
    acceptedAt: ms.optional().openapi({
      description: "When the server accepted the call as a task: `snapshot.ttlMs` counts from here.",
    }),
    settledAt: ms.optional(),
    taskId: z.string().optional().openapi({ description: "The server's id of the task." }),
    immediateResponse: z
      .string()
      .optional()
      .openapi({ description: "What the server wants a model to read meanwhile." }),
    snapshot: snapshotSchema.optional(),
    progress: z
      .object({ progress: z.number(), total: z.number().optional(), message: z.string().optional() })
      .optional(),
    inputRequests: z.array(inputRequestSchema),
    cancelling: z.boolean(),
    retry: z
      .object({ failure: z.looseObject({ kind: z.string(), message: z.string() }), since: ms })
      .optional()
      .openapi({ description: "The last request to the server failed, and is made again." }),
    nextPollAt: ms
      .optional()
      .openapi({ description: "When the server is polled next, as known when this was sent." }),
    outcome: outcomeSchema.optional(),
    omitted: z
      .array(z.enum(["arguments", "inputRequests", "outcome"]))
      .optional()
      .openapi({
        description:
          "Long parts that lists and events leave out: arguments and questions are then empty, and an outcome's error lacks its data. Get the task itself.",
      }),
  })
  .openapi("Task");

/** `TaskView` is what the handlers have. Whether the two agree is a matter of tests: zod knows no readonly fields. */
export const taskSchema = taskShape as unknown as z.ZodType<TaskView>;

/** `DeliveryView` is what the handlers have. */
export const deliverySchema = z
  .object({
    id: z.string().openapi({
      description: "The same whenever this end or question is delivered: who remembers it takes it once.",
    }),
    addressee: z.string(),
    receipt: z.string().openapi({ description: "Acknowledge with it." }),
    leasedForMs: z.number().optional().openapi({
      description: "Of a request without `leaseMs`: for how many ms somebody else's lease lasts yet.",
    }),
    task: taskShape.openapi({ description: "It has ended, unless there is a question." }),
    question: inputRequestSchema.optional(),
  })
  .openapi("Delivery") as unknown as z.ZodType<DeliveryView>;

export const toolSchema = z
  .object({
    name: z.string(),
    facts: z.object({
      taskSupport: z.enum(["forbidden", "optional", "required"]),
      repeatable: z.boolean(),
      headers: z.array(z.looseObject({})).optional(),
    }),
    definition: json.openapi({ description: "The tool as the server lists it." }),
  })
  .openapi("Tool") as unknown as z.ZodType<ListedTool>;

export const endpointSchema = z
  .object({ name: z.string(), title: z.string().optional() })
  .openapi("Endpoint");

export const connectionSchema = z
  .object({
    endpoint: z.string(),
    title: z.string().optional(),
    state: z.enum(["connected", "ended", "none"]).openapi({
      description:
        "`ended`: the server ended your consent, and its tasks wait for you to connect it again. `none`: it is not connected.",
    }),
    since: ms.optional().openapi({ description: "When it was connected, or ended." }),
    connect: z.string().openapi({ description: "The path of the page on which a person connects it." }),
  })
  .openapi("Connection");

export const disconnectedSchema = z
  .object({
    tokens: z.enum(["revoked", "no-revocation", "failed", "none"]).openapi({
      description:
        "What the server did with your tokens. `no-revocation`: it offers no revocation. `failed`: it could not be asked, or refused. In both cases they may be valid there until they expire. `none`: there were none.",
    }),
  })
  .openapi("Disconnected");

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string().openapi({ description: "For programs: see the list at the head of this document." }),
  })
  .openapi("Problem", { description: "Problem Details, RFC 9457." });

export const addresseeSchema = z.string().min(1).max(256).openapi({
  description: "A conversation, a device or a service of yours: any name.",
  example: "chat-7",
});

export const callSchema = z
  .strictObject({
    tool: z.string().min(1).max(256),
    arguments: json.default({}),
    prefer: z.enum(["task", "plain"]).optional().openapi({
      description: "Where the server leaves a choice (2025-11-25 `optional`). As a task by default.",
    }),
    ttlMs: z
      .int()
      .min(1)
      .optional()
      .openapi({ description: "How long the server should keep the task (2025-11-25)." }),
    repeatable: z.boolean().optional().openapi({
      description:
        "The call may be sent again when its outcome is unknown. By default the tool's hints decide.",
    }),
    idempotencyKey: z
      .union([z.boolean(), z.string().min(1).max(255)])
      .optional()
      .openapi({
        description:
          "The key that the call carries to the endpoint in `_meta`, for a server that does the work of a key once: `true` for a random one, `false` for none. By default the endpoint's configuration decides.",
      }),
    notify: z.array(addresseeSchema).max(16).optional().openapi({
      description:
        "The addressees of the call's end and of its questions. Each finds them under `/v1/deliveries` until it acknowledges them.",
    }),
    webhook: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .optional()
      .openapi({ description: "Where the outcome is posted, signed (Standard Webhooks)." }),
  })
  .openapi("Call");

export const answerSchema = json.openapi("Answer", {
  description:
    'What the question\'s own method is answered with. For `elicitation/create`: `{ "action": "accept", "content": {…} }`, `{ "action": "decline" }` or `{ "action": "cancel" }`.',
});

export const endpointParams = z.object({
  endpoint: z.string().openapi({ param: { name: "endpoint", in: "path" }, example: "papers" }),
});

export const taskParams = z.object({
  id: z.string().openapi({
    param: { name: "id", in: "path" },
    example: "papers.0.01936c4e-5b5e-7c1a-9d3e-2f1a4b6c8d0e",
  }),
});

export const inputParams = taskParams.extend({
  key: z
    .string()
    .min(1)
    .max(1024)
    .openapi({ param: { name: "key", in: "path" } }),
});

export const positionHeaders = z.object({
  "last-event-id": z.string().optional().openapi({
    description: "The id of the last event that was seen: what came after it follows, once and in order.",
  }),
});

export const positionQuery = z.object({
  after: z.string().optional().openapi({ description: "The same, where no header can be set." }),
});

/** A group in the directory's stream. */
export const groupNameSchema = z.object({ endpoint: z.string(), shard: z.int().min(0) });
