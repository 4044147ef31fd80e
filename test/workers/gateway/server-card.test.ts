import { describe, expect, it } from "vitest";
import { violations } from "../../fixtures/schema-check.ts";
import { Browser, ORIGIN, SECRET } from "../oauth/sign-in.ts";

interface Card {
  readonly name: string;
  readonly title?: string;
  readonly version: string;
  readonly remotes: readonly {
    url: string;
    supportedProtocolVersions: readonly string[];
    headers?: object;
  }[];
}

const browser = new Browser();

async function cardAt(path: string, by = browser): Promise<Card> {
  return (await by.open(path)).json<Card>();
}

describe("the server card", () => {
  it.each([
    ["/mcp/server-card", "/mcp", "test.holdfast/holdfast"],
    ["/.well-known/mcp/server-card.json", "/mcp", "test.holdfast/holdfast"],
    ["/mcp/sample-2025/server-card", "/mcp/sample-2025", "test.holdfast/holdfast.sample-2025"],
  ])("at %s describes the server at %s by the schema of SEP-2127, to anybody", async (path, at, name) => {
    const reply = await browser.open(path);
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toBe("application/mcp-server-card+json");
    const card = await reply.json<Card>();
    expect(violations("server-card", "ServerCard", card)).toEqual([]);
    expect(card).toMatchObject({ name, remotes: [{ type: "streamable-http", url: `${ORIGIN}${at}` }] });
  });

  it("follows the schema on hosts that are addresses, and with the longest name of an endpoint", async () => {
    const endpoint = "e".repeat(32);
    const ENDPOINTS = JSON.stringify({ [endpoint]: { url: "https://papers.example/mcp" } });
    for (const origin of ["http://127.0.0.1:8787", "http://[::1]:8787", "http://localhost:8787"]) {
      const card = await cardAt(`${origin}/mcp/${endpoint}/server-card`, new Browser({ ENDPOINTS }));
      expect(violations("server-card", "ServerCard", card)).toEqual([]);
      expect(card.remotes[0]?.url).toBe(`${origin}/mcp/${endpoint}`);
    }
  });

  it("says what the server itself says once a client has connected", async () => {
    const card = await cardAt("/mcp/server-card");
    const send = async (body: object, headers: Readonly<Record<string, string>> = {}) =>
      browser.open("/mcp", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          authorization: `Bearer ${SECRET}`,
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...body }),
      });
    for (const version of card.remotes[0]?.supportedProtocolVersions ?? []) {
      const isModern = version === "2026-07-28";
      const clientInfo = { name: "test", version: "1" };
      const _meta = {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientInfo": clientInfo,
        "io.modelcontextprotocol/clientCapabilities": {},
      };
      const reply = await (isModern
        ? send(
            { method: "server/discover", params: { _meta } },
            { "mcp-protocol-version": version, "mcp-method": "server/discover" },
          )
        : send({
            method: "initialize",
            params: { protocolVersion: version, capabilities: {}, clientInfo },
          }));
      const text = await reply.text();
      expect(reply.status, text).toBe(200);
      expect(text).toContain(`"${version}"`);
      expect(text).toContain(`"version":"${card.version}"`);
      expect(text).toContain(`"title":"${card.title}"`);
    }
  });

  it("asks for a token where there is no sign-in, and for nothing where there is", async () => {
    expect((await cardAt("/mcp/server-card")).remotes[0]?.headers).toBeUndefined();
    expect((await cardAt("/mcp/server-card", new Browser({ OAUTH: "" }))).remotes[0]?.headers).toMatchObject([
      { name: "Authorization", isRequired: true, isSecret: true },
    ]);
  });

  it("does not exist for an unknown endpoint", async () => {
    expect((await browser.open("/mcp/unknown/server-card")).status).toBe(404);
  });

  it("is read by pages of any origin, and again only when it has changed", async () => {
    const headers = { origin: "https://finder.example" };
    const first = await browser.open("/mcp/server-card", { headers });
    expect(first.headers.get("access-control-allow-origin")).toBe("*");
    expect(first.headers.get("access-control-expose-headers")).toBe("etag");
    expect(first.headers.get("cache-control")).toBe("public, max-age=3600");
    const again = await browser.open("/mcp/server-card", {
      headers: { ...headers, "if-none-match": first.headers.get("etag") ?? "" },
    });
    expect(again.status).toBe(304);
    expect(again.headers.get("access-control-allow-origin")).toBe("*");
    const preflight = await browser.open("/mcp/server-card", {
      method: "OPTIONS",
      headers: {
        ...headers,
        "access-control-request-method": "GET",
        "access-control-request-headers": "if-none-match",
      },
    });
    expect(preflight.headers.get("access-control-allow-headers")).toContain("if-none-match");
  });
});

describe("/.well-known/ai-catalog.json", () => {
  it.each(["{}", ""])("names the card of /mcp, and no endpoint (OAUTH: %j)", async (OAUTH) => {
    const by = new Browser({ OAUTH });
    const reply = await by.open("/.well-known/ai-catalog.json");
    expect(reply.headers.get("content-type")).toBe("application/ai-catalog+json");
    const catalog = await reply.json<{ entries: readonly { url: string; type: string }[] }>();
    expect(JSON.stringify(catalog)).not.toContain("sample");
    expect(catalog.entries).toHaveLength(1);
    const [{ url, type } = { url: "", type: "" }] = catalog.entries;
    const card = await by.open(url);
    expect(card.headers.get("content-type")).toBe(type);
  });
});
