import { describe, expect, it } from "vitest";
import { Browser, listTools, ORIGIN } from "./sign-in.ts";

const browser = new Browser();
const get = (path: string) => browser.open(path);

describe("discovery of the authorization server", () => {
  it.each([
    ["/mcp/sample-2025", "/mcp/sample-2025"],
    ["/mcp/sample-2025/", "/mcp/sample-2025"],
    ["/mcp/no-such-endpoint", "/mcp"],
  ])(
    "begins with the 401 of %s, which names the metadata of the resource and the scope",
    async (path, resource) => {
      const reply = await listTools(browser, path);
      expect(reply.status).toBe(401);
      expect(reply.headers.get("www-authenticate")).toBe(
        `Bearer realm="holdfast", resource_metadata="${ORIGIN}/.well-known/oauth-protected-resource${resource}", scope="mcp"`,
      );
    },
  );

  it("answers invalid_token to a client whose token has expired", async () => {
    const reply = await listTools(browser, "/mcp/sample-2025", "dXNlcg:0123456789abcdef:0123456789abcdef");
    expect(reply.status).toBe(401);
    expect(reply.headers.get("www-authenticate")).toContain('error="invalid_token"');
  });

  it.each([
    ["", "/mcp"],
    ["/mcp", "/mcp"],
    ["/mcp/sample-2025", "/mcp/sample-2025"],
    ["/mcp/sample-2025/", "/mcp/sample-2025"],
  ])(
    "has the protected resource's metadata at /.well-known/oauth-protected-resource%s",
    async (path, resource) => {
      const reply = await browser.open(`/.well-known/oauth-protected-resource${path}`, {
        headers: { origin: "https://inspector.example" },
      });
      expect(reply.headers.get("access-control-allow-origin")).toBe("*");
      expect(await reply.json()).toMatchObject({
        resource: `${ORIGIN}${resource}`,
        authorization_servers: [ORIGIN],
        scopes_supported: ["mcp"],
        bearer_methods_supported: ["header"],
      });
    },
  );

  it("has no metadata for an endpoint that does not exist", async () => {
    expect((await get("/.well-known/oauth-protected-resource/mcp/no-such-endpoint")).status).toBe(404);
    expect((await get("/.well-known/oauth-protected-resource/v1/tasks")).status).toBe(404);
  });

  it("has the authorization server's metadata, without the names of endpoints", async () => {
    const reply = await get("/.well-known/oauth-authorization-server");
    const metadata = await reply.json();
    expect(metadata).toMatchObject({
      issuer: ORIGIN,
      authorization_endpoint: `${ORIGIN}/authorize`,
      token_endpoint: `${ORIGIN}/oauth/token`,
      registration_endpoint: `${ORIGIN}/oauth/register`,
      revocation_endpoint: `${ORIGIN}/oauth/token`,
      code_challenge_methods_supported: ["S256"],
      token_endpoint_auth_methods_supported: expect.arrayContaining(["none"]),
      grant_types_supported: expect.arrayContaining(["authorization_code", "refresh_token"]),
      client_id_metadata_document_supported: true,
      authorization_response_iss_parameter_supported: true,
    });
    expect(JSON.stringify(metadata)).not.toContain("sample-2025");
  });

  it("answers 404 for documents it does not have: a page of the console would be taken for one", async () => {
    for (const path of ["/.well-known/openid-configuration", "/oauth/nothing"])
      expect((await get(path)).status).toBe(404);
  });

  it("is not there without the var OAUTH, and a 401 names no metadata", async () => {
    const plain = new Browser({ OAUTH: "" });
    for (const path of [
      "/.well-known/oauth-protected-resource",
      "/.well-known/oauth-authorization-server",
      "/authorize",
      "/oauth/token",
    ])
      expect((await plain.open(path)).status, path).toBe(404);
    const reply = await listTools(plain, "/mcp/sample-2025");
    expect(reply.headers.get("www-authenticate")).toBe('Bearer realm="holdfast"');
  });

  it("needs HTTPS, but on this machine", async () => {
    const far = new Browser({ DEMO: "" });
    const path = "/.well-known/oauth-authorization-server";
    expect((await far.open(`http://holdfast.test${path}`)).status).toBe(403);
    expect(await (await far.open(`http://127.0.0.1:8787${path}`)).json()).toMatchObject({
      issuer: "http://127.0.0.1:8787",
    });
  });
});
