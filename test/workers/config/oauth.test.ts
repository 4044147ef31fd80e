import { describe, expect, it } from "vitest";
import { consentSecretOf } from "../../../worker/config/consent.ts";
import { endpointOf } from "../../../worker/config/endpoints.ts";
import { oauthOf } from "../../../worker/config/oauth.ts";
import { ownerSecretOf } from "../../../worker/config/owner.ts";
import { tokensOf } from "../../../worker/config/tokens.ts";

const SECRET = "a-secret-of-more-than-twenty";

describe("OAUTH", () => {
  it("is off without a value", () => {
    for (const OAUTH of [undefined, "", null]) expect(oauthOf({ OAUTH })).toBeUndefined();
  });

  it("is on with an object, and needs the KV namespace", () => {
    expect(oauthOf({ OAUTH: "{}", OAUTH_KV: {} })).toEqual({});
    expect(() => oauthOf({ OAUTH: "{}" })).toThrow("OAUTH: needs a KV namespace, bound as OAUTH_KV");
    expect(() => oauthOf({ OAUTH: '{"typo":1}', OAUTH_KV: {} })).toThrow(
      "OAUTH: has a key that is not known",
    );
  });
});

describe("OAUTH.signIn", () => {
  const signIn = {
    issuer: "https://idp.example",
    clientId: "holdfast",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how configuration names a secret
    clientSecret: "${SIGN_IN_SECRET}",
    allow: ["248289761001"],
  };
  const env = (change: object = {}, more: object = {}): object => ({
    OAUTH: { signIn: { ...signIn, ...change } },
    OAUTH_KV: {},
    SIGN_IN_SECRET: "shh",
    ...more,
  });

  it("has its secret in its place, and names principals by the subject, or the id of GitHub", () => {
    expect(oauthOf(env())?.signIn).toMatchObject({
      clientSecret: "shh",
      principalClaim: "sub",
      principalPrefix: "oidc:",
    });
    expect(oauthOf(env({ issuer: "https://github.com" }))?.signIn?.principalClaim).toBe("id");
  });

  it.each([
    ["without a list of who is let in", { allow: undefined }, {}, "OAUTH at signIn.allow"],
    ["with an empty list", { allow: [] }, {}, "OAUTH at signIn.allow"],
    ["at a private issuer that is not meant", { issuer: "http://127.0.0.1" }, {}, "OAUTH at signIn.issuer"],
    ["without its secret", {}, { SIGN_IN_SECRET: "" }, "OAUTH at signIn.clientSecret: needs the secret"],
  ])("is refused %s", (_what, change, more, message) => {
    expect(() => oauthOf(env(change, more))).toThrow(message);
  });

  it("shares no principal with TOKENS, OWNER_SECRET or the JWTs of another issuer", () => {
    const TOKENS = [{ principal: "oidc:kai", sha256: "00".repeat(32) }];
    expect(() => tokensOf(env({}, { TOKENS }))).toThrow("TOKENS at 0.principal");
    expect(() => tokensOf(env({ principalPrefix: "o" }, { OWNER_SECRET: SECRET }))).toThrow("OAUTH at");
    const JWT = { issuer: "https://other.example", audience: "a", jwks: "https://other.example/jwks" };
    expect(() => oauthOf(env({ principalPrefix: "jwt:" }, { JWT }))).toThrow("two people could be one");
    const same = { ...JWT, issuer: signIn.issuer };
    expect(oauthOf(env({ principalPrefix: "jwt:" }, { JWT: same }))?.signIn?.principalPrefix).toBe("jwt:");
  });
});

describe("an endpoint's consent", () => {
  const url = "https://guarded.example/mcp";
  const read = (written: object) => endpointOf({ ENDPOINTS: { guarded: { url, ...written } } }, "guarded");

  it("is true, or names a client that is registered already", () => {
    expect(read({ consent: true })).toMatchObject({ isPersonal: true, consent: {} });
    const consent = { clientId: "known", clientSecret: "shh", scope: "read" };
    expect(read({ consent })).toMatchObject({ consent, secrets: ["shh"] });
    expect(read({})).not.toHaveProperty("consent");
  });

  it.each([
    ["beside oauth", { oauth: { clientId: "a", clientSecret: "b", issuer: url } }],
    ["beside a fixed Authorization header", { headers: { authorization: "Bearer x" } }],
  ])("is refused %s", (_what, written) => {
    expect(() => read({ consent: true, ...written })).toThrow("ENDPOINTS at guarded");
  });

  it("needs CONSENT_SECRET", () => {
    for (const CONSENT_SECRET of [undefined, "", "short"])
      expect(() => consentSecretOf({ CONSENT_SECRET })).toThrow("CONSENT_SECRET: must have 32 characters");
  });
});

describe("OWNER_SECRET", () => {
  it("is long enough not to be guessed, and can be sent as a bearer token", () => {
    expect(ownerSecretOf({ OWNER_SECRET: SECRET })).toBe(SECRET);
    expect(ownerSecretOf({ OWNER_SECRET: "" })).toBeUndefined();
    for (const OWNER_SECRET of [
      "short",
      "with blanks in it, and long enough",
      "x".repeat(257),
      12345678901234567890n,
    ])
      expect(() => ownerSecretOf({ OWNER_SECRET })).toThrow("OWNER_SECRET: must be 20 to 256 of");
  });

  it("does not appear in the error about it", () => {
    expect(() => ownerSecretOf({ OWNER_SECRET: "hunter2" })).not.toThrow("hunter2");
  });

  it("cannot be of a principal that a JWT may name", () => {
    const jwt = { issuer: "https://idp.example", audience: "holdfast", jwks: "https://idp.example/jwks" };
    const env = { JWT: { ...jwt, principalPrefix: "own" }, OWNER_SECRET: SECRET };
    expect(() => tokensOf(env)).toThrow("JWT at principalPrefix");
    expect(tokensOf({ JWT: jwt, OWNER_SECRET: SECRET })).toEqual([]);
  });
});
