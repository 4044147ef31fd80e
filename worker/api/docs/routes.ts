import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ApiEnv } from "../../access/api-env.ts";
import { hashSource } from "../../http/hash-source.ts";
import { type ApiDocument, apiDocument } from "./document.ts";
import { docsPage } from "./page.ts";
import { STYLE } from "./style.ts";

/** Both are made of the routes, which do not change while the worker runs. */
const CACHE_CONTROL = "public, max-age=300";

/** The OpenAPI document, and the page made of it. */
export function docsRoutes(app: OpenAPIHono<ApiEnv>): void {
  let made: ApiDocument | undefined;
  const documented = (): ApiDocument => {
    made ??= apiDocument(app);
    return made;
  };

  app.get("/v1/openapi.json", (c) => {
    c.header("cache-control", CACHE_CONTROL);
    return c.json(documented());
  });

  app.get("/docs", async (c) => {
    c.header("cache-control", CACHE_CONTROL);
    c.header("content-security-policy", await policy());
    c.header("x-content-type-options", "nosniff");
    c.header("referrer-policy", "no-referrer");
    return c.html(docsPage(documented()));
  });
}

/** Nothing is loaded, nothing runs, and the one style is this one. */
async function policy(): Promise<string> {
  return `default-src 'none'; style-src ${await hashSource(STYLE)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}
