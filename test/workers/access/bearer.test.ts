import { afterEach, describe, expect, it, vi } from "vitest";
import { presentedToken } from "../../../worker/access/presented-token.ts";
import { bearer, gate, REFUSED, sha256 } from "./gate.ts";

const TOKEN = "hf_3m9Qw-alice.token_~+/==";
const ODD = ["a", "auth0|0123", "bob@papers.example", "urn:x:y", "A-Z_a.z", "-", "|", "p".repeat(128)];

async function tokens(...entries: (readonly [principal: string, token: string])[]): Promise<object> {
  const written = entries.map(async ([principal, token]) => ({ principal, sha256: await sha256(token) }));
  return { TOKENS: JSON.stringify(await Promise.all(written)) };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a configured token", () => {
  it.each(ODD)("lets the principal %s in, under that very name", async (principal) => {
    const ask = gate(await tokens(["other", "other-token"], [principal, TOKEN]));
    const reply = await ask(bearer(TOKEN));
    expect([reply.status, JSON.parse(reply.body)]).toEqual([200, { principal }]);
  });

  it("is accepted with a scheme in any case, and with hashes in capitals", async () => {
    const env = { TOKENS: [{ principal: "alice", sha256: (await sha256(TOKEN)).toUpperCase() }] };
    const ask = gate(env);
    for (const scheme of ["Bearer", "bearer", "BEARER"])
      expect((await ask({ authorization: `${scheme} ${TOKEN}` })).status).toBe(200);
  });

  it("may be one of several of a principal, so that it can be renewed", async () => {
    const ask = gate(await tokens(["alice", "old-token"], ["alice", "new-token"]));
    for (const token of ["old-token", "new-token"])
      expect(JSON.parse((await ask(bearer(token))).body)).toEqual({ principal: "alice" });
  });

  it("is compared with every hash, in constant time, whichever it has", async () => {
    const compare = vi.spyOn(crypto.subtle, "timingSafeEqual");
    const ask = gate(await tokens(["first", "token-1"], ["second", "token-2"], ["third", "token-3"]));
    for (const token of ["token-1", "token-3", "no-token"]) {
      compare.mockClear();
      await ask(bearer(token));
      expect(compare).toHaveBeenCalledTimes(3);
    }
  });

  it("is hashed once, a wrong one each time, and opens no other configuration", async () => {
    const digest = vi.spyOn(crypto.subtle, "digest");
    const ask = gate(await tokens(["alice", TOKEN]));
    const hashes = async (token: string): Promise<number> => {
      digest.mockClear();
      for (let asked = 0; asked < 3; asked++) await ask(bearer(token));
      return digest.mock.calls.length;
    };
    expect(await hashes(TOKEN)).toBe(1);
    expect(await hashes("wrong-token")).toBe(3);
    const changed = gate(await tokens(["alice", "new-token"]));
    expect((await changed(bearer(TOKEN))).status).toBe(401);
  });
});

describe("anything else", () => {
  it("a thousand wrong tokens receive the same answer as a request without a token", async () => {
    const known = await sha256(TOKEN);
    const ask = gate(await tokens(["alice", TOKEN]));
    const near = [
      TOKEN.slice(1),
      TOKEN.slice(0, -1),
      TOKEN.toUpperCase(),
      `${TOKEN}=`,
      `x${TOKEN}`,
      known,
      known.toUpperCase(),
      "alice",
      "undefined",
      "null",
      "a".repeat(8000),
      "a".repeat(9000),
      `${TOKEN}${"=".repeat(8192)}`,
      "a.b.c",
    ];
    const random = Array.from({ length: 1000 - near.length }, () => crypto.randomUUID());
    for (const token of [...near, ...random]) expect(await ask(bearer(token))).toEqual(REFUSED);
    expect(await ask()).toEqual(REFUSED);
    // It was the right gate all along.
    expect((await ask(bearer(TOKEN))).status).toBe(200);
  });

  it.each([
    ["another scheme", `Basic ${btoa(`alice:${TOKEN}`)}`],
    ["another scheme with the token", `Token ${TOKEN}`],
    ["no scheme", TOKEN],
    ["no token", "Bearer"],
    ["an empty token", "Bearer "],
    ["two tokens", `Bearer ${TOKEN}, Bearer ${TOKEN}`],
    ["something after it", `Bearer ${TOKEN} x`],
    ["quotes", `Bearer "${TOKEN}"`],
    ["percent signs", `Bearer ${TOKEN}%0d%0ax-injected:1`],
  ])("%s in the header is refused", async (_, authorization) => {
    const ask = gate(await tokens(["alice", TOKEN]));
    expect(await ask({ authorization })).toEqual(REFUSED);
  });

  it("two headers are refused even if each is valid", async () => {
    const ask = gate(await tokens(["alice", TOKEN]));
    const headers = new Headers();
    headers.append("authorization", `Bearer ${TOKEN}`);
    headers.append("authorization", `Bearer ${TOKEN}`);
    expect(await ask(headers)).toEqual(REFUSED);
  });

  it("a token anywhere but in its header is not read, and not repeated", async () => {
    const ask = gate(await tokens(["alice", TOKEN]));
    const written = encodeURIComponent(TOKEN);
    for (const name of ["token", "access_token", "authorization", "bearer", "api_key"])
      expect(await ask({}, `/v1/me?${name}=${written}`)).toEqual(REFUSED);
    for (const name of ["cookie", "x-api-key", "x-authorization", "proxy-authorization"])
      expect(await ask({ [name]: `Bearer ${TOKEN}` })).toEqual(REFUSED);
  });

  it("without configuration every token is refused", async () => {
    for (const env of [{}, { TOKENS: "" }, { TOKENS: "[]" }]) {
      expect(await gate(env)(bearer(TOKEN))).toEqual(REFUSED);
      expect(await gate(env)(bearer(""))).toEqual(REFUSED);
    }
  });

  it("the demo's token is the demo's alone", async () => {
    const env = await tokens(["alice", TOKEN]);
    expect(await gate(env)(bearer("demo"))).toEqual(REFUSED);
    expect(await gate({ ...env, DEMO: "false" })(bearer("demo"))).toEqual(REFUSED);
    expect(JSON.parse((await gate({ ...env, DEMO: "true" })(bearer("demo"))).body)).toEqual({
      principal: "demo",
    });
  });

  it.each(["\r\n", "\n", "\r", "\0", "\t", "\u2028", "ø"])(
    "a token with %j in it is not read as a token",
    (bad) => {
      expect(presentedToken(`Bearer ${TOKEN}${bad}x-injected: 1`)).toBeUndefined();
      expect(presentedToken(`Bearer ${TOKEN}${bad}`)).toBeUndefined();
      expect(presentedToken(`Bearer${bad}${TOKEN}`)).toBeUndefined();
    },
  );
});

describe("a wrong configuration", () => {
  it("lets nobody in, and says where it is wrong without its values", async () => {
    const ask = gate({ TOKENS: JSON.stringify([{ principal: "alice", sha256: "s3cr3t" }]) });
    for (const headers of [{}, bearer(TOKEN)]) {
      const reply = await ask(headers);
      expect(reply.status).toBe(500);
      expect(JSON.parse(reply.body)).toEqual({
        thrown: "ConfigurationError",
        message: "TOKENS at 0.sha256: must be the SHA-256 of the token, in 64 hexadecimal digits",
      });
    }
  });
});
