import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import { PARSE_ERROR } from "../../src/protocol/error-codes.ts";
import type { ApiEnv } from "../access/api-env.ts";
import { knownOrigin, ownHost } from "../access/known-caller.ts";
import { access } from "../access/principal.ts";
import type { Bindings } from "../bindings.ts";
import { corsOriginsOf } from "../config/cors.ts";
import { endpointsOf } from "../config/endpoints.ts";
import { jsonBody } from "../http/json-body.ts";
import { problem } from "../http/problem.ts";
import { issuedTokens } from "../oauth/issued-tokens.ts";
import { countRead, readGroups } from "../principal/reading.ts";
import { Caller } from "./caller.ts";
import { COMPANION_NAMES } from "./companions.ts";
import { errorResponse, readFrame } from "./frame.ts";
import { serve } from "./gateway.ts";
import { acceptingBoth, withoutNulls } from "./lenient-request.ts";

/**
 * `/mcp/<endpoint>`: an MCP server in front of the endpoint's own. `/mcp`: one in front of all that the principal may use, for
 * clients that take one address, and some of them no other.
 */
export function gateway(): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  // Hono's `/mcp/*` is `/mcp`, too.
  app.use("/mcp/*", ownHost, knownOrigin(false), (c, next) => {
    if (c.req.header("origin") === undefined) return next();
    // Before access: a preflight has no token. Which headers a 2026-07-28 client sends depends on the tool.
    return cors({
      origin: (origin) => (corsOriginsOf(c.env).includes(origin) ? origin : null),
      allowMethods: ["GET", "POST", "DELETE", "OPTIONS"],
      exposeHeaders: ["mcp-session-id", "mcp-protocol-version", "retry-after", "www-authenticate"],
      maxAge: 600,
    })(c, next);
  });
  app.use("/mcp/*", access<Bindings>({ issued: issuedTokens }));
  // Clients add a slash to the address they are given.
  for (const path of ["/mcp", "/mcp/", "/mcp/:endpoint", "/mcp/:endpoint/"]) {
    app.post(path, jsonBody, async (c) => {
      const text = await c.req.text();
      try {
        return answer(c, withoutNulls(JSON.parse(text)));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        return errorResponse(400, undefined, {
          code: PARSE_ERROR,
          message: "Parse error: the body is not JSON",
        });
      }
    });
    app.all(path, (c) => answer(c, undefined));
  }
  app.all("/mcp/*", (c) => problem(c, 404, "not-found", "There is nothing at this address."));
  return app;
}

/** Names no group: a call at `/mcp` counts as one read, whichever it needs. */
const ONE_OF_ALL = { endpoint: "", shard: 0 };

/** Whether a message calls a tool of a server, and no companion. */
function callsTool(body: unknown): boolean {
  const frame = readFrame(body);
  return frame?.method === "tools/call" && !COMPANION_NAMES.includes(String(frame.params?.name));
}

async function answer(c: Context<ApiEnv>, body: unknown): Promise<Response> {
  const caller = callerOf(c);
  if (!caller) return problem(c, 404, "unknown-endpoint", "There is no such endpoint.");
  const { env, objects, only } = caller;
  if (only) await countRead(env, objects, { endpoint: only.name, shard: 0 });
  else if (callsTool(body)) await countRead(env, objects, ONE_OF_ALL);
  // Another request may need every group.
  else await readGroups(env, objects);
  return serve({
    caller,
    request: acceptingBoth(c.req.raw),
    body,
    waitUntil: (work) => c.executionCtx.waitUntil(work),
  });
}

function callerOf(c: Context<ApiEnv>): Caller | undefined {
  const endpoints = endpointsOf(c.env, c.var.principal);
  const name = c.req.param("endpoint");
  // It has the form of RFC 3986, and is not parsed for each call.
  const [origin = ""] = /^[^:]+:\/\/[^/]+/.exec(c.req.url) ?? [];
  if (name === undefined) return Caller.ofAll(c.env, c.var.principal, endpoints, origin);
  const endpoint = endpoints.find((known) => known.name === name);
  return endpoint && Caller.of(c.env, c.var.principal, endpoint, origin);
}
