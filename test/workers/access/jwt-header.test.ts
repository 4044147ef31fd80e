import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { ScriptedNetwork } from "../outbound/scripted-network.ts";
import { bearer, gate, sha256 } from "./gate.ts";

const TEAM = "https://kelp.cloudflareaccess.com";
const AUDIENCE = "4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2";
const HEADER = "cf-access-jwt-assertion";

let ask: ReturnType<typeof gate>;
let assertion: string;

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const keys = [{ ...(await exportJWK(publicKey)), kid: "access" }];
  const jwks = `${TEAM}/cdn-cgi/access/certs`;
  const JWT = {
    issuer: TEAM,
    audience: AUDIENCE,
    jwks,
    header: "Cf-Access-Jwt-Assertion",
    principalClaim: "email",
    principalPrefix: "access:",
  };
  const TOKENS = [{ principal: "alice", sha256: await sha256("alice-token") }];
  const network = new ScriptedNetwork().answer(jwks, () => Response.json({ keys }));
  ask = gate({ JWT, TOKENS }, { fetch: network.fetch });
  assertion = await new SignJWT({ email: "kai@kelp.example", type: "app" })
    .setProtectedHeader({ alg: "RS256", kid: "access" })
    .setIssuer(TEAM)
    .setAudience([AUDIENCE])
    .setExpirationTime("5m")
    .sign(privateKey);
});

describe("JWT.header: a proxy that signs people in, such as Cloudflare Access", () => {
  it("lets in whom the proxy's JWT names", async () => {
    const reply = await ask({ [HEADER]: assertion });
    expect(JSON.parse(reply.body)).toEqual({ principal: "access:kai@kelp.example" });
  });

  it("ignores whatever else the client sends in Authorization", async () => {
    const reply = await ask({ [HEADER]: assertion, ...bearer("an-opaque-token-of-the-proxy") });
    expect(JSON.parse(reply.body)).toEqual({ principal: "access:kai@kelp.example" });
  });

  it("refuses a JWT in Authorization, and accepts the tokens of TOKENS", async () => {
    expect((await ask(bearer(assertion))).status).toBe(401);
    expect(JSON.parse((await ask(bearer("alice-token"))).body)).toEqual({ principal: "alice" });
  });

  it("refuses a JWT that is not the proxy's, and a request without one", async () => {
    const tail = assertion.endsWith("AAAA") ? "BBBB" : "AAAA";
    expect((await ask({ [HEADER]: assertion.slice(0, -4) + tail })).status).toBe(401);
    expect((await ask()).status).toBe(401);
  });
});
