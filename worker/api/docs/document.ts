import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ApiEnv } from "../../access/api-env.ts";

export type ApiDocument = ReturnType<OpenAPIHono<ApiEnv>["getOpenAPI31Document"]>;

const CODES = [
  "unauthorized",
  "unknown-endpoint",
  "unknown-tool",
  "unknown-task",
  "not-found",
  "method-not-allowed",
  "not-open",
  "running",
  "too-large",
  "unsupported-media-type",
  "malformed",
  "invalid-answer",
  "invalid-addressee",
  "webhook-refused",
  "push-refused",
  "idempotency-conflict",
  "task-deleted",
  "calls-in-flight",
  "endpoint-calls-in-flight",
  "calls-a-minute",
  "reads-a-minute",
  "streams",
  "overloaded",
  "upstream",
  "upstream-unauthorized",
  "unavailable",
  "keys-unavailable",
  "no-webhooks",
  "origin-refused",
  "host-refused",
  "https-needed",
  "too-many-wrong-tokens",
  "too-many-pages",
  "internal",
];

const DESCRIPTION = [
  "Tool calls that outlive their callers. A call is made once; its task is stored here, and a later process asks for it by its id.",
  "Every request needs `Authorization: Bearer …`. You see your own tasks; an id that is somebody else's is one that does not exist.",
  `Errors are Problem Details (RFC 9457), and their \`code\` is for programs: ${CODES.map((code) => `\`${code}\``).join(", ")}. Under 429 and 503, come back after \`Retry-After\` seconds.`,
  "Times are milliseconds since 1970, durations milliseconds.",
].join("\n\n");

/** The OpenAPI document of the app's own routes. */
export function apiDocument(app: OpenAPIHono<ApiEnv>): ApiDocument {
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Holdfast", version: "1", description: DESCRIPTION, license: { name: "Apache-2.0" } },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }],
    tags: [
      { name: "Endpoints", description: "The servers whose tools can be called." },
      { name: "Tasks", description: "Calls, and what becomes of them." },
      {
        name: "Deliveries",
        description: "Ends and questions on their way to the addressees that calls name.",
      },
      { name: "Events", description: "What happens, as it happens." },
      { name: "Grants", description: "The clients that people signed in to the gateway." },
      { name: "Passkeys", description: "What people sign in to the gateway with, in place of a secret." },
      { name: "Connections", description: "The servers that people let the worker use in their name." },
      { name: "Webhooks", description: "Signed posts to your server when a task has ended." },
      { name: "Push", description: "Notifications in browsers when a task has ended, or asks a question." },
    ],
  });
  return {
    ...document,
    components: {
      ...document.components,
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
    },
  };
}
