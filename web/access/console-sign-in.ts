import { goTo } from "../../ui/app/route.ts";
import { keepToken } from "./worker-token.ts";

/** A sign-in that this tab began. */
interface Pending {
  readonly state: string;
  readonly verifier: string;
  readonly client: string;
}

const PENDING = "holdfast-worker-sign-in";
/** The one address that the worker sends codes for its API to. */
const PAGE = `${location.origin}/`;
const API = `${location.origin}/v1`;

/**
 * Leaves for the worker's page on which the person signs in (OAuth 2.1, section 4.1; PKCE). Throws an Error that says what the worker
 * said.
 */
export async function openSignInPage(): Promise<void> {
  const registered = await ask("/oauth/register", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: "Holdfast console",
      redirect_uris: [PAGE],
      token_endpoint_auth_method: "none",
    }),
  });
  const pending: Pending = {
    state: crypto.randomUUID(),
    verifier: base64url(crypto.getRandomValues(new Uint8Array(32))),
    client: String(registered.client_id),
  };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(pending.verifier));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: pending.client,
    redirect_uri: PAGE,
    state: pending.state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
    resource: API,
    scope: "console",
  });
  location.assign(`/authorize?${query}`);
}

/**
 * The page has come back from the sign-in page that this tab opened: trades the code for a token. Does nothing for any other
 * answer. Throws an Error that says what the worker said.
 */
export async function finishConsoleSignIn(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const pending = readPending();
  if (pending === undefined || query.get("state") !== pending.state) return;
  // A code is used once: a reload must not try it again.
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", location.pathname);
  goTo("access");
  const code = query.get("code");
  if (query.get("iss") !== location.origin || code === null) {
    const refusal = query.get("error") ?? "no code";
    if (refusal === "access_denied") return;
    throw new Error(`The sign-in did not succeed (${refusal}). Try again under Worker.`);
  }
  const tokens = await ask("/oauth/token", {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: pending.client,
      redirect_uri: PAGE,
      code_verifier: pending.verifier,
      code,
    }),
  });
  keepToken(String(tokens.access_token));
}

async function ask(path: string, init: RequestInit): Promise<Readonly<Record<string, unknown>>> {
  const reply = await fetch(path, init);
  const body = (await reply.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
  if (reply.ok) return body;
  throw new Error(
    `The sign-in did not succeed: ${body.error_description ?? `the worker answered HTTP ${reply.status}`}`,
  );
}

function readPending(): Pending | undefined {
  const stored = sessionStorage.getItem(PENDING);
  return stored === null ? undefined : (JSON.parse(stored) as Pending);
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
