import type { Context } from "hono";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import * as z from "zod";
import { knownOrigin, ownHost } from "../access/known-caller.ts";
import type { Bindings } from "../bindings.ts";
import { consentSecretOf } from "../config/consent.ts";
import { allEndpoints, type EndpointListing, endpointsOf } from "../config/endpoints.ts";
import { oauthOf } from "../config/oauth.ts";
import { CLIENT_DOCUMENT, CONNECTED, clientDocument } from "../consent/client-metadata.ts";
import { Seal } from "../consent/seal.ts";
import { directoryOf } from "../directory/directory-stub.ts";
import { notFound, onError } from "../http/failure.ts";
import { ProblemError } from "../http/problem.ts";
import { log } from "../operations/log.ts";
import { canSignIn } from "./authorization-server.ts";
import { connectPage, endPage, messagePage, pageResponse } from "./consent-page.ts";
import { formOf } from "./form.ts";
import { CALLBACK, issuerName, newAttempt, notLetIn, principalAtIssuer, signInAddress } from "./identity.ts";
import { isOwnHandle, newHandle } from "./page-handle.ts";
import { cookie, cookieOf, personCookie, personOf } from "./person.ts";
import { signedInHere, signInWays } from "./sign-in.ts";

type ConnectContext = Context<{ Bindings: Bindings }>;

const MAX_FORM_BYTES = 8_192;
/** How long a person may take at a server's or the issuer's page, in seconds. */
const AWAY_S = 600;

const attemptSchema = z.object({ verifier: z.string(), nonce: z.string(), endpoint: z.string() });

/** `/connect/<endpoint>`: the pages on which a person lets the worker use a server in their name. */
export function connect(): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  app.onError(onError);
  for (const path of ["/connect/*", CONNECTED])
    app.use(path, ownHost, async (c, next) => {
      if (!canSignIn(new URL(c.req.url))) throw new ProblemError(403, "https-needed", "Sign-in needs HTTPS.");
      return next();
    });
  app.get(CLIENT_DOCUMENT, (c) => c.json(clientDocument(new URL(c.req.url).origin)));
  app.get("/connect/:endpoint", async (c) => {
    const endpoint = personalEndpoint(c);
    return endpoint ? ask(c, endpoint) : notFound(c);
  });
  app.post("/connect/:endpoint", knownOrigin(true), bodyLimit({ maxSize: MAX_FORM_BYTES }), async (c) => {
    const endpoint = personalEndpoint(c);
    return endpoint ? decide(c, endpoint) : notFound(c);
  });
  app.get(CONNECTED, connected);
  for (const path of ["/connect/*", CONNECTED]) app.all(path, notFound);
  return app;
}

function personalEndpoint(c: ConnectContext): EndpointListing | undefined {
  const name = c.req.param("endpoint");
  return allEndpoints(c.env).find((endpoint) => endpoint.name === name && endpoint.isPersonal);
}

async function ask(
  c: ConnectContext,
  { name, title = name }: EndpointListing,
  failure?: string,
  status = 200,
): Promise<Response> {
  const principal = await personOf(c.env, c.req.raw);
  const url = new URL(c.req.url);
  const opened = await newHandle(c.env, c.req.raw);
  const person = principal === undefined ? await signInWays(c.env, url, opened.handle) : { principal };
  const page = connectPage({ title, host: url.host, person, failure });
  return pageResponse(page, status, new Headers({ "set-cookie": opened.cookie }));
}

async function decide(c: ConnectContext, endpoint: EndpointListing): Promise<Response> {
  const form = await formOf(c);
  const { decision, handle } = form;
  if (decision === "sign-in") return toIssuer(c, endpoint);
  if (decision === "connect") {
    const principal = await personOf(c.env, c.req.raw);
    return principal === undefined ? ask(c, endpoint) : toServer(c, endpoint, principal);
  }
  // A passkey signs the challenge of a page, which is one browser's.
  if (decision === "passkey" && !(await isOwnHandle(c.env, c.req.raw, handle)))
    return ask(c, endpoint, "This page was open for too long. Try again.", 403);
  const address = c.req.header("cf-connecting-ip");
  const signedIn = await signedInHere(c.env, new URL(c.req.url), form, address);
  if (!signedIn.ok) return ask(c, endpoint, signedIn.failure, signedIn.status);
  return toServer(c, endpoint, signedIn.principal);
}

/** To the page on which the endpoint's server asks the person. The way back is this browser's alone. */
async function toServer(c: ConnectContext, { name }: EndpointListing, principal: string): Promise<Response> {
  if (!endpointsOf(c.env, principal).some((endpoint) => endpoint.name === name)) return notFound(c);
  const { origin } = new URL(c.req.url);
  const begun = await directoryOf(c.env, principal).beginConsent(name, origin + CONNECTED);
  if (!begun.ok) return pageResponse(messagePage("The server could not be asked for its sign-in page"), 502);
  const headers = new Headers({ location: begun.address, "cache-control": "no-store" });
  headers.append("set-cookie", await personCookie(c.env, principal));
  const sealed = await new Seal(consentSecretOf(c.env)).sealed({ principal }, begun.state);
  headers.append("set-cookie", cookie(wayBack(begun.state), sealed, AWAY_S));
  return new Response(null, { status: 303, headers });
}

/** The person comes back from the endpoint's server. */
async function connected(c: ConnectContext): Promise<Response> {
  const query = new URL(c.req.url).searchParams;
  const state = query.get("state") ?? "";
  const sealed = cookieOf(c.req.raw, wayBack(state));
  const opened =
    sealed === undefined ? undefined : await new Seal(consentSecretOf(c.env)).opened(sealed, state);
  const { principal } = z.object({ principal: z.string() }).safeParse(opened).data ?? {};
  if (principal === undefined) {
    const reason = "This sign-in was not started in this browser, or took too long";
    return pageResponse(messagePage(reason), 400);
  }
  const [code, iss] = [query.get("code"), query.get("iss")];
  const finished = await directoryOf(c.env, principal).finishConsent({
    state,
    ...(code !== null && { code }),
    ...(iss !== null && { iss }),
  });
  if (!finished.ok) {
    log("consent-refused", { error: query.get("error") ?? "" });
    return pageResponse(messagePage("The server did not give access"), 403);
  }
  const text = "Running tasks go on by themselves. You can close this page, and go back to the app.";
  const headers = new Headers({ "set-cookie": cookie(wayBack(state), "", 0) });
  return pageResponse(endPage(`${finished.endpoint} is connected`, text), 200, headers);
}

async function toIssuer(c: ConnectContext, { name }: EndpointListing): Promise<Response> {
  const { signIn } = oauthOf(c.env) ?? {};
  if (!signIn) return notFound(c);
  const state = crypto.randomUUID();
  const attempt = newAttempt();
  const { origin } = new URL(c.req.url);
  try {
    const address = await signInAddress(signIn, `${origin}${CALLBACK}`, state, attempt);
    const sealed = await new Seal(consentSecretOf(c.env)).sealed({ ...attempt, endpoint: name }, state);
    const headers = new Headers({ location: address.href, "cache-control": "no-store" });
    headers.append("set-cookie", cookie(wayBack(state), sealed, AWAY_S));
    return new Response(null, { status: 303, headers });
  } catch (error) {
    log("oauth-sign-in-failed", { error: String(error) });
    return pageResponse(messagePage(`${issuerName(c.env)} cannot be reached at the moment`), 503);
  }
}

/**
 * The person comes back from the issuer, having begun here; undefined if the sign-in began on another page.
 * @param c Of a request to the issuer's redirect address, which all pages share.
 */
export async function connectAfterSignIn(c: ConnectContext): Promise<Response | undefined> {
  const url = new URL(c.req.url);
  const state = url.searchParams.get("state") ?? "";
  const sealed = cookieOf(c.req.raw, wayBack(state));
  const { signIn } = oauthOf(c.env) ?? {};
  if (sealed === undefined || !signIn) return undefined;
  const opened = await new Seal(consentSecretOf(c.env)).opened(sealed, state);
  const attempt = attemptSchema.safeParse(opened).data;
  if (!attempt) return undefined;
  const principal = await principalAtIssuer(signIn, url, attempt);
  if (principal === undefined) return pageResponse(messagePage(notLetIn(signIn)), 403);
  const headers = new Headers({ location: `/connect/${attempt.endpoint}`, "cache-control": "no-store" });
  headers.append("set-cookie", cookie(wayBack(state), "", 0));
  headers.append("set-cookie", await personCookie(c.env, principal));
  return new Response(null, { status: 303, headers });
}

/** The cookie of one attempt: several tabs have one each. */
function wayBack(state: string): string {
  return `__Host-holdfast-away-${state.replace(/[^A-Za-z0-9]/g, "").slice(0, 16)}`;
}
