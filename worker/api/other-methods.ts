import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ApiEnv } from "../access/api-env.ts";
import { problem } from "../http/problem.ts";

/** Answers 405 wherever the app has a route for an address and none for the method. To be called when all routes are there. */
export function refuseOtherMethods(app: OpenAPIHono<ApiEnv>): void {
  const methods = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    // Middleware is of every method.
    if (method === "ALL") continue;
    methods.set(path, (methods.get(path) ?? new Set()).add(method));
  }
  for (const [path, known] of methods) {
    const allow = [...known].join(", ");
    app.all(path, (c) =>
      problem(c, 405, "method-not-allowed", `This address has ${allow} and no other method.`, { allow }),
    );
  }
}
