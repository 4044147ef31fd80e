import type { AuthRequest } from "@cloudflare/workers-oauth-provider";
import type { Context } from "hono";
import type { Bindings } from "../bindings.ts";
import { type EndpointListing, endpointsOf } from "../config/endpoints.ts";
import { directoryOf } from "../directory/directory-stub.ts";
import { firstUsePage, pageResponse } from "./consent-page.ts";
import { personCookie } from "./person.ts";
import { resourcesAt, wholeResource } from "./resources.ts";

export interface Allowed {
  readonly request: AuthRequest;
  readonly principal: string;
  /** The client's address, with the code. */
  readonly redirectTo: string;
  readonly headers: Headers;
}

/**
 * Sends a person who has allowed a client back to it, past a page with the servers that want the person's own consent: the
 * first use is one sitting.
 */
export async function backToClient(
  c: Context<{ Bindings: Bindings }>,
  { request, principal, redirectTo, headers }: Allowed,
): Promise<Response> {
  const { origin } = new URL(c.req.url);
  const resource = String(request.resource ?? "").replace(/\/$/, "");
  const only = resourcesAt(c.env, origin).find(({ uri }) => uri === resource)?.endpoint;
  const covered = endpointsOf(c.env, principal).filter(
    ({ name }) => resource === wholeResource(origin).uri || name === only,
  );
  const open = await unconnected(c.env, principal, covered);
  if (open.length === 0) {
    headers.set("location", redirectTo);
    return new Response(null, { status: 303, headers });
  }
  headers.append("set-cookie", await personCookie(c.env, principal));
  const links = open.map(({ name, title = name }) => ({ title, path: `/connect/${name}` }));
  return pageResponse(firstUsePage(links, redirectTo), 200, headers);
}

/** Those of the endpoints that want the principal's consent and do not have it. */
export async function unconnected(
  env: Bindings,
  principal: string,
  endpoints: readonly EndpointListing[],
): Promise<readonly EndpointListing[]> {
  const personal = endpoints.filter(({ isPersonal }) => isPersonal);
  const directory = directoryOf(env, principal);
  const tokens = await Promise.all(personal.map(({ name }) => directory.upstreamToken(name)));
  return personal.filter((_, index) => tokens[index]?.kind === "none");
}
