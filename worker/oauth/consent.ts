import {
  AuthorizationError,
  authorizationErrorRedirect,
  CimdFetchError,
} from "@cloudflare/workers-oauth-provider";
import type { Context } from "hono";
import { Attempts } from "../access/attempts.ts";
import type { Bindings } from "../bindings.ts";
import { oauthOf, type SignInSettings } from "../config/oauth.ts";
import { notFound } from "../http/failure.ts";
import { ProblemError, retryAfter } from "../http/problem.ts";
import { log } from "../operations/log.ts";
import { oauthApi } from "./authorization-server.ts";
import { consentPage, consoleSignInPage, messagePage, pageResponse } from "./consent-page.ts";
import { checkConsole, isForConsole } from "./console-access.ts";
import { backToClient } from "./first-use.ts";
import { formOf } from "./form.ts";
import { grant } from "./grant.ts";
import {
  type Attempt,
  CALLBACK,
  issuerName,
  newAttempt,
  notLetIn,
  principalAtIssuer,
  signInAddress,
} from "./identity.ts";
import { signedInHere, signInWays } from "./sign-in.ts";

type AuthorizeContext = Context<{ Bindings: Bindings }>;

/** Pages an address may open within a minute. Each takes a row of the KV namespace for ten minutes. */
const pages = new Attempts(60);

/** `GET /authorize`: the page on which a person lets a client in, or does not. */
export function askForConsent(c: AuthorizeContext): Promise<Response> {
  return withRefusals(c, async () => {
    const address = c.req.header("cf-connecting-ip");
    if (address !== undefined) {
      const waitMs = pages.waitMs(address, Date.now());
      if (waitMs > 0)
        throw new ProblemError(429, "too-many-pages", "Too many pages were opened.", retryAfter(waitMs));
      pages.add(address, Date.now());
    }
    return consent(c);
  });
}

/** `POST /authorize`: what the person decided. */
export function takeConsent(c: AuthorizeContext): Promise<Response> {
  return withRefusals(c, async () => {
    const request = c.req.raw;
    const url = new URL(request.url);
    const form = await formOf(c);
    const { handle, decision } = form;
    const oauth = oauthApi(c.env, url);
    const { signIn } = oauthOf(c.env) ?? {};
    if (decision === "sign-in" && signIn) return await goToIssuer(c, signIn, handle);
    if (decision !== "allow" && decision !== "passkey") {
      const { headers } = await oauth.denyConsent(request, handle);
      return new Response(null, { status: 303, headers });
    }
    const signedIn = await signedInHere(c.env, url, form, c.req.header("cf-connecting-ip"));
    if (!signedIn.ok) return consent(c, signedIn.failure, signedIn.status);
    const { principal } = signedIn;
    const approved = await oauth.approveConsent(request, handle);
    const redirectTo = await grant(oauth, approved.request, { principal, by: "token" }, url.origin);
    log("oauth-granted", { client: approved.request.clientId, resource: approved.request.resource });
    return await backToClient(c, { ...approved, principal, redirectTo });
  });
}

/** The page, with a handle of its own: also after a wrong secret, since the address still has the whole request. */
async function consent(c: AuthorizeContext, failure?: string, status = 200): Promise<Response> {
  const url = new URL(c.req.url);
  const oauth = oauthApi(c.env, url);
  const request = await oauth.parseAuthRequest(c.req.raw);
  checkConsole(request, url.origin);
  const description = await oauth.describeConsent(request);
  const { handle, headers } = await oauth.beginConsent(request);
  const ways = await signInWays(c.env, url, handle);
  const { host } = url;
  const page = isForConsole(request, url.origin)
    ? consoleSignInPage({ host, failure, ways })
    : consentPage({ description, resource: request.resource, host, failure, ways });
  return pageResponse(page, status, headers);
}

/** `GET /oauth/callback`: the person comes back from the issuer. */
export function takeIdentity(c: AuthorizeContext): Promise<Response> {
  return withRefusals(c, async () => {
    const url = new URL(c.req.url);
    const { signIn } = oauthOf(c.env) ?? {};
    if (!signIn) return notFound(c);
    const oauth = oauthApi(c.env, url);
    const { request, data, headers } = await oauth.finishUpstream<Attempt>(c.req.raw);
    const back = (location: string): Response => {
      headers.set("location", location);
      return new Response(null, { status: 303, headers });
    };
    if (url.searchParams.has("error")) return back(authorizationErrorRedirect(request, "access_denied"));
    const principal = await principalAtIssuer(signIn, url, data);
    if (principal === undefined) return await pageResponse(messagePage(notLetIn(signIn)), 403, headers);
    const redirectTo = await grant(oauth, request, { principal, by: "sign-in" }, url.origin);
    log("oauth-granted", { client: request.clientId, resource: request.resource });
    return await backToClient(c, { request, principal, redirectTo, headers });
  });
}

/** The person has allowed the client, and signs in at the issuer now. */
async function goToIssuer(c: AuthorizeContext, signIn: SignInSettings, handle: string): Promise<Response> {
  const url = new URL(c.req.url);
  const oauth = oauthApi(c.env, url);
  const { request, headers: cookies } = await oauth.approveConsent(c.req.raw, handle);
  const attempt = newAttempt();
  const { state, headers } = await oauth.beginUpstream(request, { data: attempt, headers: cookies });
  try {
    const address = await signInAddress(signIn, `${url.origin}${CALLBACK}`, state, attempt);
    headers.set("location", address.href);
    return new Response(null, { status: 303, headers });
  } catch (error) {
    log("oauth-sign-in-failed", { error: String(error) });
    return pageResponse(messagePage(`${issuerName(c.env)} cannot be reached at the moment`), 503);
  }
}

/**
 * A refusal goes back to the client only if the library has checked where that is; any other is shown to the person
 * (OAuth 2.1, section 4.1.2.1).
 */
async function withRefusals(c: AuthorizeContext, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AuthorizationError && error.redirectTo) return c.redirect(error.redirectTo, 302);
    if (error instanceof AuthorizationError || error instanceof CimdFetchError) {
      const reason =
        error instanceof AuthorizationError
          ? error.description
          : "The app's own description of itself could not be read";
      log("oauth-refused", { reason });
      return pageResponse(messagePage(reason), 400);
    }
    throw error;
  }
}
