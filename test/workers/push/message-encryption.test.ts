import { describe, expect, it } from "vitest";
import { base64url, fromBase64url } from "../../../worker/http/base64.ts";
import { areSubscriptionKeys, encryptedMessage } from "../../../worker/push/message-encryption.ts";

/** RFC 8291, section 5 and appendix A. */
const EXAMPLE = {
  text: "When I grow up, I want to be a watermelon",
  keys: {
    p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    auth: "BTBZMqHH6r4Tts7J_aSIgg",
  },
  salt: "DGv6ra1nlYgDCS1FRnbzlw",
  senderPrivate: "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
  senderPublic: "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
  body:
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_" +
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
} as const;

const bytes = (encoded: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(fromBase64url(encoded), (character) => character.charCodeAt(0));

async function senderOf({ senderPrivate, senderPublic }: typeof EXAMPLE): Promise<CryptoKeyPair> {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const point = bytes(senderPublic);
  const jwk = {
    ...{ kty: "EC", crv: "P-256", d: senderPrivate },
    x: base64url(point.slice(1, 33)),
    y: base64url(point.slice(33)),
  };
  return {
    publicKey: await crypto.subtle.importKey("raw", point, curve, true, []),
    privateKey: await crypto.subtle.importKey("jwk", jwk, curve, false, ["deriveBits"]),
  };
}

describe("encryptedMessage()", () => {
  it("returns the message of RFC 8291 for the keys and the salt of its example", async () => {
    const { text, keys, salt } = EXAMPLE;
    const body = await encryptedMessage(text, keys, { salt: bytes(salt), sender: await senderOf(EXAMPLE) });
    expect(base64url(body)).toBe(EXAMPLE.body);
  });

  it("uses another salt and another key for each message", async () => {
    const [one, other] = await Promise.all([1, 2].map(() => encryptedMessage("x", EXAMPLE.keys)));
    expect(base64url(one?.slice(0, 16) ?? "")).not.toBe(base64url(other?.slice(0, 16) ?? ""));
    expect(base64url(one?.slice(21, 86) ?? "")).not.toBe(base64url(other?.slice(21, 86) ?? ""));
  });

  it("takes 3993 bytes of text, and refuses more with a RangeError: push services take 4096", async () => {
    expect(await encryptedMessage("x".repeat(3993), EXAMPLE.keys)).toHaveLength(4096);
    await expect(encryptedMessage("x".repeat(3994), EXAMPLE.keys)).rejects.toThrow(RangeError);
    await expect(encryptedMessage("日".repeat(1332), EXAMPLE.keys)).rejects.toThrow("3996 bytes");
  });
});

describe("areSubscriptionKeys()", () => {
  const { p256dh, auth } = EXAMPLE.keys;
  const offCurve = base64url(bytes(p256dh).with(10, 0));

  it.each([
    ["keys of a browser", { p256dh, auth }, true],
    ["a point that is not on the curve", { p256dh: offCurve, auth }, false],
    ["a secret of 15 bytes", { p256dh, auth: auth.slice(0, 20) }, false],
    ["a compressed point", { p256dh: base64url(bytes(p256dh).slice(0, 33).with(0, 2)), auth }, false],
    ["no base64url", { p256dh: "*", auth }, false],
    ["nothing", { p256dh: "", auth: "" }, false],
  ])("%s: %s", async (_name, keys, expected) => {
    expect(await areSubscriptionKeys(keys)).toBe(expected);
  });
});
