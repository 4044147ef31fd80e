import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ServerProcess, startWorker } from "../servers/processes.ts";
import { BEARER, TESTER } from "../servers/test-token.ts";
import { axeFindings, isGrave } from "./axe.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });
let worker: ServerProcess;
let app: Server;
/** The app's address under the worker's own host name, at another port. */
let appOrigin: string;
let origin: string;
let answers: URLSearchParams[] = [];

beforeAll(async () => {
  app = createServer((request, reply) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname === "/callback") answers.push(url.searchParams);
    reply.setHeader("content-type", "text/html");
    reply.end("<!doctype html><title>App</title><p>Back in the app</p>");
  });
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  const address = app.address();
  appOrigin = `http://localhost:${typeof address === "object" && address ? address.port : 0}`;
  worker = await startWorker({ vars: { OAUTH: "{}", TOKENS: JSON.stringify([TESTER]) } });
  // Browsers make no passkeys for an address.
  origin = worker.url.replace("127.0.0.1", "localhost");
}, 90_000);

afterAll(async () => {
  await worker.kill();
  app.closeAllConnections();
  app.close();
});

beforeEach(async () => {
  answers = [];
  for (const { id } of await passkeys())
    await fetch(`${origin}/v1/passkeys/${id}`, { method: "DELETE", headers: BEARER });
});

async function passkeys(): Promise<readonly { id: string; lastUsedAt?: number }[]> {
  const reply = await fetch(`${origin}/v1/passkeys`, { headers: BEARER });
  return ((await reply.json()) as { passkeys: { id: string }[] }).passkeys;
}

async function consentAddress(): Promise<string> {
  const redirect = `${appOrigin}/callback`;
  const registration = await fetch(`${origin}/oauth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: "Kelp Reader",
      redirect_uris: [redirect],
      token_endpoint_auth_method: "none",
    }),
  });
  const { client_id } = (await registration.json()) as { client_id: string };
  const query = new URLSearchParams({
    response_type: "code",
    client_id,
    redirect_uri: redirect,
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    state: "xyz",
  });
  return `${origin}/authorize?${query}`;
}

interface Person {
  readonly page: Page;
  readonly devtools: CDPSession;
  readonly authenticatorId: string;
}

/** A page of a person whose device has a platform authenticator, which verifies the person at once. */
async function person(): Promise<Person> {
  const page = await at.browser.open("about:blank");
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { page, devtools, authenticatorId };
}

async function addPasskey({ page }: Person): Promise<void> {
  await page.goto(await consentAddress());
  await page.getByLabel("Add a passkey").check();
  await page.getByLabel("Your Holdfast secret").fill("token-of-tester");
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  await page.getByText("Back in the app").waitFor();
}

/** Sends what a passkey signed by the page's own form, with the handle of another page if one is given. */
function submitted(page: Page, assertion: string, handle?: string): Promise<void> {
  return page.evaluate(
    (values) => {
      const form = document.querySelector<HTMLFormElement>("#passkey");
      if (!form) throw new Error("The page has no form for passkeys");
      for (const [name, value] of Object.entries(values)) {
        const field = form.elements.namedItem(name);
        if (field instanceof HTMLInputElement) field.value = value;
      }
      form.submit();
    },
    { passkey: assertion, ...(handle !== undefined && { handle }) },
  );
}

/** Signs in the page it is called in, as its script could. */
function signed(page: Page, challenge: string): Promise<string> {
  return page.evaluate(async (text) => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON({
      challenge: text,
      rpId: "localhost",
      userVerification: "required",
    });
    const made = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
    return JSON.stringify(made.toJSON());
  }, challenge);
}

async function pageOf(page: Page): Promise<{ readonly challenge: string; readonly handle: string }> {
  return {
    challenge: (await page.locator("#passkey").getAttribute("data-challenge")) ?? "",
    handle: (await page.locator("#passkey [name=handle]").getAttribute("value")) ?? "",
  };
}

async function refused(page: Page): Promise<void> {
  await page.getByRole("alert").getByText("This passkey is not known here.").waitFor();
  expect(answers.slice(1), "nobody was let in").toEqual([]);
}

/** Axe comes by a DevTools session of its own, whose end takes the virtual authenticator of the page along. */
async function looksWell(page: Page, name: string): Promise<void> {
  expect((await axeFindings(page)).filter(isGrave)).toEqual([]);
  const { SCREENSHOTS } = process.env;
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

test("a person adds a passkey with the secret once, and signs in with the passkey alone from then on", async () => {
  const first = await at.browser.open(await consentAddress());
  await first.getByLabel("Add a passkey").waitFor();
  expect(await first.getByRole("button", { name: "with a passkey" }).count()).toBe(0);
  await looksWell(first, "passkey-offered");
  await first.close();

  const someone = await person();
  const { page } = someone;
  await addPasskey(someone);
  expect(await passkeys()).toHaveLength(1);

  for (const time of [2, 3]) {
    await page.goto(await consentAddress());
    await page.getByRole("button", { name: "Allow with a passkey" }).waitFor();
    await page.getByRole("button", { name: "Allow with a passkey" }).click();
    await page.getByText("Back in the app").waitFor();
    expect(answers.map((answer) => answer.has("code"))).toEqual(Array(time).fill(true));
  }
  expect((await passkeys())[0]?.lastUsedAt).toBeDefined();
  const next = await at.browser.open(await consentAddress());
  await next.getByRole("button", { name: "Allow with a passkey" }).waitFor();
  await looksWell(next, "passkey-known");
});

test("a person who cancels stays on the page, reads what to do, and goes on without a passkey", async () => {
  const { page, devtools, authenticatorId } = await person();
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await page.goto(await consentAddress());
  await page.getByLabel("Add a passkey").check();
  await page.getByLabel("Your Holdfast secret").fill("token-of-tester");
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  await page.getByRole("alert").getByText("No passkey was added.").waitFor();
  await looksWell(page, "passkey-cancelled");
  await page.getByLabel("Add a passkey").uncheck();
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  await page.getByText("Back in the app").waitFor();
  expect(await passkeys()).toEqual([]);
});

test("a wrong secret adds no passkey, and the page says that the secret is wrong", async () => {
  const { page, devtools, authenticatorId } = await person();
  at.expectComplaints(/status of 40[13]/);
  await page.goto(await consentAddress());
  await page.getByLabel("Add a passkey").check();
  await page.getByLabel("Your Holdfast secret").fill("wrong");
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  await page.getByRole("alert").getByText("This secret is not known here.").waitFor();
  const { credentials } = await devtools.send("WebAuthn.getCredentials", { authenticatorId });
  expect(credentials).toEqual([]);
});

test("a passkey that a page of another origin had signed does not sign the person in", async () => {
  const someone = await person();
  await addPasskey(someone);
  const { page } = someone;
  at.expectComplaints(/status of 403/);
  await page.goto(await consentAddress());
  const first = await pageOf(page);
  await page.goto(appOrigin);
  const elsewhere = await signed(page, first.challenge);
  await page.goto(await consentAddress());
  await submitted(page, elsewhere, first.handle);
  await refused(page);
});

test("what a passkey signed before does not sign anybody in again", async () => {
  const someone = await person();
  await addPasskey(someone);
  const { page } = someone;
  at.expectComplaints(/status of 40[03]/);
  await page.goto(await consentAddress());
  const first = await pageOf(page);
  const assertion = await signed(page, first.challenge);
  await submitted(page, assertion);
  await page.getByText("Back in the app").waitFor();
  expect(answers.at(-1)?.has("code")).toBe(true);
  answers = [];
  await page.goto(await consentAddress());
  await submitted(page, assertion, first.handle);
  await page.getByText("This passkey is not known here.").waitFor();
  expect(answers).toEqual([]);
});

test("a passkey that was removed, and one that only names the person, do not sign anybody in", async () => {
  const someone = await person();
  await addPasskey(someone);
  const { page, devtools, authenticatorId } = someone;
  at.expectComplaints(/status of 403/);
  const { credentials } = await devtools.send("WebAuthn.getCredentials", { authenticatorId });
  const [own] = credentials;
  if (!own) throw new Error("There is no passkey");
  // The same name and person, another key.
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  await devtools.send("WebAuthn.removeCredential", { authenticatorId, credentialId: own.credentialId });
  await devtools.send("WebAuthn.addCredential", {
    authenticatorId,
    credential: { ...own, privateKey: Buffer.from(key).toString("base64"), signCount: 10 },
  });
  await page.goto(await consentAddress());
  await page.getByRole("button", { name: "Allow with a passkey" }).click();
  await refused(page);
  await devtools.send("WebAuthn.clearCredentials", { authenticatorId });
  await devtools.send("WebAuthn.addCredential", { authenticatorId, credential: { ...own, signCount: 20 } });
  await page.getByRole("button", { name: "Allow with a passkey" }).waitFor();
  for (const { id } of await passkeys())
    await fetch(`${origin}/v1/passkeys/${id}`, { method: "DELETE", headers: BEARER });
  await page.getByRole("button", { name: "Allow with a passkey" }).click();
  await refused(page);
});

test("without script the page has the secret alone, and it signs the person in", async () => {
  const { page, devtools } = await person();
  await devtools.send("Emulation.setScriptExecutionDisabled", { value: true });
  await page.goto(await consentAddress());
  expect(await page.getByText("passkey").filter({ visible: true }).count()).toBe(0);
  await page.getByLabel("Your Holdfast secret").fill("token-of-tester");
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  await page.getByText("Back in the app").waitFor();
  expect(answers.map((answer) => answer.has("code"))).toEqual([true]);
});
