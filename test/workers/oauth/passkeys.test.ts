import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PasskeyListing } from "../../../worker/passkey/passkeys.ts";
import {
  authorizeAddress,
  Browser,
  CALLBACK,
  codeIn,
  exchange,
  handleIn,
  listTools,
  ORIGIN,
  register,
} from "./sign-in.ts";
import { type Creation, type Forgery, SoftwarePasskey } from "./software-authenticator.ts";

/** SHA-256 of a token, as the var TOKENS has it. */
async function listed(principal: string): Promise<{ principal: string; sha256: string }> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(tokenOf(principal)));
  return {
    principal,
    sha256: [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  };
}

const tokenOf = (principal: string) => `token-of-${principal}`;

/** An endpoint whose server wants each person's consent. Nobody is there. */
const GUARDED = {
  CONSENT_SECRET: "a-secret-of-thirty-two-characters-or-more",
  ENDPOINTS: JSON.stringify({ guarded: { url: "https://guarded.example/mcp", consent: true } }),
};

/** A principal of the test's own, whose passkeys no other test sees. */
let me: string;
let vars: object;
let browser: Browser;

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  me = `person-${crypto.randomUUID()}`;
  vars = { TOKENS: JSON.stringify([await listed(me), await listed(`other-${me}`)]) };
  browser = new Browser(vars);
});

afterEach(() => vi.restoreAllMocks());

function api(path: string, method = "GET", body?: object, principal = me): Promise<Response> {
  return browser.open(path, {
    method,
    headers: {
      authorization: `Bearer ${tokenOf(principal)}`,
      ...(body && { "content-type": "application/json" }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
}

async function offered(principal = me): Promise<Creation> {
  return (await api("/v1/passkeys/options", "POST", undefined, principal)).json<Creation>();
}

async function added(principal = me): Promise<SoftwarePasskey> {
  const passkey = await SoftwarePasskey.made();
  const reply = await api(
    "/v1/passkeys",
    "POST",
    await passkey.registration(await offered(principal), ORIGIN),
    principal,
  );
  expect(reply.status).toBe(201);
  return passkey;
}

async function list(): Promise<readonly PasskeyListing[]> {
  return (await (await api("/v1/passkeys")).json<{ passkeys: PasskeyListing[] }>()).passkeys;
}

interface OpenPage {
  readonly address: string;
  readonly handle: string;
  readonly challenge: string;
}

async function openPage(by = browser, address?: string): Promise<OpenPage & { readonly html: string }> {
  const at = address ?? (await authorizeAddress(await register(by)));
  const html = await (await by.open(at)).text();
  const [, challenge = ""] = /data-challenge="([^"]+)"/.exec(html) ?? [];
  return { address: at, handle: handleIn(html), challenge, html };
}

function send({ address, handle }: OpenPage, assertion: string, by = browser): Promise<Response> {
  return by.post(address, { handle, decision: "passkey", passkey: assertion });
}

describe("a passkey", () => {
  it("signs its person in alone, with no secret", async () => {
    const passkey = await added();
    const client = await register(browser);
    const page = await openPage(browser, await authorizeAddress(client));
    const reply = await send(page, await passkey.assertion(page.challenge, ORIGIN));
    expect(reply.headers.get("location")).toContain(CALLBACK);
    const tokens = await (await exchange(browser, client, codeIn(reply))).json<{ access_token: string }>();
    expect((await listTools(browser, "/mcp", tokens.access_token)).status).toBe(200);
    const [used] = await list();
    expect(used?.lastUsedAt).toBeGreaterThanOrEqual(used?.createdAt ?? Number.NaN);
  });

  it("is offered on the page only once somebody has one", async () => {
    expect((await openPage()).html).not.toContain("with a passkey");
    await added();
    expect((await openPage()).html).toContain("Allow with a passkey");
  });

  it("of several each signs in, and one that is removed does not", async () => {
    const [first, second] = [await added(), await added()];
    expect((await list()).map(({ id }) => id).sort()).toEqual([first.id, second.id].sort());
    expect((await api(`/v1/passkeys/${first.id}`, "DELETE")).status).toBe(204);
    const page = await openPage();
    const refused = await send(page, await first.assertion(page.challenge, ORIGIN));
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain("This passkey is not known here.");
    const again = await openPage();
    expect((await send(again, await second.assertion(again.challenge, ORIGIN))).status).toBe(303);
  });

  it("is of its principal alone: nobody else lists or removes it", async () => {
    const passkey = await added();
    const other = `other-${me}`;
    expect(await (await api("/v1/passkeys", "GET", undefined, other)).json()).toEqual({ passkeys: [] });
    expect((await api(`/v1/passkeys/${passkey.id}`, "DELETE", undefined, other)).status).toBe(204);
    expect(await list()).toHaveLength(1);
  });

  it("ends with the secret of its principal", async () => {
    const passkey = await added();
    const without = new Browser({ ...vars, TOKENS: JSON.stringify([await listed(`other-${me}`)]) });
    const page = await openPage(without);
    expect((await send(page, await passkey.assertion(page.challenge, ORIGIN), without)).status).toBe(403);
  });

  const FORGERIES: readonly (readonly [string, Forgery])[] = [
    ["signed for another origin", { origin: "https://thief.example" }],
    ["signed for another port of this host", { origin: `${ORIGIN}:8443` }],
    ["signed for another host", { rpId: "thief.example" }],
    ["signed for another challenge", { challenge: "AAAAAAAAAAAAAAAAAAAAAA" }],
    ["that is of a registration", { type: "webauthn.create" }],
    ["made without a person", { flags: 0x04 }],
    ["made without verifying the person", { flags: 0x01 }],
    ["of a counter that went back, as of a copied key", { counter: 1 }],
  ];

  it.each(FORGERIES)("does not sign in by an assertion %s", async (_title, forged) => {
    const passkey = await added();
    for (const attempt of [1, 2, 3]) {
      const page = await openPage();
      expect((await send(page, await passkey.assertion(page.challenge, ORIGIN))).status, `${attempt}`).toBe(
        303,
      );
    }
    const page = await openPage();
    expect((await send(page, await passkey.assertion(page.challenge, ORIGIN, forged))).status).toBe(403);
  });

  it("does not sign in with a signature that was changed", async () => {
    const passkey = await added();
    const page = await openPage();
    const assertion = JSON.parse(await passkey.assertion(page.challenge, ORIGIN));
    const other = await SoftwarePasskey.made();
    Object.assign(other, { userHandle: passkey.userHandle, rpId: passkey.rpId });
    const { signature } = JSON.parse(await other.assertion(page.challenge, ORIGIN)).response;
    assertion.response.signature = signature;
    expect((await send(page, JSON.stringify(assertion))).status).toBe(403);
  });

  it("of somebody else does not sign a person in, whatever user it names", async () => {
    await added();
    const foreign = await added(`other-${me}`);
    foreign.userHandle = (await offered()).user.id;
    const page = await openPage();
    expect((await send(page, await foreign.assertion(page.challenge, ORIGIN))).status).toBe(403);
  });

  it("that was never added does not sign anybody in, nor does a user nobody is", async () => {
    await added();
    const { rp, user } = await offered();
    for (const id of [user.id, "AAAA", ""]) {
      const unknown = await SoftwarePasskey.made();
      Object.assign(unknown, { userHandle: id, rpId: rp.id });
      const page = await openPage();
      expect((await send(page, await unknown.assertion(page.challenge, ORIGIN))).status).toBe(403);
    }
  });

  it.each(["", "{}", "null", "[]", '{"id":1}', "nonsense"])("is not %j", async (text) => {
    await added();
    expect((await send(await openPage(), text)).status).toBe(403);
  });
});

describe("the challenge of a page", () => {
  it("is good once, also for two requests at the same time", async () => {
    const passkey = await added();
    const page = await openPage();
    const assertion = await passkey.assertion(page.challenge, ORIGIN, { counter: 0 });
    const replies = await Promise.all([send(page, assertion), send(page, assertion), send(page, assertion)]);
    expect(replies.filter(({ status }) => status === 303)).toHaveLength(1);
    expect((await send(page, assertion)).status).toBe(403);
  });

  it("is good in the browser alone that opened the page", async () => {
    const passkey = await added();
    const page = await openPage();
    const thief = new Browser(vars);
    const assertion = await passkey.assertion(page.challenge, ORIGIN);
    expect((await send(page, assertion, thief)).status).toBe(400);
  });

  it("of another page does not count", async () => {
    const passkey = await added();
    const [first, second] = [await openPage(), await openPage()];
    expect(first.challenge).not.toBe(second.challenge);
    expect((await send(second, await passkey.assertion(first.challenge, ORIGIN))).status).toBe(403);
  });
});

describe("/connect/<endpoint>", () => {
  beforeEach(() => {
    vars = { ...vars, ...GUARDED };
    browser = new Browser(vars);
  });

  it("takes a passkey: the page's own challenge, in the browser that opened it", async () => {
    const passkey = await added();
    const page = await openPage(browser, "/connect/guarded");
    expect(page.html).toContain("Sign in with a passkey");
    const thief = new Browser(vars);
    expect((await send(page, await passkey.assertion(page.challenge, ORIGIN), thief)).status).toBe(403);
    // Signed in, the person is sent on: the endpoint's server, which does not exist here, cannot be asked.
    const signedIn = await send(page, await passkey.assertion(page.challenge, ORIGIN));
    expect(signedIn.status).toBe(502);
    const old = await send(page, await passkey.assertion(page.challenge, ORIGIN));
    expect(old.status, "a second time").toBe(403);
  });

  it("takes no handle that it did not make", async () => {
    const passkey = await added();
    const page = await openPage(browser, "/connect/guarded");
    const forged = { ...page, handle: `${page.handle.slice(0, -2)}AA` };
    const reply = await send(forged, await passkey.assertion(page.challenge, ORIGIN));
    expect(reply.status).toBe(403);
    expect(await reply.text()).toContain("open for too long");
  });
});

describe("to add a passkey", () => {
  it("needs the secret: without it, and with a token of an agent, nothing is offered", async () => {
    const anonymous = await browser.open("/v1/passkeys/options", { method: "POST" });
    expect(anonymous.status).toBe(401);
    const client = await register(browser);
    const page = await openPage(browser, await authorizeAddress(client));
    const allowed = await browser.post(page.address, {
      handle: page.handle,
      decision: "allow",
      secret: tokenOf(me),
    });
    const { access_token } = await (await exchange(browser, client, codeIn(allowed))).json<{
      access_token: string;
    }>();
    const headers = { authorization: `Bearer ${access_token}` };
    expect((await browser.open("/v1/passkeys/options", { method: "POST", headers })).status).toBe(401);
  });

  it.each<readonly [string, Forgery]>([
    ["of another origin", { origin: "https://thief.example" }],
    ["of another host", { rpId: "thief.example" }],
    ["of a challenge that was not offered", { challenge: "AAAAAAAAAAAAAAAAAAAAAA" }],
    ["of a sign-in", { type: "webauthn.get" }],
    ["made without verifying the person", { flags: 0x41 }],
  ])("refuses one %s", async (_title, forged) => {
    const passkey = await SoftwarePasskey.made();
    const response = await passkey.registration(await offered(), ORIGIN, forged);
    expect((await api("/v1/passkeys", "POST", response)).status).toBe(422);
    expect(await list()).toEqual([]);
  });

  it("takes each offer once, and for who it was made for", async () => {
    const creation = await offered();
    const [first, second] = [await SoftwarePasskey.made(), await SoftwarePasskey.made()];
    const response = await first.registration(creation, ORIGIN);
    expect((await api("/v1/passkeys", "POST", response, `other-${me}`)).status).toBe(422);
    expect((await api("/v1/passkeys", "POST", response)).status).toBe(201);
    const again = await second.registration(creation, ORIGIN);
    expect((await api("/v1/passkeys", "POST", again)).status).toBe(422);
  });

  it("refuses what is not an attestation", async () => {
    const response = { clientDataJSON: "e30", attestationObject: "e30" };
    for (const id of ["a", "passkey"])
      expect(
        (await api("/v1/passkeys", "POST", { id, rawId: id, type: "public-key", response })).status,
      ).toBe(422);
  });

  it("stops at 20 passkeys", async () => {
    for (let count = 0; count < 20; count++) await added();
    const reply = await api("/v1/passkeys/options", "POST");
    expect(reply.status).toBe(422);
    expect(await reply.text()).toContain("You have 20 passkeys");
  });

  it("is refused at an address, for which browsers make none, and the page does not offer it", async () => {
    const there = new Browser({ ...vars, ...GUARDED });
    const headers = { authorization: `Bearer ${tokenOf(me)}` };
    const at = "https://192.0.2.7";
    const reply = await there.open(`${at}/v1/passkeys/options`, { method: "POST", headers });
    expect(reply.status).toBe(422);
    expect(await reply.text()).toContain("host names only");
    expect(await (await there.open(`${at}/connect/guarded`)).text()).not.toContain('passkey"');
  });

  it("does not keep offers without end", async () => {
    for (let count = 0; count < 40; count++) await offered();
    const creation = await offered();
    const passkey = await SoftwarePasskey.made();
    expect((await api("/v1/passkeys", "POST", await passkey.registration(creation, ORIGIN))).status).toBe(
      201,
    );
  });
});
