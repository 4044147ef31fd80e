import { describe, expect, it } from "vitest";
import {
  authorizeAddress,
  Browser,
  CALLBACK,
  codeIn,
  decide,
  exchange,
  handleIn,
  listTools,
  ORIGIN,
  register,
  SECRET,
  signIn,
  type Tokens,
} from "./sign-in.ts";

const PAGE = `${ORIGIN}/`;
const API = `${ORIGIN}/v1`;

/** As the console asks. */
async function askFor(
  browser: Browser,
  fields: Readonly<Record<string, string | undefined>> = {},
): Promise<{ readonly client: string; readonly address: string }> {
  const client = await register(browser, { redirect_uris: [PAGE, CALLBACK] });
  const console = { redirect_uri: PAGE, resource: API, scope: "console" };
  return { client, address: await authorizeAddress(client, { ...console, ...fields }) };
}

async function signInConsole(
  browser: Browser,
): Promise<{ readonly client: string; readonly tokens: Tokens }> {
  const { client, address } = await askFor(browser);
  const code = codeIn(await decide(browser, address));
  const reply = await exchange(browser, client, code, { redirect_uri: PAGE, resource: API });
  return { client, tokens: await reply.json<Tokens>() };
}

async function statusAt(path: string, token: string, init: RequestInit = {}): Promise<number> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  return (await new Browser().open(path, { ...init, headers })).status;
}

describe("the console's token", () => {
  it("comes of a sign-in at the console's own page, opens the API for 12 hours, and cannot be refreshed", async () => {
    const { tokens } = await signInConsole(new Browser());
    expect(tokens).toMatchObject({ expires_in: 43_200, scope: "console" });
    expect(tokens).not.toHaveProperty("refresh_token");
    expect(await statusAt("/v1/tasks", tokens.access_token)).toBe(200);
    expect(await statusAt("/v1/grants", tokens.access_token)).toBe(200);
  });

  it("does not open the gateway", async () => {
    const browser = new Browser();
    const { access_token } = (await signInConsole(browser)).tokens;
    for (const path of ["/mcp", "/mcp/sample-2025"])
      expect((await listTools(browser, path, access_token)).status, path).toBe(401);
  });

  it("ends with its grant, which the person sees and revokes", async () => {
    const { access_token } = (await signInConsole(new Browser())).tokens;
    const [, grant] = access_token.split(":");
    const headers = { authorization: `Bearer ${SECRET}` };
    const listed = await new Browser().open("/v1/grants", { headers });
    const { grants } = await listed.json<{ grants: { id: string; client: string; resource: string }[] }>();
    // The client's own name, which nobody has verified, is not the console's.
    expect(grants.find(({ id }) => id === grant)).toMatchObject({ client: "The console", resource: API });
    expect(await statusAt(`/v1/grants/${grant}`, access_token, { method: "DELETE" })).toBe(204);
    expect(await statusAt("/v1/tasks", access_token)).toBe(401);
  });

  it("ends with the principal", async () => {
    const { access_token } = (await signInConsole(new Browser())).tokens;
    const headers = { authorization: `Bearer ${access_token}` };
    expect((await new Browser({ TOKENS: "[]" }).open("/v1/tasks", { headers })).status).toBe(401);
  });

  it("adds no passkey, which would outlive it", async () => {
    const { access_token } = (await signInConsole(new Browser())).tokens;
    const passkey = { id: "x", rawId: "x", type: "public-key" };
    const response = { clientDataJSON: "x", attestationObject: "x" };
    expect(await statusAt("/v1/passkeys", access_token)).toBe(200);
    expect(await statusAt("/v1/passkeys/options", access_token, { method: "POST" })).toBe(403);
    const body = JSON.stringify({ ...passkey, response });
    expect(await statusAt("/v1/passkeys", access_token, { method: "POST", body })).toBe(403);
  });
});

describe("the API", () => {
  it.each([
    ["a page of another origin", CALLBACK],
    ["a program of the person's computer", "http://127.0.0.1:4711/callback"],
    ["another page of the worker", `${ORIGIN}/docs`],
    ["the console with a query", `${ORIGIN}/?next=https://thief.example`],
  ])("is not to be had for a code that would go to %s", async (_what, redirect_uri) => {
    const browser = new Browser();
    const client = await register(browser, { redirect_uris: [redirect_uri] });
    const reply = await browser.open(await authorizeAddress(client, { redirect_uri, resource: API }));
    expect(reply.status).toBe(400);
    expect(reply.headers.get("location")).toBeNull();
    const page = await reply.text();
    expect(page).toContain("Only the console of this worker");
    expect(handleIn(page)).toBe("");
  });

  it("is not to be had with a code or a token for the gateway", async () => {
    const browser = new Browser();
    const client = await register(browser);
    const code = codeIn(await decide(browser, await authorizeAddress(client, { scope: "mcp console" })));
    expect((await exchange(browser, client, code, { resource: API, scope: "console" })).status).toBe(400);

    const agent = await signIn(browser, { scope: "mcp console offline_access" });
    expect(agent.tokens.scope).toBe("mcp offline_access");
    const refreshed = await browser.post("/oauth/token", {
      grant_type: "refresh_token",
      client_id: agent.client,
      refresh_token: agent.tokens.refresh_token,
      resource: API,
      scope: "console",
    });
    expect(refreshed.status).toBe(400);
    expect(await statusAt("/v1/tasks", agent.tokens.access_token)).toBe(401);
  });

  it("is not to be had beside the gateway in one request", async () => {
    const browser = new Browser();
    const client = await register(browser);
    const address = await authorizeAddress(client, { resource: `${ORIGIN}/mcp` });
    const reply = await browser.open(`${address}&resource=${encodeURIComponent(API)}`);
    expect(reply.status).not.toBe(200);
    expect(codeIn(reply)).toBe("");
  });

  it("is asked for on a page that speaks of the console, not of a client that anybody can name", async () => {
    const browser = new Browser();
    const { address } = await askFor(browser);
    const page = await (await browser.open(address)).text();
    expect(page).toContain("Sign in to the console of <b>holdfast.test</b>");
    expect(page).not.toContain("Kelp Reader");
  });

  it("is not named where agents learn what they may ask for", async () => {
    const browser = new Browser();
    for (const path of ["oauth-authorization-server", "oauth-protected-resource"]) {
      const document = await (await browser.open(`/.well-known/${path}`)).text();
      expect(document, path).not.toContain("console");
      expect(document, path).not.toContain("/v1");
    }
    expect((await browser.open("/.well-known/oauth-protected-resource/v1")).status).toBe(404);
  });
});
