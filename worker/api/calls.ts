import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { jsonWeight } from "holdfast/durable-object";
import type { ApiEnv } from "../access/api-env.ts";
import { limitsOf } from "../config/limits.ts";
import { fingerprint } from "../directory/fingerprint.ts";
import type { Admission, Admitted } from "../directory/principal-directory-rpc.ts";
import { checkSize, jsonBody } from "../http/json-body.ts";
import { ProblemError, retryAfter } from "../http/problem.ts";
import { refusalOf } from "../outbound/address.ts";
import { PrincipalObjects } from "../principal/objects.ts";
import { granted } from "../principal/reply.ts";
import { checkEndpoint } from "./endpoints.ts";
import { ETAG_HEADER, etagOf, LOCATION_HEADER, problems, taskContent } from "./responses.ts";
import { callSchema, endpointParams } from "./schemas.ts";

/** How long a call may take to be answered with its result, in ms; the caller has a handle within a second. */
const WAIT_MS = 900;

const keyHeader = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[!-~]{1,255}$/, "must be 1 to 255 visible ASCII characters")
    .optional()
    .openapi({
      description:
        "The same key with the same body within 24 hours is the same call: it is made once, and answered with its task.",
    }),
});

const start = createRoute({
  method: "post",
  path: "/v1/endpoints/{endpoint}/calls",
  tags: ["Tasks"],
  summary: "Call a tool",
  middleware: [jsonBody] as const,
  request: {
    params: endpointParams,
    headers: keyHeader,
    body: { required: true, content: { "application/json": { schema: callSchema } } },
  },
  responses: {
    200: {
      description: "It has ended: the task with its outcome.",
      headers: { ...LOCATION_HEADER, ...ETAG_HEADER },
      content: taskContent,
    },
    202: {
      description: "It is held, and goes on: it runs, asks, or is still being called.",
      headers: { ...LOCATION_HEADER, ...ETAG_HEADER },
      content: taskContent,
    },
    ...problems(404, 410, 413, 415, 422, 429, 502),
  },
});

export function callRoutes(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(start, async (c) => {
    const { endpoint } = c.req.valid("param");
    const body = c.req.valid("json");
    const key = c.req.valid("header")["idempotency-key"];
    checkEndpoint(c.env, c.var.principal, endpoint);
    checkSize(body.arguments, c.env);
    if (body.webhook !== undefined) checkWebhook(body.webhook, c.env);

    const objects = new PrincipalObjects(c.env, c.var.principal);
    const limits = limitsOf(c.env);
    const { id, shard } = admitted(
      await objects.directory.admit({
        endpoint,
        limits,
        shardCeiling: limits.shardCeiling,
        shardBytes: limits.shardBytes,
        weight: jsonWeight(JSON.stringify(body.arguments)),
        ...(key !== undefined && {
          idempotency: { key, fingerprint: await fingerprint({ endpoint, ...body }) },
        }),
      }),
    );

    const { tool, prefer, ttlMs, repeatable, idempotencyKey, notify, webhook } = body;
    const identity = { principal: objects.principal, endpoint, shard };
    const call = {
      id,
      tool,
      arguments: body.arguments,
      ...(prefer !== undefined && { prefer }),
      ...(ttlMs !== undefined && { ttlMs }),
      ...(repeatable !== undefined && { repeatable }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      ...(notify !== undefined && { notify }),
      ...(webhook !== undefined && { webhook }),
    };
    const task = granted(await objects.group(identity).start(identity, call, WAIT_MS));
    c.header("location", `/v1/tasks/${id}`);
    c.header("etag", etagOf(task));
    return task.outcome ? c.json(task, 200) : c.json(task, 202);
  });
}

const TOO_MANY = {
  "calls-in-flight": "Too many of your calls are in flight.",
  "endpoint-calls-in-flight": "Too many of your calls to this endpoint are in flight.",
  "calls-a-minute": "Too many calls within a minute.",
} as const;

function admitted(admission: Admission): Admitted {
  if (admission.ok) return admission;
  const { code, retryAfterMs } = admission;
  if (code === "idempotency-conflict") {
    throw new ProblemError(422, code, "This Idempotency-Key was used for another call.");
  }
  if (code === "task-deleted") {
    throw new ProblemError(410, code, "This Idempotency-Key was used for a task that has been deleted.");
  }
  throw new ProblemError(429, code, TOO_MANY[code], retryAfter(retryAfterMs));
}

function checkWebhook(address: string, env: ApiEnv["Bindings"]): void {
  const refuse = (reason: string): never => {
    throw new ProblemError(422, "webhook-refused", reason);
  };
  if (!env.WEBHOOK_SECRET) refuse("Webhooks are not configured here.");
  const url = new URL(address);
  if (url.username || url.password) refuse("The webhook's address must hold no credentials.");
  const reason = refusalOf(url, { allowPrivate: env.WEBHOOK_PRIVATE === "true" });
  if (reason) refuse(`The webhook's address ${reason}.`);
}
