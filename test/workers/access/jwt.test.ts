import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ScriptedNetwork } from "../outbound/scripted-network.ts";
import { bearer, gate, REFUSED, sha256 } from "./gate.ts";

const ISSUER = "https://login.example/";
const AUDIENCE = "holdfast";
const JWKS = "https://login.example/keys";
const CONFIG = { issuer: ISSUER, audience: AUDIENCE, jwks: JWKS };

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

let rsa: KeyPair;
let pss: KeyPair;
let elliptic: KeyPair;
let edwards: KeyPair;
let foreign: KeyPair;
let keys: JWK[];

let network: ScriptedNetwork;
let ask: ReturnType<typeof gate>;

beforeAll(async () => {
  [rsa, pss, elliptic, edwards, foreign] = await Promise.all([
    generateKeyPair("RS256", { extractable: true }),
    generateKeyPair("PS256", { extractable: true }),
    generateKeyPair("ES256", { extractable: true }),
    generateKeyPair("EdDSA", { extractable: true }),
    generateKeyPair("RS256", { extractable: true }),
  ]);
  keys = await Promise.all([
    exportJWK(rsa.publicKey).then((jwk) => ({ ...jwk, kid: "rsa" })),
    exportJWK(pss.publicKey).then((jwk) => ({ ...jwk, kid: "pss" })),
    exportJWK(elliptic.publicKey).then((jwk) => ({ ...jwk, kid: "elliptic" })),
    exportJWK(edwards.publicKey).then((jwk) => ({ ...jwk, kid: "edwards" })),
  ]);
});

beforeEach(() => {
  network = new ScriptedNetwork().answer(JWKS, () => Response.json({ keys }));
  ask = gate({ JWT: JSON.stringify(CONFIG) }, { fetch: network.fetch });
});

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** A token nothing is wrong with, but for what is given. Undefined leaves a claim out. */
function signed(
  claims: Readonly<Record<string, unknown>> = {},
  {
    key = rsa.privateKey,
    ...header
  }: { key?: CryptoKey | Uint8Array; alg?: string; [name: string]: unknown } = {},
): Promise<string> {
  const good = { iss: ISSUER, aud: AUDIENCE, sub: "alice", iat: now(), exp: now() + 300 };
  return new SignJWT({ ...good, ...claims })
    .setProtectedHeader({ alg: "RS256", kid: "rsa", ...header })
    .sign(key);
}

describe("a JWT that is good", () => {
  it.each([
    ["RS256", () => signed()],
    ["PS256", () => signed({}, { alg: "PS256", kid: "pss", key: pss.privateKey })],
    ["ES256", () => signed({}, { alg: "ES256", kid: "elliptic", key: elliptic.privateKey })],
    ["EdDSA", () => signed({}, { alg: "EdDSA", kid: "edwards", key: edwards.privateKey })],
  ])("lets its subject in: %s", async (_, token) => {
    const reply = await ask(bearer(await token()));
    expect([reply.status, JSON.parse(reply.body)]).toEqual([200, { principal: "jwt:alice" }]);
  });

  it("costs one fetch of the keys, not one a request", async () => {
    for (let count = 0; count < 5; count += 1) await ask(bearer(await signed()));
    expect(network.urls).toEqual([JWKS]);
  });

  it("may be for others as well", async () => {
    expect((await ask(bearer(await signed({ aud: ["billing", AUDIENCE] })))).status).toBe(200);
  });

  it("may have expired by as much as clocks differ", async () => {
    expect((await ask(bearer(await signed({ exp: now() - 10 })))).status).toBe(200);
  });

  it("names the principal in the claim that is configured, behind the prefix", async () => {
    const config = { ...CONFIG, principalClaim: "email", principalPrefix: "idp:" };
    const other = gate({ JWT: config }, { fetch: network.fetch });
    const reply = await other(bearer(await signed({ email: "alice@papers.example" })));
    expect(JSON.parse(reply.body)).toEqual({ principal: "idp:alice@papers.example" });
    expect(await other(bearer(await signed()))).toEqual(REFUSED);
  });

  it("stands beside configured tokens", async () => {
    const TOKENS = [{ principal: "machine", sha256: await sha256("machine-token") }];
    const both = gate({ JWT: CONFIG, TOKENS }, { fetch: network.fetch });
    expect(JSON.parse((await both(bearer("machine-token"))).body)).toEqual({ principal: "machine" });
    expect(network.seen).toEqual([]);
    expect(JSON.parse((await both(bearer(await signed()))).body)).toEqual({ principal: "jwt:alice" });
  });
});

describe("a JWT that is not", () => {
  it.each<[string, () => string | Promise<string>]>([
    ["has expired", () => signed({ exp: now() - 31 })],
    ["never expires", () => signed({ exp: undefined })],
    ["expires at no time", () => signed({ exp: "tomorrow" })],
    ["is not valid yet", () => signed({ nbf: now() + 60 })],
    ["is for others", () => signed({ aud: "billing" })],
    ["is for a part of us", () => signed({ aud: "backoff" })],
    ["is for nobody", () => signed({ aud: undefined })],
    ["is by another issuer", () => signed({ iss: "https://login.evil.example/" })],
    ["is by almost that issuer", () => signed({ iss: "https://login.example" })],
    ["is by nobody", () => signed({ iss: undefined })],
    ["is about nobody", () => signed({ sub: undefined })],
    ["is about a number", () => signed({ sub: 1 })],
    ["is about a list", () => signed({ sub: ["alice"] })],
    ["is signed by a stranger with our key's name", () => signed({}, { key: foreign.privateKey })],
    [
      "is signed with a key that is not listed",
      () => signed({}, { kid: "foreign", key: foreign.privateKey }),
    ],
    [
      "brings its key along",
      async () => signed({}, { key: foreign.privateKey, jwk: await exportJWK(foreign.publicKey) }),
    ],
    [
      "says where its key is",
      () => signed({}, { key: foreign.privateKey, kid: "x", jku: "https://evil.example/keys" }),
    ],
    ["is not signed (alg none)", () => unsigned()],
    ["is not signed, and has the name of a key", () => forged({ alg: "none", kid: "rsa" }, "")],
    ["spells none otherwise", () => forged({ alg: "nOnE", kid: "rsa" }, "")],
    ["is signed HS256 with the public key in PEM", async () => hmac(await exportSPKI(rsa.publicKey))],
    ["is signed HS256 with the public key as JWK", () => hmac(JSON.stringify(keys[0]))],
    ["is signed HS256 with the public key's modulus", () => hmac(keys[0]?.n ?? "")],
    ["is signed HS256 with nothing known", () => hmac("secret")],
    ["was changed after it was signed", async () => tampered(await signed())],
    ["has lost its signature", async () => (await signed()).replace(/[^.]+$/, "")],
    ["has a signature that is too short", async () => (await signed()).slice(0, -4)],
    ["has two parts", async () => (await signed()).replace(/\.[^.]+$/, "")],
    ["has four", async () => `${await signed()}.x`],
    ["is not JSON", () => "bm8.bm8.bm8"],
    ["is encrypted", () => "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA"],
  ])("%s: refused like no token at all", async (_, token) => {
    expect(await ask(bearer(await token()))).toEqual(REFUSED);
    // Of all addresses only the configured one was asked, if any.
    for (const url of network.urls) expect(url).toBe(JWKS);
    expect((await ask(bearer(await signed()))).status).toBe(200);
  });

  it.each([
    "",
    " ",
    "alice bob",
    "alice/bob",
    "alice\r\nx-injected: 1",
    "alice\n",
    "alice\0",
    '["alice","papers",0]',
    "älice",
    "аlice",
    "alice\u200b",
    "alice%20",
    "<alice>",
    "a".repeat(129),
    "../alice",
  ])("names a principal there cannot be (%j): refused like no token at all", async (sub) => {
    expect(await ask(bearer(await signed({ sub })))).toEqual(REFUSED);
  });

  it("is not verified at all where JWTs are not configured", async () => {
    const without = gate({}, { fetch: network.fetch });
    expect(await without(bearer(await signed()))).toEqual(REFUSED);
    expect(network.seen).toEqual([]);
  });
});

describe("the issuer's keys", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each<[string, () => Response]>([
    ["fail", () => new Response("s3cr3t-upstream-detail", { status: 500 })],
    ["are gone", () => new Response(null, { status: 404 })],
    ["are no JSON", () => new Response("<html>s3cr3t-upstream-detail</html>")],
    ["are no keys", () => Response.json({ error: "s3cr3t-upstream-detail" })],
    ["are elsewhere, on a private address", () => Response.redirect("https://169.254.169.254/keys", 302)],
  ])("%s: said to be our retry, not the token's, and over when it is over", async (_, reply) => {
    const lines = vi.spyOn(console, "log").mockImplementation(() => {});
    network.answer(JWKS, reply);
    const token = await signed();
    const refused = await ask(bearer(token));
    expect([refused.status, JSON.parse(refused.body).code, refused.headers["retry-after"]]).toEqual([
      503,
      "keys-unavailable",
      "5",
    ]);
    const shown = refused.body + JSON.stringify(lines.mock.calls);
    expect(lines).toHaveBeenCalledOnce();
    expect(shown).not.toContain("s3cr3t");
    expect(shown).not.toContain(token);
    expect(network.urls).toEqual([JWKS]);

    network.answer(JWKS, () => Response.json({ keys }));
    expect((await ask(bearer(token))).status).toBe(200);
  });

  it("are not needed to refuse a token that is not a JWT", async () => {
    network.answer(JWKS, () => new Response(null, { status: 500 }));
    expect(await ask(bearer("no-jwt"))).toEqual(REFUSED);
    expect(network.seen).toEqual([]);
  });

  it.each(["https://10.0.0.1/keys", "https://169.254.169.254/keys", "http://login.example/keys", "keys"])(
    "cannot be configured to be at %s",
    async (jwks) => {
      const wrong = gate({ JWT: { ...CONFIG, jwks } }, { fetch: network.fetch });
      const reply = await wrong(bearer(await signed()));
      expect(JSON.parse(reply.body)).toMatchObject({
        thrown: "ConfigurationError",
        message: expect.stringMatching(/^JWT at jwks: is /),
      });
      expect(network.seen).toEqual([]);
    },
  );
});

function part(value: object): string {
  return btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** A token as someone without any key would write it. */
function forged(header: object, signature = "AAAA"): string {
  const payload = { iss: ISSUER, aud: AUDIENCE, sub: "alice", exp: now() + 300 };
  return `${part({ alg: "RS256", kid: "rsa", ...header })}.${part(payload)}.${signature}`;
}

function unsigned(): string {
  return new UnsecuredJWT({ sub: "alice" })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setExpirationTime("5m")
    .encode();
}

function hmac(secret: string): Promise<string> {
  return signed({}, { alg: "HS256", key: new TextEncoder().encode(secret) });
}

function tampered(token: string): string {
  const [header, payload = "", signature] = token.split(".");
  const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
  return `${header}.${part({ ...claims, sub: "mallory" })}.${signature}`;
}
