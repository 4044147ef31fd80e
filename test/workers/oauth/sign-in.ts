import { createExecutionContext, env } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import worker from "../../../worker/index.ts";

export const ORIGIN = "https://holdfast.test";
export const CALLBACK = "https://client.example/callback";
/** The tester's own, of vitest.workers.config.ts. */
export const SECRET = "alice-token";

const VERIFIER = "a-code-verifier-of-at-least-forty-three-characters-in-all";

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly scope: string;
}

/** A browser: it keeps cookies, and shows where it was sent. */
export class Browser {
  readonly #cookies = new Map<string, string>();
  readonly #vars: object | undefined;

  /** @param vars Other vars than the tests' own. */
  constructor(vars?: object) {
    this.#vars = vars;
  }

  async open(address: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    if (cookie !== "") headers.set("cookie", cookie);
    const request = new Request(new URL(address, ORIGIN), { ...init, headers, redirect: "manual" });
    const reply = await (this.#vars === undefined
      ? exports.default.fetch(request)
      : worker.fetch(request, { ...env, ...this.#vars } as never, createExecutionContext()));
    for (const set of reply.headers.getSetCookie()) {
      const [pair = ""] = set.split(";");
      const [name = "", value = ""] = pair.split(/=(.*)/s);
      if (/max-age=0/i.test(set)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return reply;
  }

  post(
    address: string,
    form: Readonly<Record<string, string>>,
    headers: HeadersInit = {},
  ): Promise<Response> {
    return this.open(address, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      body: new URLSearchParams(form).toString(),
    });
  }
}

export async function register(browser: Browser, metadata: object = {}): Promise<string> {
  const reply = await browser.open("/oauth/register", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: "Kelp Reader",
      redirect_uris: [CALLBACK],
      token_endpoint_auth_method: "none",
      ...metadata,
    }),
  });
  const { client_id } = await reply.json<{ client_id: string }>();
  return client_id;
}

/** The address of the consent page for a request of a client. A field that is undefined is left out. */
export async function authorizeAddress(
  client: string,
  fields: Readonly<Record<string, string | undefined>> = {},
): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(VERIFIER));
  const challenge = btoa(String.fromCharCode(...new Uint8Array(digest)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
  const query = new URLSearchParams();
  const all = {
    response_type: "code",
    client_id: client,
    redirect_uri: CALLBACK,
    state: "xyz",
    code_challenge: challenge,
    code_challenge_method: "S256",
    scope: "mcp",
    ...fields,
  };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) query.set(name, value);
  return `/authorize?${query}`;
}

export function handleIn(page: string): string {
  return /name="handle" value="([^"]+)"/.exec(page)?.[1] ?? "";
}

/** Opens the page and decides. Resolves with where the browser is sent. */
export async function decide(
  browser: Browser,
  address: string,
  form: Readonly<Record<string, string>> = { decision: "allow", secret: SECRET },
): Promise<Response> {
  const page = await (await browser.open(address)).text();
  return browser.post(address, { handle: handleIn(page), ...form });
}

export function codeIn(reply: Response): string {
  return new URL(reply.headers.get("location") ?? "about:blank").searchParams.get("code") ?? "";
}

export function exchange(
  browser: Browser,
  client: string,
  code: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return browser.post("/oauth/token", {
    grant_type: "authorization_code",
    client_id: client,
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
    code,
    ...fields,
  });
}

/** A whole sign-in. */
export async function signIn(
  browser: Browser,
  fields: Readonly<Record<string, string | undefined>> = {},
  secret = SECRET,
): Promise<{ readonly client: string; readonly tokens: Tokens }> {
  const client = await register(browser);
  const address = await authorizeAddress(client, fields);
  const code = codeIn(await decide(browser, address, { decision: "allow", secret }));
  const tokens = await (await exchange(browser, client, code)).json<Tokens>();
  return { client, tokens };
}

/** Asks an MCP address for its tools. */
export function listTools(browser: Browser, path: string, token?: string): Promise<Response> {
  return browser.open(path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
}
