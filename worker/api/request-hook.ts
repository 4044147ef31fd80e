import type { Hook } from "@hono/zod-openapi";
import type { ApiEnv } from "../access/api-env.ts";
import { problem } from "../http/problem.ts";

/** How many problems of one request are reported, at most. */
const MAX_FAULTS = 5;

const PLACES: Readonly<Record<string, string>> = {
  json: "body",
  param: "path",
  query: "query",
  header: "header",
};

/** What a route's schemas find wrong, as a problem: where, and what, and never the value. */
export const requestHook: Hook<unknown, ApiEnv, string, Response | undefined> = (result, c) => {
  if (result.success) return undefined;
  const problems = result.error.issues
    .slice(0, MAX_FAULTS)
    .map(({ path, message }) => `${[PLACES[result.target] ?? result.target, ...path].join(".")}: ${message}`);
  return problem(c, 422, "malformed", problems.join("; "));
};
