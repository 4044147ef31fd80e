import { generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
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
  type Tokens,
} from "./sign-in.ts";

const ISSUER = "https://idp.example";
const ENDPOINT = "/mcp/sample-2025";

const oidc = (change: object = {}): string =>
  JSON.stringify({
    signIn: {
      issuer: ISSUER,
      clientId: "holdfast",
      clientSecret: "issuer-secret",
      principalClaim: "email",
      allow: ["kai@kelp.example"],
      ...change,
    },
  });

let key: Awaited<ReturnType<typeof generateKeyPair>>;
/** What the issuer says of the person who signs in. */
let claims: Record<string, unknown>;
/** The forms that were sent to its token endpoint. */
let asked: URLSearchParams[];
let nonce: string | null;

beforeAll(async () => {
  key = await generateKeyPair("RS256");
});

beforeEach(() => {
  claims = { sub: "248289761001", email: "kai@kelp.example", email_verified: true };
  asked = [];
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, init);
    switch (request.url) {
      case `${ISSUER}/.well-known/openid-configuration`:
        return Response.json({
          issuer: ISSUER,
          authorization_endpoint: `${ISSUER}/authorize`,
          token_endpoint: `${ISSUER}/token`,
        });
      case `${ISSUER}/token`: {
        asked.push(new URLSearchParams(await request.text()));
        const id_token = await new SignJWT({ ...claims, nonce })
          .setProtectedHeader({ alg: "RS256" })
          .setIssuer(ISSUER)
          .setAudience("holdfast")
          .setIssuedAt()
          .setExpirationTime("5m")
          .sign(key.privateKey);
        return Response.json({ access_token: "at", token_type: "Bearer", id_token });
      }
      case "https://github.com/login/oauth/access_token":
        asked.push(new URLSearchParams(await request.text()));
        return Response.json({ access_token: "gho_token", token_type: "bearer", scope: "" });
      case "https://api.github.com/user":
        expect(request.headers.get("authorization")).toBe("Bearer gho_token");
        expect(request.headers.get("user-agent")).toBe("holdfast");
        return Response.json({ login: "kai", id: 583231 });
      default:
        throw new Error(`Nobody is at ${request.url}`);
    }
  });
});

afterEach(() => vi.restoreAllMocks());

/** Up to the issuer's page, and back from it. */
async function throughIssuer(browser: Browser, client: string, answer: object = { code: "issuer-code" }) {
  const sent = await decide(browser, await authorizeAddress(client), { decision: "sign-in" });
  const page = new URL(sent.headers.get("location") ?? "about:blank");
  nonce = page.searchParams.get("nonce");
  const query = new URLSearchParams({ state: page.searchParams.get("state") ?? "", ...answer });
  return { page, back: await browser.open(`/oauth/callback?${query}`) };
}

describe("sign-in at an OpenID Connect issuer", () => {
  it("makes the person the principal that the claim names", async () => {
    const browser = new Browser({ OAUTH: oidc() });
    const client = await register(browser);
    const { page, back } = await throughIssuer(browser, client);
    expect(page.origin + page.pathname).toBe(`${ISSUER}/authorize`);
    expect(Object.fromEntries(page.searchParams)).toMatchObject({
      client_id: "holdfast",
      redirect_uri: `${ORIGIN}/oauth/callback`,
      code_challenge_method: "S256",
      scope: "openid email profile",
    });
    expect(Object.fromEntries(asked[0] ?? [])).toMatchObject({
      code: "issuer-code",
      client_secret: "issuer-secret",
      redirect_uri: `${ORIGIN}/oauth/callback`,
    });
    expect(back.headers.get("location")?.startsWith(CALLBACK)).toBe(true);
    const { access_token } = await (await exchange(browser, client, codeIn(back))).json<Tokens>();
    expect((await listTools(browser, ENDPOINT, access_token)).status).toBe(200);
    const strict = new Browser({ OAUTH: oidc({ allow: ["someone@kelp.example"] }) });
    expect((await listTools(strict, ENDPOINT, access_token)).status, "taken out of `allow`").toBe(401);
  });

  it.each([
    ["is not in `allow`", { email: "eve@kelp.example" }],
    ["has an address that the issuer does not vouch for", { email_verified: false }],
    ["has no such claim", { email: undefined }],
    ["has a claim that is no principal", { email: "kai kelp@kelp.example" }],
  ])("lets nobody in who %s", async (_who, change) => {
    claims = { ...claims, ...change };
    const browser = new Browser({ OAUTH: oidc() });
    const { back } = await throughIssuer(browser, await register(browser));
    expect(back.status).toBe(403);
    expect(back.headers.get("location")).toBe(null);
    expect(await back.text()).toContain("does not let you in");
  });

  it("takes no ID token of another sign-in", async () => {
    const browser = new Browser({ OAUTH: oidc() });
    const client = await register(browser);
    const sent = await decide(browser, await authorizeAddress(client), { decision: "sign-in" });
    const state = new URL(sent.headers.get("location") ?? "").searchParams.get("state") ?? "";
    nonce = "of-another-sign-in";
    const back = await browser.open(`/oauth/callback?code=x&state=${state}`);
    expect(back.status).toBe(403);
  });

  it("is refused in another browser than the one that allowed the client, and a second time", async () => {
    const browser = new Browser({ OAUTH: oidc() });
    const client = await register(browser);
    const sent = await decide(browser, await authorizeAddress(client), { decision: "sign-in" });
    const page = new URL(sent.headers.get("location") ?? "");
    nonce = page.searchParams.get("nonce");
    const callback = `/oauth/callback?code=x&state=${page.searchParams.get("state")}`;
    expect((await new Browser({ OAUTH: oidc() }).open(callback)).status).toBe(400);
    expect((await browser.open(callback)).status).toBe(303);
    expect((await browser.open(callback)).status).toBe(400);
  });

  it("sends access_denied to the client when the person declines", async () => {
    const browser = new Browser({ OAUTH: oidc() });
    const { back } = await throughIssuer(browser, await register(browser), { error: "access_denied" });
    expect(back.headers.get("location")).toContain(`${CALLBACK}?error=access_denied`);
  });

  it("shows the person that the issuer cannot be reached", async () => {
    const browser = new Browser({ OAUTH: oidc({ issuer: "https://down.example" }) });
    const address = await authorizeAddress(await register(browser));
    const reply = await decide(browser, address, { decision: "sign-in" });
    expect(reply.status).toBe(503);
    expect(await reply.text()).toContain("down.example cannot be reached at the moment");
  });

  it("is offered beside secrets if there are any, and alone otherwise", async () => {
    const page = async (vars: object): Promise<string> => {
      const browser = new Browser({ OAUTH: oidc(), ...vars });
      return (await browser.open(await authorizeAddress(await register(browser)))).text();
    };
    const both = await page({});
    expect(both).toContain("sign in with idp.example");
    expect(both).toContain('name="secret"');
    expect(await page({ TOKENS: "", DEMO: "" })).not.toContain('name="secret"');
  });
});

describe("sign-in at an issuer to connect a server", () => {
  const vars = {
    OAUTH: oidc(),
    ENDPOINTS: JSON.stringify({ guarded: { url: "https://guarded.example/mcp", consent: true } }),
    CONSENT_SECRET: "a-secret-of-thirty-two-characters-or-more",
  };

  it("brings the person back to the server's page, in the browser that began", async () => {
    const browser = new Browser(vars);
    expect(await (await browser.open("/connect/guarded")).text()).toContain("Sign in with idp.example");
    const sent = await browser.post("/connect/guarded", { decision: "sign-in" });
    const page = new URL(sent.headers.get("location") ?? "about:blank");
    nonce = page.searchParams.get("nonce");
    const callback = `/oauth/callback?code=x&state=${page.searchParams.get("state")}`;
    expect((await new Browser(vars).open(callback)).status, "another browser").toBe(400);
    const back = await browser.open(callback);
    expect(back.headers.get("location")).toBe("/connect/guarded");
    const again = await (await browser.open("/connect/guarded")).text();
    expect(again).toContain("signed in as <b>oidc:kai@kelp.example</b>");
    expect((await browser.open(callback)).status, "a second time").toBe(400);
  });

  it("lets nobody in who is not in `allow`", async () => {
    claims = { ...claims, email: "eve@kelp.example" };
    const browser = new Browser(vars);
    const sent = await browser.post("/connect/guarded", { decision: "sign-in" });
    const page = new URL(sent.headers.get("location") ?? "about:blank");
    nonce = page.searchParams.get("nonce");
    const back = await browser.open(`/oauth/callback?code=x&state=${page.searchParams.get("state")}`);
    expect(back.status).toBe(403);
    expect(await (await browser.open("/connect/guarded")).text()).not.toContain("signed in as");
  });
});

describe("sign-in at GitHub", () => {
  const github = JSON.stringify({
    signIn: {
      issuer: "https://github.com",
      clientId: "Iv1.kelp",
      clientSecret: "github-secret",
      principalPrefix: "github:",
      allow: ["583231"],
    },
  });

  it("names the principal by the user's id, which no other user gets", async () => {
    const browser = new Browser({ OAUTH: github });
    const client = await register(browser);
    const { page, back } = await throughIssuer(browser, client);
    expect(page.href).toContain("https://github.com/login/oauth/authorize?");
    const { access_token } = await (await exchange(browser, client, codeIn(back))).json<Tokens>();
    expect((await listTools(browser, ENDPOINT, access_token)).status).toBe(200);
  });
});
