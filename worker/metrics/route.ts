import { Hono } from "hono";
import { principalOfToken, tokenHash } from "../access/hashed-tokens.ts";
import { presentedToken } from "../access/presented-token.ts";
import type { Bindings } from "../bindings.ts";
import { problem } from "../http/problem.ts";
import { countTotals } from "../operations/counters.ts";
import { prometheusText } from "./prometheus.ts";

/** `/metrics` needs METRICS_TOKEN; without the variable there is no such route. */
export function metrics(): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  app.get("/metrics", async (c) => {
    const { METRICS_TOKEN: expected } = c.env;
    if (!expected) return problem(c, 404, "not-found", "Metrics are not configured here.");
    const token = presentedToken(c.req.header("authorization")) ?? "";
    const known = [{ principal: "metrics", sha256: await tokenHash(expected) }];
    if ((await principalOfToken(token, known)) === undefined) {
      return problem(c, 401, "unauthorized", "A valid bearer token is needed.", {
        "www-authenticate": 'Bearer realm="holdfast-metrics"',
        "cache-control": "no-store",
      });
    }
    const text = prometheusText(await countTotals(c.env));
    return c.body(text, 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
      "cache-control": "no-store",
    });
  });
  return app;
}
