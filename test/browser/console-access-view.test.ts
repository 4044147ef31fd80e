import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Person } from "../edge/oauth/person.ts";
import { SigningServer } from "../proxy/signing-server.ts";
import { type ServerProcess, startWorker } from "../servers/processes.ts";
import { BEARER, TESTER } from "../servers/test-token.ts";
import { axeFindings, findingText } from "./axe.ts";
import { faintTexts } from "./contrast.ts";
import { inEveryLook } from "./main-views.ts";
import { testBrowser } from "./test-browser.ts";

const SECRET = "token-of-tester";
const CALLBACK = "http://127.0.0.1:9/callback";
const at = testBrowser({ quiet: true });
/** Where pictures go, when they are asked for. */
const shots = process.env.SCREENSHOTS;

let server: SigningServer;
let worker: ServerProcess;
/** The worker's own: Chromium keeps `__Host-` cookies for this host name. */
let origin: string;

beforeAll(async () => {
  server = await SigningServer.start();
  const guarded = {
    url: `${server.origin}/mcp`,
    title: "The Kelp Library",
    consent: true,
    allowPrivate: true,
  };
  worker = await startWorker({
    vars: {
      OAUTH: "{}",
      TOKENS: JSON.stringify([TESTER]),
      ENDPOINTS: JSON.stringify({ guarded }),
      CONSENT_SECRET: "a-secret-of-thirty-two-characters-or-more",
    },
  });
  origin = worker.url.replace("127.0.0.1", "localhost");
}, 90_000);

afterAll(async () => {
  await worker.kill();
  server.close();
});

beforeEach(() => {
  // The page asks the worker before anybody has signed in, and Chromium shows each refusal.
  at.expectComplaints(/status of 401/);
});

/** No finding of axe, nothing faint and nothing too wide, in every size and colour. */
async function look(page: Page, name: string): Promise<void> {
  const found: string[] = [];
  await inEveryLook(page, name, async (view) => {
    if (shots !== undefined) {
      await mkdir(shots, { recursive: true });
      await page.screenshot({ path: join(shots, `${view}.png`) });
    }
    found.push(...(await axeFindings(page)).map((finding) => `${view}: ${findingText(finding)}`));
    found.push(...(await faintTexts(page)).map((text) => `${view}: faint ${text}`));
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
    );
    if (wide) found.push(`${view}: too wide`);
  });
  expect(found).toEqual([]);
}

async function open(): Promise<Page> {
  const page = await at.browser.open(`${origin}/#/access`);
  await page.getByRole("heading", { name: "Sign in to the worker" }).waitFor();
  return page;
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel("Your Holdfast secret").fill(SECRET);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Servers used in your name" }).waitFor();
}

/** An agent that the person signs in to the gateway. */
async function signInAgent(name: string): Promise<void> {
  const registration = await fetch(`${worker.url}/oauth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: name,
      redirect_uris: [CALLBACK],
      token_endpoint_auth_method: "none",
    }),
  });
  const { client_id } = (await registration.json()) as { client_id: string };
  const query = new URLSearchParams({
    response_type: "code",
    client_id,
    redirect_uri: CALLBACK,
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    state: "xyz",
    resource: `${worker.url}/mcp`,
  });
  await new Person(SECRET).allow(`${worker.url}/authorize?${query}`);
}

/** Goes by the server's own page, as the person would in the tab that the link opens. */
async function connect(page: Page, name: string): Promise<void> {
  const opened = page.context().waitForEvent("page");
  await page.getByRole("link", { name }).click();
  const tab = await opened;
  const secret = tab.getByLabel("Your Holdfast secret");
  const known = tab.getByRole("button", { name: "Connect", exact: true });
  await secret.or(known).waitFor();
  if (await known.isVisible()) await known.click();
  else {
    await secret.fill(SECRET);
    await secret.press("Enter");
  }
  await tab.getByRole("heading", { name: "is connected" }).waitFor();
  await tab.close();
  await page.bringToFront();
}

test("a person signs in to the worker for one tab, and a wrong secret is refused", async () => {
  const page = await open();
  await look(page, "access-sign-in");
  await page.getByLabel("Your Holdfast secret").fill("wrong");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("This secret is not known here.").waitFor();
  await signIn(page);
  await page.reload();
  await page.getByRole("heading", { name: "Servers used in your name" }).waitFor();
  await open();
  await page.bringToFront();
  await page.getByRole("button", { name: "Sign out of the worker" }).click();
  await page.getByRole("heading", { name: "Sign in to the worker" }).waitFor();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});

test("a person connects a server, reconnects it when the server has ended the consent, and disconnects it", async () => {
  const page = await open();
  await signIn(page);
  await page.getByText("Not connected. Its tools cannot be used.").waitFor();
  await connect(page, "Connect The Kelp Library");
  await page.getByText("Connected since").waitFor();

  // Before the consent ends: the page that signs an agent in asks for missing consents, too.
  await signInAgent("Kelp Reader ‮with a name that turns the text around and is rather long");
  server.endGrants();
  // It shows by the next request, unless the token was issued a moment ago.
  await expect
    .poll(async () => {
      await (await fetch(`${worker.url}/v1/endpoints/guarded/tools`, { headers: BEARER })).body?.cancel();
      return (await fetch(`${worker.url}/v1/connections`, { headers: BEARER })).text();
    })
    .toContain('"state":"ended"');
  await page.reload();
  await page.getByText("The server ended your consent").waitFor();
  await page.reload();
  await page.getByText("Kelp Reader").waitFor();
  await look(page, "access-reconnect");

  await connect(page, "Reconnect The Kelp Library");
  await page.getByText("Connected since").waitFor();
  await page.getByRole("button", { name: "Disconnect The Kelp Library" }).click();
  await look(page, "access-disconnect");
  await page.getByRole("button", { name: "Back" }).click();
  expect(server.revoked).toEqual([]);
  await page.getByRole("button", { name: "Disconnect The Kelp Library" }).click();
  await page.getByRole("button", { name: "Disconnect", exact: true }).click();
  await page.getByText("is disconnected. Its server has revoked your tokens.").waitFor();
  await page.getByText("Not connected. Its tools cannot be used.").waitFor();
  expect(server.revoked).toHaveLength(2);
  expect(server.tokens.size).toBe(0);
});

test("a person revokes an agent's access by the keyboard alone", async () => {
  await signInAgent("Reader to revoke");
  const page = await open();
  await signIn(page);
  const row = page.getByRole("listitem").filter({ hasText: "Reader to revoke" });
  await row.getByRole("button", { name: "Revoke Reader to revoke" }).focus();
  await page.keyboard.press("Enter");
  // The focus is on the button that does it.
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Revoke");
  await page.keyboard.press("Enter");
  await row.waitFor({ state: "detached" });
  const grants = await fetch(`${worker.url}/v1/grants`, { headers: BEARER });
  expect(await grants.text()).not.toContain("Reader to revoke");
});
