import { Hono } from "hono";
import { cors } from "hono/cors";
import type { Bindings } from "../bindings.ts";
import { problem } from "../http/problem.ts";
import { authorizationServer, SCOPE } from "./authorization-server.ts";
import { resourceAt, wholeResource } from "./resources.ts";

const PROTECTED_RESOURCE = "/.well-known/oauth-protected-resource";

/**
 * The documents in which a client finds where to sign in: of the protected resource (RFC 9728), at the root and at the address of
 * each, and of the authorization server (RFC 8414). Pages of any origin may read them.
 */
export function metadataRoutes(): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  app.use("/.well-known/*", cors({ origin: "*", allowMethods: ["GET"] }));
  app.get(`${PROTECTED_RESOURCE}/*`, async (c) => {
    const url = new URL(c.req.url);
    const path = url.pathname.slice(PROTECTED_RESOURCE.length);
    const resource =
      path === "" || path === "/" ? wholeResource(url.origin) : resourceAt(c.env, new URL(path, url));
    if (!resource) return problem(c, 404, "not-found", "There is no such resource.");
    return c.json({
      resource: resource.uri,
      authorization_servers: [url.origin],
      scopes_supported: [SCOPE],
      bearer_methods_supported: ["header"],
      resource_name: resource.endpoint === undefined ? "Holdfast" : `Holdfast: ${resource.endpoint}`,
    });
  });
  app.get("/.well-known/oauth-authorization-server", async (c) => {
    const reply = await authorizationServer(c.env, new URL(c.req.url)).fetch(
      c.req.raw,
      c.env,
      c.executionCtx as ExecutionContext,
    );
    // Names of endpoints are for those who have signed in.
    const { protected_resources: _names, ...metadata } = await reply.json<Record<string, unknown>>();
    return c.json(metadata);
  });
  return app;
}
