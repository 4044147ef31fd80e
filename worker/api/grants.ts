import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ApiEnv } from "../access/api-env.ts";
import { listGrants, revokeGrant } from "../oauth/grants.ts";
import { problems } from "./responses.ts";

const grantSchema = z
  .object({
    id: z.string(),
    client: z.string().openapi({ description: "As the client calls itself: nobody has verified it." }),
    clientId: z.string(),
    redirectHost: z.string().openapi({ description: "Where access went to." }),
    resource: z.string().openapi({ description: "The address it is for; `/mcp` is every endpoint." }),
    createdAt: z.number().int(),
    expiresAt: z.number().int().optional().openapi({ description: "Unless it is used before." }),
  })
  .openapi("Grant");

const list = createRoute({
  method: "get",
  path: "/v1/grants",
  tags: ["Grants"],
  summary: "The clients you signed in to the gateway",
  responses: {
    200: {
      description: "The newest first. One of the last minute may be absent.",
      content: {
        "application/json": { schema: z.object({ grants: z.array(grantSchema) }).openapi("GrantList") },
      },
    },
    ...problems(),
  },
});

const revoke = createRoute({
  method: "delete",
  path: "/v1/grants/{grant}",
  tags: ["Grants"],
  summary: "Revoke a grant",
  description: "Its tokens end with it. To revoke what is not there does nothing.",
  request: { params: z.object({ grant: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) }) },
  responses: { 204: { description: "Revoked." }, ...problems(422) },
});

/** What people let clients do through the gateway's sign-in. */
export function grantRoutes(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(list, async (c) => {
    const grants = await listGrants(c.env, new URL(c.req.url), c.var.principal);
    return c.json({ grants: [...grants] }, 200);
  });

  app.openapi(revoke, async (c) => {
    await revokeGrant(c.env, new URL(c.req.url), c.var.principal, c.req.valid("param").grant);
    return c.body(null, 204);
  });
}
