import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ApiEnv } from "../access/api-env.ts";
import { endpointsOf } from "../config/endpoints.ts";
import { limitsOf } from "../config/limits.ts";
import { PrincipalObjects } from "../principal/objects.ts";
import { readGroups } from "../principal/reading.ts";
import { problems } from "./responses.ts";

const count = z.int().min(0);

const usageSchema = z
  .object({
    limits: z
      .object({
        callsInFlight: count,
        callsInFlightPerEndpoint: count,
        callsPerMinute: count,
        readsPerMinute: count,
        streams: count,
        argumentBytes: count,
        resultBytes: count,
      })
      .openapi({ description: "What you may use at most: the var LIMITS." }),
    inFlight: count.openapi({
      description: "Your tasks that have not ended. A few calls that were admitted ahead count, too.",
    }),
    inFlightPerEndpoint: z.record(z.string(), count),
    callsThisMinute: count,
    readsThisMinute: count,
    streams: count.openapi({ description: "Event streams that are open." }),
  })
  .openapi("Usage");

const read = createRoute({
  method: "get",
  path: "/v1/usage",
  tags: ["Endpoints"],
  summary: "Your limits, and what is used of them",
  responses: {
    200: { description: "At this moment.", content: { "application/json": { schema: usageSchema } } },
    ...problems(429),
  },
});

export function usageRoute(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(read, async (c) => {
    const objects = new PrincipalObjects(c.env, c.var.principal);
    await readGroups(c.env, objects);
    const { shardCeiling: _ceiling, shardBytes: _bytes, ...limits } = limitsOf(c.env);
    const { inFlight, ...used } = await objects.directory.usage(limits);
    const endpoints = endpointsOf(c.env, c.var.principal).map(({ name }) => name);
    const inFlightPerEndpoint = Object.fromEntries(endpoints.map((name) => [name, inFlight[name] ?? 0]));
    const total = Object.values(inFlight).reduce((sum, tasks) => sum + tasks, 0);
    return c.json({ limits, inFlight: total, inFlightPerEndpoint, ...used }, 200);
  });
}
