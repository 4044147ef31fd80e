import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  authorizeAddress,
  Browser,
  CALLBACK,
  codeIn,
  decide,
  exchange,
  listTools,
  type Tokens,
} from "./sign-in.ts";

const CLIENT = "https://reader.example/oauth/client.json";
let document: Record<string, unknown>;

beforeEach(() => {
  document = {
    client_id: CLIENT,
    client_name: "Described Reader",
    redirect_uris: [CALLBACK],
    token_endpoint_auth_method: "none",
  };
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) =>
    new Request(input as RequestInfo).url === CLIENT
      ? Response.json(document, { headers: { "cache-control": "no-store" } })
      : new Response(null, { status: 404 }),
  );
});

afterEach(() => vi.restoreAllMocks());

describe("a client that is described by a document at its id (CIMD)", () => {
  it("signs in without registration, and the page names the document's domain", async () => {
    const browser = new Browser();
    const address = await authorizeAddress(CLIENT);
    const page = await (await browser.open(address)).text();
    expect(page).toContain("Described Reader");
    expect(page).toContain("<b>reader.example</b>");
    const code = codeIn(await decide(browser, address));
    const { access_token } = await (await exchange(browser, CLIENT, code)).json<Tokens>();
    expect((await listTools(browser, "/mcp/sample-2025", access_token)).status).toBe(200);
  });

  it.each([
    ["is of another client", { client_id: "https://thief.example/client.json" }, "could not be read"],
    ["lists another redirect address", { redirect_uris: ["https://thief.example/"] }, "Invalid redirect URI"],
  ])("is refused with a page that says why, if the document %s", async (_what, change, message) => {
    Object.assign(document, change);
    const reply = await new Browser().open(await authorizeAddress(CLIENT));
    expect(reply.status).toBe(400);
    expect(reply.headers.get("location")).toBe(null);
    expect(await reply.text()).toContain(message);
  });

  it("keeps its access on one computer when it signs in on another, by the same port", async () => {
    const redirect_uri = "http://127.0.0.1:33418/callback";
    document = { ...document, redirect_uris: [redirect_uri] };
    const browser = new Browser();
    const tokens: string[] = [];
    for (let computer = 1; computer <= 2; computer++) {
      const code = codeIn(await decide(browser, await authorizeAddress(CLIENT, { redirect_uri })));
      const reply = await exchange(browser, CLIENT, code, { redirect_uri });
      tokens.push((await reply.json<Tokens>()).access_token);
    }
    for (const token of tokens)
      expect((await listTools(browser, "/mcp/sample-2025", token)).status).toBe(200);
  });

  it("is refused if there is no document", async () => {
    const reply = await new Browser().open(await authorizeAddress("https://reader.example/none.json"));
    expect(reply.status).toBe(400);
  });
});
