import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ApiEnv } from "../access/api-env.ts";
import { webhookSecret } from "../group/webhook-key.ts";
import { ProblemError } from "../http/problem.ts";
import { problems } from "./responses.ts";

const read = createRoute({
  method: "get",
  path: "/v1/webhook-secret",
  tags: ["Webhooks"],
  summary: "The secret that your webhooks are signed with",
  responses: {
    200: {
      description:
        "For the receiver (standardwebhooks.com). It is yours alone: other principals have others.",
      content: {
        "application/json": {
          schema: z.object({ secret: z.string().openapi({ example: "whsec_…" }) }).openapi("WebhookSecret"),
        },
      },
    },
    ...problems(404),
  },
});

export function webhookSecretRoute(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(read, async (c) => {
    const { WEBHOOK_SECRET } = c.env;
    if (!WEBHOOK_SECRET) throw new ProblemError(404, "no-webhooks", "Webhooks are not configured here.");
    return c.json({ secret: await webhookSecret(WEBHOOK_SECRET, c.var.principal) }, 200);
  });
}
