import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ApiEnv } from "../access/api-env.ts";
import { endpointsOf } from "../config/endpoints.ts";
import { directoryOf } from "../directory/directory-stub.ts";
import { ProblemError } from "../http/problem.ts";
import { problems } from "./responses.ts";
import { connectionSchema, disconnectedSchema, endpointParams } from "./schemas.ts";

const list = createRoute({
  method: "get",
  path: "/v1/connections",
  tags: ["Connections"],
  summary: "The servers that are used in your name",
  responses: {
    200: {
      description: "Every endpoint whose server wants your consent, connected or not.",
      content: {
        "application/json": {
          schema: z.object({ connections: z.array(connectionSchema) }).openapi("ConnectionList"),
        },
      },
    },
    ...problems(),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/connections/{endpoint}",
  tags: ["Connections"],
  summary: "Disconnect a server",
  description:
    "Your tokens are forgotten, and the server is asked to revoke them (RFC 7009). Its tasks wait until you connect it again.",
  request: { params: endpointParams },
  responses: {
    200: {
      description: "It is disconnected.",
      content: { "application/json": { schema: disconnectedSchema } },
    },
    ...problems(404),
  },
});

/** What people let the worker do in their name at the servers of endpoints with `consent`. */
export function connectionRoutes(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(list, async (c) => {
    const personal = personalEndpoints(c.env, c.var.principal);
    const consents = personal.length === 0 ? {} : await directoryOf(c.env, c.var.principal).consents();
    const connections = personal.map(({ name, title }) => {
      const { round: _open, declined: _answer, ...consent } = consents[name] ?? { state: "none" as const };
      return {
        endpoint: name,
        ...(title !== undefined && { title }),
        ...consent,
        connect: `/connect/${name}`,
      };
    });
    return c.json({ connections }, 200);
  });

  app.openapi(remove, async (c) => {
    const { endpoint } = c.req.valid("param");
    if (!personalEndpoints(c.env, c.var.principal).some(({ name }) => name === endpoint))
      throw new ProblemError(404, "unknown-endpoint", "There is no such endpoint that wants consent.");
    const tokens = await directoryOf(c.env, c.var.principal).dropConsent(endpoint);
    return c.json({ tokens }, 200);
  });
}

function personalEndpoints(env: object, principal: string) {
  return endpointsOf(env, principal).filter(({ isPersonal }) => isPersonal);
}
