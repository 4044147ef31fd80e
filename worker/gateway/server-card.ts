import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/server";
import { VERSION } from "holdfast";
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import { etag, RETAINED_304_HEADERS } from "hono/etag";
import { ownHost } from "../access/known-caller.ts";
import type { Bindings } from "../bindings.ts";
import { jwtOf } from "../config/jwt.ts";
import { oauthOf } from "../config/oauth.ts";
import { notFound, onError } from "../http/failure.ts";
import { type Resource, resourceAt, wholeResource } from "../oauth/resources.ts";

type CardContext = Context<{ Bindings: Bindings }>;

const CARD = "/server-card";
const CARD_TYPE = "application/mcp-server-card+json";
const CATALOG_TYPE = "application/ai-catalog+json";
const SCHEMA = "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json";

/** Both eras, the newest first. */
const VERSIONS: readonly string[] = ["2026-07-28", ...SUPPORTED_PROTOCOL_VERSIONS];

const CORS_HEADERS = ["access-control-allow-origin", "access-control-expose-headers"];

/**
 * The documents by which clients find the gateway before they connect (SEP-2127, docs/discovery.md of
 * experimental-ext-server-card): a card beside each MCP address, and the host's catalog with the card of `/mcp`. Anybody may
 * read them: the name of an endpoint is in a card of those only who ask for it by that name.
 */
export function serverCards(): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  app.onError(onError);
  const routes: Readonly<Record<string, (c: CardContext) => Response | Promise<Response>>> = {
    "/.well-known/ai-catalog.json": (c) => published(c, catalog(new URL(c.req.url)), CATALOG_TYPE),
    // Where earlier drafts have the card, and clients of theirs look.
    "/.well-known/mcp/server-card.json": (c) => card(c, wholeResource(new URL(c.req.url).origin)),
    [`/mcp${CARD}`]: (c) => card(c, wholeResource(new URL(c.req.url).origin)),
    [`/mcp/:endpoint${CARD}`]: (c) =>
      card(c, resourceAt(c.env, new URL(c.req.url.slice(0, c.req.url.lastIndexOf(CARD))))),
  };
  for (const [path, answer] of Object.entries(routes)) {
    app.use(
      path,
      ownHost,
      cors({
        origin: "*",
        allowMethods: ["GET"],
        allowHeaders: ["content-type", "if-none-match"],
        exposeHeaders: ["etag"],
      }),
      etag({ retainedHeaders: [...RETAINED_304_HEADERS, ...CORS_HEADERS] }),
    );
    app.get(path, answer);
  }
  return app;
}

async function card(c: CardContext, resource: Resource | undefined): Promise<Response> {
  if (!resource) return notFound(c);
  const { uri, endpoint } = resource;
  const bringsToken = !oauthOf(c.env) && jwtOf(c.env)?.header === undefined;
  const document = {
    $schema: SCHEMA,
    name: `${reversed(new URL(uri).hostname)}/holdfast${endpoint === undefined ? "" : `.${endpoint}`}`,
    version: VERSION,
    ...(endpoint === undefined && { title: "Holdfast" }),
    description: `Tool calls that outlive the agent's session: ${endpoint === undefined ? "all servers behind one address" : `the server ${endpoint}`}.`,
    websiteUrl: "https://github.com/holdfast-mcp/holdfast",
    remotes: [
      {
        type: "streamable-http",
        url: uri,
        supportedProtocolVersions: VERSIONS,
        // With OAuth, a client learns from the 401 how to sign in.
        ...(bringsToken && {
          headers: [
            {
              name: "Authorization",
              description: "Bearer and a token of this deployment",
              isRequired: true,
              isSecret: true,
            },
          ],
        }),
      },
    ],
  };
  return published(c, document, CARD_TYPE);
}

function catalog({ origin, hostname }: URL): object {
  return {
    specVersion: "1.0",
    entries: [
      {
        identifier: `urn:air:${hostname}:mcp:holdfast`,
        type: CARD_TYPE,
        url: `${wholeResource(origin).uri}${CARD}`,
      },
    ],
  };
}

function published(c: CardContext, document: object, type: string): Response {
  return c.body(JSON.stringify(document), 200, {
    "content-type": type,
    "cache-control": "public, max-age=3600",
    "x-content-type-options": "nosniff",
  });
}

/** `com.example` of `example.com`; an address stays as it is. */
function reversed(hostname: string): string {
  return /^[\d.]+$|:/.test(hostname)
    ? hostname.replace(/[^\d.a-f]/g, "-")
    : hostname.split(".").reverse().join(".");
}
