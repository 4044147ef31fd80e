import { Hono } from "hono";
import { cors } from "hono/cors";
import { knownOrigin, ownHost } from "./access/known-caller.ts";
import { type AccessVariables, access } from "./access/principal.ts";
import { api } from "./api/app.ts";
import type { Bindings } from "./bindings.ts";
import { corsOriginsOf } from "./config/cors.ts";
import { isDemo } from "./config/demo.ts";
import { isOAuthSet } from "./config/oauth.ts";
import { appFrame } from "./console/app-frame.ts";
import { gateway } from "./gateway/routes.ts";
import { serverCards } from "./gateway/server-card.ts";
import { notFound, onError } from "./http/failure.ts";
import { metrics } from "./metrics/route.ts";
import { canSignIn } from "./oauth/authorization-server.ts";
import { connect } from "./oauth/connect.ts";
import { consoleTokens } from "./oauth/issued-tokens.ts";
import { oauth } from "./oauth/routes.ts";

export { PrincipalDirectory } from "./directory/principal-directory.ts";
export { TaskGroup } from "./group/task-group.ts";
export { Metrics } from "./metrics/metrics.ts";
export { SampleLab } from "./samples/lab.ts";

const app = new Hono<{ Bindings: Bindings; Variables: AccessVariables }>();
const routes = api();
const mcp = gateway();
app.onError(onError);
mcp.onError(onError);

// The console asks whether there are samples, and a page to sign in: a request to one that is not there would be an error in its log.
app.get("/healthz", (c) =>
  c.json({
    ok: true,
    demo: isDemo(c.env),
    signIn: isOAuthSet(c.env) && canSignIn(new URL(c.req.url)),
  }),
);
app.route("/", metrics());
app.route("/", appFrame());

// Before access: a preflight has no token.
app.use("/v1/*", ownHost, knownOrigin(true), (c, next) =>
  cors({
    origin: (origin) => (corsOriginsOf(c.env).includes(origin) ? origin : null),
    allowMethods: ["GET", "POST", "DELETE", "OPTIONS"],
    allowHeaders: ["authorization", "content-type", "idempotency-key", "if-none-match", "last-event-id"],
    exposeHeaders: ["location", "etag", "retry-after", "www-authenticate", "allow"],
    maxAge: 600,
  })(c, next),
);
// Before access, too: a caller without a token may read how to use one.
app.get("/v1/openapi.json", (c) => routes.fetch(c.req.raw, c.env, c.executionCtx));
app.use("/v1/*", access<Bindings>({ issued: consoleTokens }));
app.route("/", routes);
// Before sign-in and access: anybody may read them.
app.route("/", serverCards());
app.route("/", oauth());
app.route("/", connect());
app.route("/", mcp);

// The samples hold nothing of anyone's, and pages of any origin try their client against them. Only the demo has them.
app.use("/samples/*", ownHost, async (c, next) => (isDemo(c.env) ? next() : notFound(c)));
app.use(
  "/samples/*",
  cors({
    origin: "*",
    allowMethods: ["GET", "POST", "DELETE", "OPTIONS"],
    exposeHeaders: ["mcp-session-id", "mcp-protocol-version", "retry-after"],
  }),
);

app.all("/samples/:lab{[a-z0-9-]{1,64}}/*", (c) =>
  c.env.SAMPLE_LAB.getByName(c.req.param("lab")).fetch(c.req.raw),
);
app.all("/samples/*", (c) => c.json({ error: "A lab is named by 1 to 64 of a-z, 0-9 and the hyphen" }, 404));

app.all("*", (c) => c.env.ASSETS.fetch(c.req.raw));

export default {
  fetch(request: Request, env: Bindings, context: ExecutionContext): Response | Promise<Response> {
    // Its messages need not be matched against all other routes. Pages about it are among those.
    const isMessage = request.method === "POST" && /^[^:]+:\/\/[^/]+\/mcp(?=[/?#]|$)/.test(request.url);
    return (isMessage ? mcp : app).fetch(request, env, context);
  },
};
