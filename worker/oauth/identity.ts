import * as oauth from "oauth4webapi";
import { principalSchema } from "../config/names.ts";
import { GITHUB, isAllowed, oauthOf, type SignInSettings } from "../config/oauth.ts";
import { log } from "../operations/log.ts";
import { guardedFetch } from "../outbound/guarded-fetch.ts";

/** Where the issuer sends people back to: the redirect address to register there. */
export const CALLBACK = "/oauth/callback";

/** What is sealed between the redirect to the issuer and the way back. */
export interface Attempt {
  readonly verifier: string;
  readonly nonce: string;
}

/** The longest reply of an issuer that is read, in bytes. */
const MAX_REPLY_BYTES = 262_144;

const GITHUB_SERVER: oauth.AuthorizationServer = {
  issuer: `${GITHUB}/login/oauth`,
  authorization_endpoint: `${GITHUB}/login/oauth/authorize`,
  token_endpoint: `${GITHUB}/login/oauth/access_token`,
};
const GITHUB_USER = "https://api.github.com/user";

export function newAttempt(): Attempt {
  return { verifier: oauth.generateRandomCodeVerifier(), nonce: oauth.generateRandomNonce() };
}

/**
 * The issuer's page on which a person signs in.
 * @throws Error if the issuer cannot be reached, or its metadata is not usable.
 */
export async function signInAddress(
  settings: SignInSettings,
  redirectUri: string,
  state: string,
  { verifier, nonce }: Attempt,
): Promise<URL> {
  const { authorization_endpoint } = await serverOf(settings);
  if (authorization_endpoint === undefined) throw new Error("The issuer has no authorization endpoint");
  const address = new URL(authorization_endpoint);
  const isGitHub = settings.issuer === GITHUB;
  const parameters = {
    response_type: "code",
    client_id: settings.clientId,
    redirect_uri: redirectUri,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...(!isGitHub && { scope: "openid email profile", nonce }),
  };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  return address;
}

/** The principal who came back from the issuer; undefined for who is not let in. The log says why. */
export async function principalAtIssuer(
  settings: SignInSettings,
  callback: URL,
  attempt: Attempt,
): Promise<string | undefined> {
  const claim = await claimOf(settings, callback, attempt).catch((error: unknown) => {
    log("oauth-sign-in-failed", { error: String(error) });
    return undefined;
  });
  const principal = principalSchema.safeParse(settings.principalPrefix + claim).data;
  if (claim !== undefined && principal !== undefined && isAllowed(settings, claim)) return principal;
  log("oauth-refused", { reason: claim === undefined ? "no-claim" : "not-allowed" });
  return undefined;
}

/** What people call the issuer by; undefined without one. */
export function issuerName(env: object): string | undefined {
  const { signIn } = oauthOf(env) ?? {};
  return signIn && new URL(signIn.issuer).host;
}

export function notLetIn({ issuer }: SignInSettings): string {
  return `${new URL(issuer).host} signed you in, and this worker does not let you in`;
}

/**
 * The claim that names the person who came back from the issuer; undefined if it is absent, or an e-mail address that the issuer
 * does not vouch for. The caller has checked that `state` belongs to this browser.
 * @throws Error if the issuer refuses, cannot be reached, or answers with what does not fit.
 */
async function claimOf(
  settings: SignInSettings,
  callback: URL,
  { verifier, nonce }: Attempt,
): Promise<string | undefined> {
  const server = await serverOf(settings);
  const client = { client_id: settings.clientId };
  const state = callback.searchParams.get("state") ?? "";
  const answer = oauth.validateAuthResponse(server, client, callback, state);
  const reply = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.ClientSecretPost(settings.clientSecret),
    answer,
    callback.origin + callback.pathname,
    verifier,
    optionsOf(settings),
  );
  if (settings.issuer === GITHUB) {
    const { access_token } = await oauth.processAuthorizationCodeResponse(server, client, reply);
    return textOf((await gitHubUser(settings, access_token))[settings.principalClaim]);
  }
  const expected = { expectedNonce: nonce, requireIdToken: true };
  const claims = oauth.getValidatedIdTokenClaims(
    await oauth.processAuthorizationCodeResponse(server, client, reply, expected),
  );
  if (settings.principalClaim === "email" && claims?.email_verified !== true) return undefined;
  return textOf(claims?.[settings.principalClaim]);
}

async function serverOf(settings: SignInSettings): Promise<oauth.AuthorizationServer> {
  if (settings.issuer === GITHUB) return GITHUB_SERVER;
  const issuer = new URL(settings.issuer);
  const reply = await oauth.discoveryRequest(issuer, optionsOf(settings));
  return oauth.processDiscoveryResponse(issuer, reply);
}

async function gitHubUser(
  settings: SignInSettings,
  token: string,
): Promise<Readonly<Record<string, unknown>>> {
  const headers = new Headers({ "user-agent": "holdfast", accept: "application/json" });
  const options = optionsOf(settings);
  const reply = await oauth.protectedResourceRequest(
    token,
    "GET",
    new URL(GITHUB_USER),
    headers,
    null,
    options,
  );
  if (!reply.ok) throw new Error(`GitHub answered ${reply.status} when it was asked who signed in`);
  return reply.json();
}

function optionsOf({ allowPrivate }: SignInSettings) {
  const send = guardedFetch({ allowPrivate, maxBytes: MAX_REPLY_BYTES });
  return {
    [oauth.customFetch]: (url: string, init: object) => send(url, init as RequestInit),
    [oauth.allowInsecureRequests]: allowPrivate,
  };
}

function textOf(claim: unknown): string | undefined {
  return (typeof claim === "string" && claim !== "") || typeof claim === "number" ? String(claim) : undefined;
}
