import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { authorizeAddress, Browser, CALLBACK, decide, ORIGIN, register, SECRET } from "./sign-in.ts";

const PAGE = "https://guarded.example/authorize?state=";
const CONSENT_SECRET = "a-secret-of-thirty-two-characters-or-more";
const ENDPOINTS = JSON.stringify({
  guarded: { url: "https://guarded.example/mcp", title: "Guarded <server>", consent: true },
  plain: { url: "https://plain.example/mcp" },
});

/** What each principal's directory was asked. */
let asked: (readonly [principal: string, method: string, ...parameters: unknown[]])[];
let connected: Set<string>;
let states: number;

/** Directories that know one server, and whom it has given a token. */
const PRINCIPALS = {
  getByName: (principal: string) => ({
    passkeys: async () => [],
    async upstreamToken() {
      return connected.has(principal) ? { kind: "token", token: "t", freshUntil: 0 } : { kind: "none" };
    },
    async beginConsent(endpoint: string, redirectUri: string) {
      asked.push([principal, "begin", endpoint, redirectUri]);
      states++;
      return { ok: true, state: `state${states}`, address: `${PAGE}state${states}` };
    },
    async consents() {
      return {
        guarded: connected.has(principal) ? { state: "connected", since: 1 } : { state: "none", round: 0 },
      };
    },
    async dropConsent(endpoint: string) {
      asked.push([principal, "drop", endpoint]);
      return connected.delete(principal) ? "revoked" : "none";
    },
    async finishConsent(answer: { state: string; code?: string }) {
      asked.push([principal, "finish", answer]);
      if (answer.code === undefined) return { ok: false };
      connected.add(principal);
      return { ok: true, endpoint: "guarded" };
    },
  }),
};
const VARS = { ENDPOINTS, CONSENT_SECRET, PRINCIPALS };

beforeEach(() => {
  asked = [];
  connected = new Set();
  states = 0;
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});

afterEach(() => vi.restoreAllMocks());

describe("/connect/<endpoint>", () => {
  it("names the server as text, runs no script but the passkey's, and cannot be framed", async () => {
    const reply = await new Browser(VARS).open("/connect/guarded");
    const page = await reply.text();
    expect(page).toContain("Guarded &lt;server&gt;");
    expect(page.match(/<script/g)).toHaveLength(1);
    const policy = reply.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it.each(["/connect/plain", "/connect/unknown", "/connect/sample-2025", "/connect/guarded/more"])(
    "has no page at %s, which needs no consent",
    async (path) => {
      const browser = new Browser(VARS);
      expect((await browser.open(path)).status).toBe(404);
      expect((await browser.post(path, { decision: "allow", secret: SECRET })).status).toBe(404);
      expect(asked).toEqual([]);
    },
  );

  it("sends who knows the secret to the server's page, and takes the person back", async () => {
    const browser = new Browser(VARS);
    const sent = await browser.post("/connect/guarded", { decision: "allow", secret: SECRET });
    expect(sent.status).toBe(303);
    expect(sent.headers.get("location")).toBe(`${PAGE}state1`);
    const back = await browser.open("/connected?state=state1&code=c&iss=https://guarded.example");
    expect(back.status).toBe(200);
    expect(await back.text()).toContain("guarded is connected");
    expect(asked).toEqual([
      ["alice", "begin", "guarded", `${ORIGIN}/connected`],
      ["alice", "finish", { state: "state1", code: "c", iss: "https://guarded.example" }],
    ]);
    expect((await browser.open("/connected?state=state1&code=c")).status, "a second time").toBe(400);
  });

  it("knows who signed in within ten minutes", async () => {
    const browser = new Browser(VARS);
    await browser.post("/connect/guarded", { decision: "allow", secret: SECRET });
    expect(await (await browser.open("/connect/guarded")).text()).toContain("signed in as <b>alice</b>");
    expect((await browser.post("/connect/guarded", { decision: "connect" })).status).toBe(303);
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Date.now() + 600_001);
    expect(await (await browser.open("/connect/guarded")).text()).not.toContain("signed in as");
    expect((await browser.post("/connect/guarded", { decision: "connect" })).status).toBe(200);
    vi.useRealTimers();
  });

  it("sends nobody with a wrong secret, and nobody who may not use the endpoint", async () => {
    const wrong = await new Browser(VARS).post("/connect/guarded", { decision: "allow", secret: "wrong" });
    expect(wrong.status).toBe(403);
    const guest = await new Browser(VARS).post("/connect/guarded", { decision: "allow", secret: "demo" });
    expect(guest.status).toBe(404);
    expect(asked).toEqual([]);
  });

  it("takes no form of another origin", async () => {
    const form = { decision: "allow", secret: SECRET };
    const origin = "https://thief.example";
    expect((await new Browser(VARS).post("/connect/guarded", form, { origin })).status).toBe(403);
    expect(asked).toEqual([]);
  });

  it("takes a person back in the same browser only, and for the same principal only", async () => {
    const browser = new Browser(VARS);
    await browser.post("/connect/guarded", { decision: "allow", secret: SECRET });
    const stranger = new Browser(VARS);
    expect((await stranger.open("/connected?state=state1&code=c")).status).toBe(400);
    const forged = { headers: { cookie: "__Host-holdfast-away-state1=eyJwcmluY2lwYWwiOiJib2IifQ.x" } };
    expect((await stranger.open("/connected?state=state1&code=c", forged)).status).toBe(400);
    expect(asked.filter(([, method]) => method === "finish")).toEqual([]);
  });

  it("says so if the server gave no access", async () => {
    const browser = new Browser(VARS);
    await browser.post("/connect/guarded", { decision: "allow", secret: SECRET });
    const back = await browser.open("/connected?state=state1&error=access_denied");
    expect(back.status).toBe(403);
    expect(await back.text()).toContain("The server did not give access");
  });
});

describe("the first use of a client", () => {
  it("goes by the servers that want the person's consent, in one sitting", async () => {
    const browser = new Browser(VARS);
    const address = await authorizeAddress(await register(browser));
    const reply = await decide(browser, address);
    expect(reply.status).toBe(200);
    const page = await reply.text();
    expect(page).toContain('href="/connect/guarded"');
    expect(page).toContain(`href="${CALLBACK}?code=`);
    expect(await (await browser.open("/connect/guarded")).text()).toContain("signed in as <b>alice</b>");
  });

  it("goes straight back to the client where nothing is to be connected", async () => {
    connected.add("alice");
    const browser = new Browser(VARS);
    const reply = await decide(browser, await authorizeAddress(await register(browser)));
    expect(reply.status).toBe(303);
    connected.clear();
    const fields = { resource: `${ORIGIN}/mcp/plain` };
    const other = await decide(browser, await authorizeAddress(await register(browser), fields));
    expect(other.status, "an endpoint without consent").toBe(303);
  });
});

describe("/connect/client.json", () => {
  it("describes the worker to an authorization server that reads such documents", async () => {
    const address = `${ORIGIN}/connect/client.json`;
    const described = await new Browser(VARS).open(address);
    const text = await described.text();
    expect(JSON.parse(text)).toMatchObject({ client_id: address, redirect_uris: [`${ORIGIN}/connected`] });
    // The worker's own authorization server is one.
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) =>
      new Request(input as RequestInfo).url === address
        ? new Response(text, { headers: described.headers })
        : new Response(null, { status: 404 }),
    );
    const fields = { redirect_uri: `${ORIGIN}/connected`, state: "state" };
    const browser = new Browser();
    const back = await decide(browser, await authorizeAddress(address, fields));
    const location = back.headers.get("location") ?? "";
    expect(location).toContain(`${ORIGIN}/connected?code=`);
  });
});

describe("/v1/connections", () => {
  const request = (path: string, method: string, token = SECRET): Promise<Response> =>
    new Browser(VARS).open(path, { method, headers: { authorization: `Bearer ${token}` } });

  it("lists the endpoints that want consent, with the page on which each is connected", async () => {
    const listed = { endpoint: "guarded", title: "Guarded <server>", connect: "/connect/guarded" };
    const list = async (): Promise<unknown> => (await request("/v1/connections", "GET")).json();
    expect(await list()).toEqual({ connections: [{ ...listed, state: "none" }] });
    connected.add("alice");
    expect(await list()).toEqual({ connections: [{ ...listed, state: "connected", since: 1 }] });
  });

  it("lists nothing, and asks nobody, where the principal may use no such endpoint", async () => {
    const reply = await request("/v1/connections", "GET", "demo");
    expect(await reply.json()).toEqual({ connections: [] });
  });

  it("disconnects the caller's own server, and says what its server did with the tokens", async () => {
    connected.add("alice");
    const reply = await request("/v1/connections/guarded", "DELETE");
    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual({ tokens: "revoked" });
    expect(asked).toEqual([["alice", "drop", "guarded"]]);
  });

  it.each(["plain", "unknown"])("has nothing to disconnect at %s", async (endpoint) => {
    expect((await request(`/v1/connections/${endpoint}`, "DELETE")).status).toBe(404);
    expect((await request("/v1/connections/guarded", "DELETE", "demo")).status, "of others").toBe(404);
    expect(asked).toEqual([]);
  });
});
