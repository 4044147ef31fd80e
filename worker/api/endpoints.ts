import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ApiEnv } from "../access/api-env.ts";
import { endpointsOf } from "../config/endpoints.ts";
import { ProblemError } from "../http/problem.ts";
import { PrincipalObjects } from "../principal/objects.ts";
import { readGroups } from "../principal/reading.ts";
import { granted } from "../principal/reply.ts";
import { problems } from "./responses.ts";
import { endpointParams, endpointSchema, toolSchema } from "./schemas.ts";

/** The longest address of a resource, in UTF-16 code units. */
const MAX_URI = 8_192;

const list = createRoute({
  method: "get",
  path: "/v1/endpoints",
  tags: ["Endpoints"],
  summary: "The endpoints tools can be called on",
  responses: {
    200: {
      description: "All of them.",
      content: {
        "application/json": {
          schema: z.object({ endpoints: z.array(endpointSchema) }).openapi("EndpointList"),
        },
      },
    },
    ...problems(),
  },
});

const tools = createRoute({
  method: "get",
  path: "/v1/endpoints/{endpoint}/tools",
  tags: ["Endpoints"],
  summary: "The tools of an endpoint",
  request: { params: endpointParams },
  responses: {
    200: {
      description: "As the server lists them.",
      content: {
        "application/json": { schema: z.object({ tools: z.array(toolSchema) }).openapi("ToolList") },
      },
    },
    ...problems(404, 429, 502),
  },
});

const resource = createRoute({
  method: "get",
  path: "/v1/endpoints/{endpoint}/resource",
  tags: ["Endpoints"],
  summary: "A resource of an endpoint, such as one that a result links to",
  request: {
    params: endpointParams,
    query: z.object({
      uri: z.string().min(1).max(MAX_URI).openapi({ description: "As the server names it." }),
    }),
  },
  responses: {
    200: {
      description: "The `result` of `resources/read`, as the server sent it.",
      content: {
        "application/json": {
          schema: z
            .object({ contents: z.array(z.looseObject({ uri: z.string() })).optional() })
            .openapi("ResourceContents"),
        },
      },
    },
    ...problems(404, 422, 429, 502),
  },
});

export function endpointRoutes(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(list, (c) => {
    const endpoints = endpointsOf(c.env, c.var.principal).map(({ name, title }) => ({
      name,
      ...(title && { title }),
    }));
    return c.json({ endpoints }, 200);
  });

  app.openapi(tools, async (c) => {
    const { group, identity } = await firstGroup(c.env, c.var.principal, c.req.valid("param").endpoint);
    return c.json({ tools: [...granted(await group.tools(identity))] }, 200);
  });

  app.openapi(resource, async (c) => {
    const { group, identity } = await firstGroup(c.env, c.var.principal, c.req.valid("param").endpoint);
    const reply = await group.passOn(identity, "resources/read", { uri: c.req.valid("query").uri });
    if (reply.ok) return c.json(reply.result as Record<string, never>, 200);
    throw new ProblemError(502, "upstream", reply.error.message);
  });
}

/**
 * The object that asks an endpoint's server. Counts a read.
 * @throws ProblemError if no endpoint of that name is configured for this principal, or the limits are used up.
 */
async function firstGroup(env: ApiEnv["Bindings"], principal: string, endpoint: string) {
  checkEndpoint(env, principal, endpoint);
  const objects = new PrincipalObjects(env, principal);
  const first = { endpoint, shard: 0 };
  await readGroups(env, objects, first);
  return { group: objects.group(first), identity: { principal, ...first } };
}

/** @throws ProblemError if no endpoint of that name is configured for this principal. */
export function checkEndpoint(env: object, principal: string, endpoint: string): void {
  if (endpointsOf(env, principal).some(({ name }) => name === endpoint)) return;
  throw new ProblemError(404, "unknown-endpoint", "There is no such endpoint.");
}
