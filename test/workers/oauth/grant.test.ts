import { describe, expect, it } from "vitest";
import {
  authorizeAddress,
  Browser,
  CALLBACK,
  codeIn,
  decide,
  exchange,
  listTools,
  ORIGIN,
  register,
  signIn,
  type Tokens,
} from "./sign-in.ts";

const ENDPOINT = "/mcp/sample-2025";

async function status(browser: Browser, path: string, token: string): Promise<number> {
  return (await listTools(browser, path, token)).status;
}

function refresh(browser: Browser, client: string, token: string): Promise<Response> {
  return browser.post("/oauth/token", {
    grant_type: "refresh_token",
    client_id: client,
    refresh_token: token,
  });
}

describe("an access token", () => {
  it("comes of a sign-in with the token of a principal, and opens the gateway as that principal", async () => {
    const browser = new Browser();
    const { tokens } = await signIn(browser, { resource: `${ORIGIN}${ENDPOINT}` });
    expect(tokens).toMatchObject({ token_type: "bearer", expires_in: 3600, scope: "mcp" });
    const reply = await listTools(browser, ENDPOINT, tokens.access_token);
    expect(reply.status).toBe(200);
    expect(await reply.text()).toContain("acquire_paper");
  });

  it("has colons in it, and opens the gateway all the same", async () => {
    const browser = new Browser();
    const { tokens } = await signIn(browser, { resource: `${ORIGIN}${ENDPOINT}` });
    expect(tokens.access_token.split(":")).toHaveLength(3);
  });

  it("is for the one endpoint it was asked for, and for nothing else of the worker", async () => {
    const browser = new Browser();
    const { access_token } = (await signIn(browser, { resource: `${ORIGIN}${ENDPOINT}` })).tokens;
    expect(await status(browser, ENDPOINT, access_token)).toBe(200);
    expect(await status(browser, "/mcp/sample-2026", access_token)).toBe(401);
    const headers = { authorization: `Bearer ${access_token}` };
    expect((await browser.open("/v1/tasks", { headers })).status).toBe(401);
  });

  it.each([
    ["does not name a resource", undefined],
    ["names /mcp", `${ORIGIN}/mcp`],
    ["names /mcp/", `${ORIGIN}/mcp/`],
  ])("is for every endpoint if its client %s", async (_what, resource) => {
    const browser = new Browser();
    const { access_token } = (await signIn(browser, { resource })).tokens;
    expect(await status(browser, ENDPOINT, access_token)).toBe(200);
    expect(await status(browser, "/mcp/sample-2026", access_token)).toBe(200);
  });

  it("has the scope that it needs, whatever its client asked for", async () => {
    for (const scope of [undefined, "offline_access", "mcp offline_access openid", ""]) {
      const browser = new Browser();
      const { tokens } = await signIn(browser, { scope });
      expect(tokens.scope.split(" "), `${scope}`).toContain("mcp");
      expect(await status(browser, ENDPOINT, tokens.access_token), `${scope}`).toBe(200);
    }
  });

  it("ends with the principal: who is taken out of TOKENS has no tokens left", async () => {
    const browser = new Browser();
    const { access_token } = (await signIn(browser)).tokens;
    expect(await status(browser, ENDPOINT, access_token)).toBe(200);
    expect(await status(new Browser({ TOKENS: "[]" }), ENDPOINT, access_token)).toBe(401);
  });

  it("that has expired is answered 401 however often it comes, for its client has to learn to refresh", async () => {
    const browser = new Browser();
    const headers = {
      authorization: "Bearer dXNlcg:0123456789abcdef:0123456789abcdef",
      "cf-connecting-ip": "203.0.113.77",
    };
    for (let count = 0; count < 40; count++)
      expect((await browser.open(ENDPOINT, { method: "POST", headers })).status).toBe(401);
  });
});

describe("OWNER_SECRET", () => {
  it("signs its one user in, and is a token of the principal owner by itself", async () => {
    const secret = "the-secret-of-an-only-user";
    const browser = new Browser({ TOKENS: "", OWNER_SECRET: secret });
    const { access_token } = (await signIn(browser, {}, secret)).tokens;
    expect(await status(browser, ENDPOINT, access_token)).toBe(200);
    expect(await status(browser, ENDPOINT, secret)).toBe(200);
    const other = new Browser({ TOKENS: "", OWNER_SECRET: "" });
    expect(await status(other, ENDPOINT, access_token)).toBe(401);
  });
});

describe("a code", () => {
  it("goes to a registered address only, and the page reports any other to the person", async () => {
    const browser = new Browser();
    const client = await register(browser);
    for (const redirect_uri of [
      "https://thief.example/callback",
      `${CALLBACK}/more`,
      "javascript:alert(1)",
    ]) {
      const reply = await browser.open(await authorizeAddress(client, { redirect_uri }));
      expect(reply.status).toBe(400);
      expect(reply.headers.get("location")).toBe(null);
      expect(await reply.text()).toContain("Invalid redirect URI");
    }
  });

  it("comes with the state and the issuer (RFC 9207)", async () => {
    const browser = new Browser();
    const client = await register(browser);
    const location = (await decide(browser, await authorizeAddress(client))).headers.get("location") ?? "";
    const { searchParams } = new URL(location);
    expect(location.startsWith(CALLBACK)).toBe(true);
    expect([searchParams.get("state"), searchParams.get("iss")]).toEqual(["xyz", ORIGIN]);
  });

  it("is good once: a replay is refused, and ends the grant it came with", async () => {
    const browser = new Browser();
    const client = await register(browser);
    const code = codeIn(await decide(browser, await authorizeAddress(client)));
    const { access_token } = await (await exchange(browser, client, code)).json<Tokens>();
    expect(await status(browser, ENDPOINT, access_token)).toBe(200);
    const replay = await exchange(browser, client, code);
    expect(replay.status).toBe(400);
    expect(await replay.json()).toMatchObject({ error: "invalid_grant" });
    expect(await status(browser, ENDPOINT, access_token)).toBe(401);
  });

  it("is of no use to another client, nor without its verifier", async () => {
    const browser = new Browser();
    const client = await register(browser);
    const thief = await register(browser);
    const address = await authorizeAddress(client);
    expect((await exchange(browser, thief, codeIn(await decide(browser, address)))).ok).toBe(false);
    const guessed = { code_verifier: "another-verifier-of-at-least-forty-three-characters" };
    expect((await exchange(browser, client, codeIn(await decide(browser, address)), guessed)).ok).toBe(false);
  });

  it("needs a challenge by S256", async () => {
    const browser = new Browser();
    const client = await register(browser);
    for (const fields of [{ code_challenge: undefined }, { code_challenge_method: "plain" }]) {
      const reply = await browser.open(await authorizeAddress(client, fields));
      expect(reply.headers.get("location")).toContain("error=invalid_request");
    }
  });

  it("is not for a resource that does not exist", async () => {
    const browser = new Browser();
    const client = await register(browser);
    const reply = await browser.open(
      await authorizeAddress(client, { resource: "https://other.example/mcp" }),
    );
    expect(reply.headers.get("location")).toContain("error=invalid_target");
  });
});

describe("a refresh token", () => {
  it("gives new tokens, and the grant lives 30 days from then", async () => {
    const browser = new Browser();
    const { client, tokens } = await signIn(browser);
    const next = await (await refresh(browser, client, tokens.refresh_token)).json<Tokens>();
    expect(next.access_token).not.toBe(tokens.access_token);
    expect(await status(browser, ENDPOINT, next.access_token)).toBe(200);
  });

  it("that was stolen is refused once its successor has been used", async () => {
    const browser = new Browser();
    const { client, tokens } = await signIn(browser);
    const second = await (await refresh(browser, client, tokens.refresh_token)).json<Tokens>();
    await refresh(browser, client, second.refresh_token);
    const replay = await refresh(browser, client, tokens.refresh_token);
    expect(replay.status).toBe(400);
    expect(await replay.json()).toMatchObject({ error: "invalid_grant" });
  });

  it("is of no use to another client", async () => {
    const browser = new Browser();
    const { tokens } = await signIn(browser);
    const thief = await register(browser);
    expect((await refresh(browser, thief, tokens.refresh_token)).ok).toBe(false);
  });

  it("that is revoked ends the grant", async () => {
    const browser = new Browser();
    const { client, tokens } = await signIn(browser);
    const form = { token: tokens.refresh_token, client_id: client };
    expect((await browser.post("/oauth/token", form)).status).toBe(200);
    expect(await status(browser, ENDPOINT, tokens.access_token)).toBe(401);
    expect((await refresh(browser, client, tokens.refresh_token)).ok).toBe(false);
  });
});

describe("registration", () => {
  it("of more than 20 clients a minute from one address is refused", async () => {
    const browser = new Browser();
    const init = {
      method: "POST",
      headers: { "content-type": "application/json", "cf-connecting-ip": "203.0.113.9" },
      body: JSON.stringify({ redirect_uris: [CALLBACK], token_endpoint_auth_method: "none" }),
    };
    const seen: number[] = [];
    for (let count = 0; count < 22; count++) seen.push((await browser.open("/oauth/register", init)).status);
    expect(seen).toEqual([...Array(20).fill(201), 429, 429]);
  });
});
