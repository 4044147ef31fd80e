import { describe, expect, it } from "vitest";
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

describe("OWNER_SECRET", () => {
  it("is what no one guesses, and can be sent as a bearer token", () => {
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

  it("is not told by the error about it", () => {
    expect(() => ownerSecretOf({ OWNER_SECRET: "hunter2" })).not.toThrow("hunter2");
  });

  it("cannot be of a principal that a JWT may name", () => {
    const jwt = { issuer: "https://idp.example", audience: "holdfast", jwks: "https://idp.example/jwks" };
    const env = { JWT: { ...jwt, principalPrefix: "own" }, OWNER_SECRET: SECRET };
    expect(() => tokensOf(env)).toThrow("JWT at principalPrefix");
    expect(tokensOf({ JWT: jwt, OWNER_SECRET: SECRET })).toEqual([]);
  });
});
