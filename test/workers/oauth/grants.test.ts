import { describe, expect, it } from "vitest";
import type { GrantListing } from "../../../worker/oauth/grants.ts";
import { Browser, listTools, ORIGIN, SECRET, signIn } from "./sign-in.ts";

const DAY_MS = 86_400_000;

function withToken(token: string, init: RequestInit = {}): RequestInit {
  return { ...init, headers: { authorization: `Bearer ${token}` } };
}

async function grantsOf(browser: Browser, token = SECRET): Promise<readonly GrantListing[]> {
  const reply = await browser.open("/v1/grants", withToken(token));
  return (await reply.json<{ grants: GrantListing[] }>()).grants;
}

describe("GET /v1/grants", () => {
  it("lists the clients a person signed in, and how long each has access unless it is used", async () => {
    const browser = new Browser();
    const began = Date.now();
    const { client } = await signIn(browser, { resource: `${ORIGIN}/mcp/sample-2025` });
    const grant = (await grantsOf(browser)).find(({ clientId }) => clientId === client);
    expect(grant).toMatchObject({
      client: "Kelp Reader",
      redirectHost: "client.example",
      resource: `${ORIGIN}/mcp/sample-2025`,
    });
    expect((grant?.expiresAt ?? 0) - began).toBeGreaterThan(29.9 * DAY_MS);
  });

  it("does not list those of others", async () => {
    const browser = new Browser();
    const { client } = await signIn(browser);
    expect((await grantsOf(browser, "demo")).map(({ clientId }) => clientId)).not.toContain(client);
  });

  it("lists none where the worker is no OAuth server", async () => {
    expect(await grantsOf(new Browser({ OAUTH: "" }))).toEqual([]);
  });
});

describe("DELETE /v1/grants/{grant}", () => {
  it("ends the grant and its tokens", async () => {
    const browser = new Browser();
    const { client, tokens } = await signIn(browser);
    const { id } = (await grantsOf(browser)).find(({ clientId }) => clientId === client) ?? { id: "" };
    const reply = await browser.open(`/v1/grants/${id}`, withToken(SECRET, { method: "DELETE" }));
    expect(reply.status).toBe(204);
    expect((await listTools(browser, "/mcp/sample-2025", tokens.access_token)).status).toBe(401);
    expect((await grantsOf(browser)).map(({ clientId }) => clientId)).not.toContain(client);
  });

  it("does nothing to a grant of somebody else", async () => {
    const browser = new Browser();
    const { client, tokens } = await signIn(browser);
    const { id } = (await grantsOf(browser)).find(({ clientId }) => clientId === client) ?? { id: "" };
    const reply = await browser.open(`/v1/grants/${id}`, withToken("demo", { method: "DELETE" }));
    expect(reply.status).toBe(204);
    expect((await listTools(browser, "/mcp/sample-2025", tokens.access_token)).status).toBe(200);
  });

  it("refuses what is no id of a grant", async () => {
    const reply = await new Browser().open("/v1/grants/a:b", withToken(SECRET, { method: "DELETE" }));
    expect(reply.status).toBe(422);
  });
});
