import type { Credentials, Fetch } from "holdfast/http";
import { isRecord } from "../app/is-record.ts";
import { type KnownServer, knownServers } from "./known-servers.ts";
import { dropSecret, keepSecret, signInOf } from "./secrets.ts";
import type { SignIn } from "./sign-in.ts";

/** Refusals that no repetition changes (RFC 6749, section 5.2). */
const FINAL = ["invalid_grant", "invalid_client", "unauthorized_client"];

/**
 * The tokens of a sign-in. They are renewed in the background; only a person can sign in, on the options page.
 * @param ended Called when the sign-in has ended: its tokens are deleted.
 */
export function credentialsOf(url: string, ended: (server: KnownServer) => void): Credentials {
  const now = async (): Promise<{ server?: KnownServer; signIn?: SignIn }> => {
    const server = (await knownServers()).find((known) => known.url === url);
    const signIn = server && (await signInOf(server));
    return { ...(server && { server }), ...(signIn && { signIn }) };
  };
  return {
    provider: {},
    token: async () => (await now()).signIn?.accessToken,
    async renew({ status }, _mayPrompt, { fetchFn }) {
      const { server, signIn } = await now();
      // A refresh gives no scope that the grant lacks.
      if (!server || !signIn || status === 403) return false;
      const renewed = await refreshed(signIn, fetchFn);
      // The person may have removed the server, or signed in anew, meanwhile.
      if ((await now()).signIn?.accessToken !== signIn.accessToken) return true;
      if (renewed) await keepSecret(url, renewed, server.keeping);
      else {
        await dropSecret(url);
        ended(server);
      }
      return renewed !== undefined;
    },
  };
}

/** Resolves with nothing if the grant has ended. Rejects if the authorization server does not answer, or not now. */
async function refreshed(signIn: SignIn, fetch: Fetch): Promise<SignIn | undefined> {
  const { refreshToken, clientId, clientSecret, isBasic, resource, tokenEndpoint } = signIn;
  if (refreshToken === undefined) return undefined;
  const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken });
  const headers = new Headers({ accept: "application/json" });
  if (resource !== undefined) body.set("resource", resource);
  if (clientSecret !== undefined && isBasic)
    headers.set("authorization", `Basic ${btoa([clientId, clientSecret].map(encodeURIComponent).join(":"))}`);
  else {
    body.set("client_id", clientId);
    if (clientSecret !== undefined) body.set("client_secret", clientSecret);
  }
  const reply = await fetch(tokenEndpoint, { method: "POST", headers, body, redirect: "error" });
  const answer: unknown = await reply.json().catch(() => undefined);
  const { access_token, refresh_token, error } = isRecord(answer) ? answer : {};
  if (reply.ok && typeof access_token === "string")
    return {
      ...signIn,
      accessToken: access_token,
      ...(typeof refresh_token === "string" && { refreshToken: refresh_token }),
    };
  if (FINAL.some((known) => known === error)) return undefined;
  throw new Error(`${new URL(tokenEndpoint).host} answered HTTP ${reply.status} to the refresh`);
}
