import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { knownOrigin, ownHost } from "../access/known-caller.ts";
import type { Bindings } from "../bindings.ts";
import { oauthOf } from "../config/oauth.ts";
import { notFound, onError } from "../http/failure.ts";
import { authorizationServer } from "./authorization-server.ts";
import { connectAfterSignIn } from "./connect.ts";
import { askForConsent, takeConsent, takeIdentity } from "./consent.ts";
import { CALLBACK } from "./identity.ts";
import { metadataRoutes } from "./metadata-routes.ts";

/** A form has a handle, a decision and a secret. */
const MAX_FORM_BYTES = 8_192;

/** The worker as the OAuth authorization server of its own `/mcp`. Without the var OAUTH, nothing of it is there. */
export function oauth(): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  app.onError(onError);
  for (const path of ["/.well-known/*", "/authorize", "/oauth/*"])
    app.use(path, ownHost, async (c, next) => (oauthOf(c.env) ? next() : notFound(c)));
  app.route("/", metadataRoutes());
  app.get("/authorize", askForConsent);
  app.post("/authorize", knownOrigin(true), bodyLimit({ maxSize: MAX_FORM_BYTES }), takeConsent);
  app.get(CALLBACK, async (c) => (await connectAfterSignIn(c)) ?? takeIdentity(c));
  for (const path of ["/oauth/token", "/oauth/register"])
    app.all(path, (c) =>
      authorizationServer(c.env, new URL(c.req.url)).fetch(
        c.req.raw,
        c.env,
        c.executionCtx as ExecutionContext,
      ),
    );
  for (const path of ["/.well-known/*", "/authorize", "/oauth/*"]) app.all(path, notFound);
  return app;
}
