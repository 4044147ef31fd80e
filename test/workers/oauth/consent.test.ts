import { describe, expect, it } from "vitest";
import {
  authorizeAddress,
  Browser,
  CALLBACK,
  decide,
  handleIn,
  ORIGIN,
  register,
  SECRET,
} from "./sign-in.ts";

const ALLOW = { decision: "allow", secret: SECRET };

async function pageFor(metadata: object, fields: Readonly<Record<string, string>> = {}): Promise<string> {
  const browser = new Browser();
  const client = await register(browser, metadata);
  return (await browser.open(await authorizeAddress(client, fields))).text();
}

describe("the consent page", () => {
  it("says who asks, for what, and where access goes", async () => {
    const page = await pageFor({}, { resource: `${ORIGIN}/mcp/sample-2025` });
    expect(page).toContain("Kelp Reader");
    expect(page).toContain("nobody has verified it");
    expect(page).toContain("<b>client.example</b>");
    expect(page).toContain("<b>sample-2025</b>");
    expect(await pageFor({})).toContain("every server you may use here");
  });

  it("warns if access goes to a program on the person's own computer", async () => {
    const redirect_uri = "http://127.0.0.1:4711/callback";
    expect(await pageFor({ redirect_uris: [redirect_uri] }, { redirect_uri })).toContain("your own computer");
    expect(await pageFor({})).not.toContain("your own computer");
  });

  it("shows a client's name as text, whatever is in it", async () => {
    const page = await pageFor({ client_name: `<script>alert(1)</script>\u202eevil\u0000"'` });
    expect(page.match(/<script>/g), "the passkey's").toHaveLength(1);
    expect(page).not.toContain("<script>alert");
    expect(page).not.toContain("\u202e");
    expect(page).toContain("&lt;script&gt;");
    expect((await pageFor({ client_name: "x".repeat(300) })).includes("x".repeat(81))).toBe(false);
  });

  it("runs the passkey's script by its hash and no other, loads nothing, and cannot be framed", async () => {
    const browser = new Browser();
    const client = await register(browser);
    const reply = await browser.open(await authorizeAddress(client));
    const { headers } = reply;
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; connect-src 'self'; /,
    );
    const [, script = ""] = /<script>(.*)<\/script>/s.exec(await reply.text()) ?? [];
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script));
    expect(policy).toContain(`script-src 'sha256-${btoa(String.fromCharCode(...new Uint8Array(hash)))}'`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("referrer-policy")).toBe("same-origin");
  });

  it("has no form-action in its policy: browsers would stop the redirect to the client", async () => {
    const browser = new Browser();
    const client = await register(browser);
    const { headers } = await browser.open(await authorizeAddress(client));
    expect(headers.get("content-security-policy")).not.toContain("form-action");
  });

  it("sends the person who declines back with access_denied, and needs no secret for it", async () => {
    const browser = new Browser();
    const client = await register(browser);
    const reply = await decide(browser, await authorizeAddress(client), { decision: "deny" });
    expect(reply.status).toBe(303);
    expect(reply.headers.get("location")).toContain(`${CALLBACK}?error=access_denied`);
  });

  it("asks again after a wrong secret, and takes the right one then", async () => {
    const browser = new Browser();
    const address = await authorizeAddress(await register(browser));
    const wrong = await decide(browser, address, { decision: "allow", secret: "wrong" });
    expect(wrong.status).toBe(403);
    const page = await wrong.text();
    expect(page).toContain("This secret is not known here.");
    const right = await browser.post(address, { handle: handleIn(page), ...ALLOW });
    expect(right.headers.get("location")).toContain("code=");
  });

  it("stops looking at secrets after ten wrong ones from an address, also at the right one", async () => {
    const browser = new Browser();
    const address = await authorizeAddress(await register(browser));
    const from = { "cf-connecting-ip": "203.0.113.8" };
    const handle = handleIn(await (await browser.open(address)).text());
    const seen: number[] = [];
    for (let count = 0; count < 11; count++)
      seen.push(
        (await browser.post(address, { handle, decision: "allow", secret: `guess-${count}` }, from)).status,
      );
    expect(seen).toEqual([...Array(10).fill(403), 429]);
    expect((await browser.post(address, { handle, ...ALLOW }, from)).status).toBe(429);
    const elsewhere = { "cf-connecting-ip": "203.0.113.88" };
    expect((await browser.post(address, { handle, ...ALLOW }, elsewhere)).status).toBe(303);
  });
});

describe("consent pages", () => {
  it("of one address are 60 a minute, for each is written to the KV namespace", async () => {
    const browser = new Browser();
    const address = await authorizeAddress(await register(browser));
    const init = { headers: { "cf-connecting-ip": "203.0.113.60" } };
    const seen: number[] = [];
    for (let count = 0; count < 62; count++) seen.push((await browser.open(address, init)).status);
    expect(seen).toEqual([...Array(60).fill(200), 429, 429]);
  });
});

describe("a consent", () => {
  it("works once", async () => {
    const browser = new Browser();
    const address = await authorizeAddress(await register(browser));
    const handle = handleIn(await (await browser.open(address)).text());
    expect((await browser.post(address, { handle, ...ALLOW })).status).toBe(303);
    expect((await browser.post(address, { handle, ...ALLOW })).status).toBe(400);
  });

  it("counts in the browser that opened the page only: a forged form is refused", async () => {
    const person = new Browser();
    const address = await authorizeAddress(await register(person));
    const handle = handleIn(await (await person.open(address)).text());
    const reply = await new Browser().post(address, { handle, ...ALLOW });
    expect(reply.status).toBe(400);
    expect(await reply.text()).toContain("not started in this browser");
  });

  it("does not count for a page of another origin", async () => {
    const person = new Browser();
    const address = await authorizeAddress(await register(person));
    const handle = handleIn(await (await person.open(address)).text());
    for (const origin of ["https://thief.example", "null"])
      expect((await person.post(address, { handle, ...ALLOW }, { origin })).status).toBe(403);
    expect((await person.post(address, { handle, ...ALLOW }, { origin: ORIGIN })).status).toBe(303);
  });

  it("is for the request of the page, whatever the address says by then", async () => {
    const browser = new Browser();
    const client = await register(browser);
    const handle = handleIn(await (await browser.open(await authorizeAddress(client))).text());
    const other = await authorizeAddress(client, { resource: `${ORIGIN}/mcp/sample-2026`, state: "other" });
    const reply = await browser.post(other, { handle, ...ALLOW });
    expect(reply.headers.get("location")).toContain("state=xyz");
  });

  it("is not taken of a form that is too large", async () => {
    const browser = new Browser();
    const address = await authorizeAddress(await register(browser));
    const handle = handleIn(await (await browser.open(address)).text());
    const reply = await browser.post(address, { handle, decision: "allow", secret: "x".repeat(10_000) });
    expect(reply.status).toBe(413);
  });
});
