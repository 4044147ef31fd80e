import { OpenAPIHono } from "@hono/zod-openapi";
import type { ApiEnv } from "../access/api-env.ts";
import { notFound, onError } from "../http/failure.ts";
import { problem } from "../http/problem.ts";
import { callRoutes } from "./calls.ts";
import { connectionRoutes } from "./connections.ts";
import { deliveryRoutes } from "./deliveries.ts";
import { docsRoutes } from "./docs/routes.ts";
import { endpointRoutes } from "./endpoints.ts";
import { eventRoutes } from "./events.ts";
import { grantRoutes } from "./grants.ts";
import { inputRoutes } from "./inputs.ts";
import { refuseOtherMethods } from "./other-methods.ts";
import { passkeyRoutes } from "./passkeys.ts";
import { pushSubscriptionRoutes } from "./push-subscriptions.ts";
import { requestHook } from "./request-hook.ts";
import { taskRoutes } from "./tasks.ts";
import { usageRoute } from "./usage.ts";
import { webhookSecretRoute } from "./webhook-secret.ts";
import { webhookRoutes } from "./webhooks.ts";

/** Public, so that a caller without a token can read how to get one. */
const PUBLIC: ReadonlySet<string> = new Set(["/v1/openapi.json"]);

/**
 * The routes of /v1, and the pages about them. The access middleware is to run before: without a
 * principal, nothing here answers but /v1/openapi.json and /docs.
 */
export function api(): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: requestHook });
  app.onError(onError);
  app.notFound(notFound);
  app.use("/v1/*", async (c, next) => {
    if (c.var.principal || PUBLIC.has(c.req.path)) return next();
    return problem(c, 401, "unauthorized", "A valid bearer token is needed.", {
      "www-authenticate": 'Bearer realm="holdfast"',
    });
  });
  app.use("/v1/*", async (c, next) => {
    await next();
    c.header("x-content-type-options", "nosniff");
    if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
  });
  endpointRoutes(app);
  callRoutes(app);
  taskRoutes(app);
  inputRoutes(app);
  deliveryRoutes(app);
  eventRoutes(app);
  grantRoutes(app);
  connectionRoutes(app);
  passkeyRoutes(app);
  webhookSecretRoute(app);
  webhookRoutes(app);
  usageRoute(app);
  pushSubscriptionRoutes(app);
  docsRoutes(app);
  refuseOtherMethods(app);
  // As part of another app, this one's own `notFound` is not asked.
  app.all("/v1/*", notFound);
  return app;
}
