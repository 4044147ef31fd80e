import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ServerProcess, startWorker } from "../servers/processes.ts";
import { TESTER } from "../servers/test-token.ts";
import { axeFindings, isGrave } from "./axe.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });
let worker: ServerProcess;
let app: Server;
let callback: string;
/** What the app's address was opened with. */
let answers: URLSearchParams[] = [];

beforeAll(async () => {
  app = createServer((request, reply) => {
    const url = new URL(request.url ?? "/", callback);
    if (url.pathname === "/callback") answers.push(url.searchParams);
    reply.setHeader("content-type", "text/html");
    reply.end("<!doctype html><title>App</title><p>Back in the app</p>");
  });
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  const address = app.address();
  callback = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/callback`;
  worker = await startWorker({ vars: { OAUTH: "{}", TOKENS: JSON.stringify([TESTER]) } });
}, 90_000);

afterAll(async () => {
  await worker.kill();
  app.closeAllConnections();
  app.close();
});

/** The address of the consent page for an app that has just registered. Chromium keeps `__Host-` cookies for this host name. */
async function consentAddress(): Promise<string> {
  const origin = worker.url.replace("127.0.0.1", "localhost");
  const registration = await fetch(`${origin}/oauth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: "Kelp Reader",
      redirect_uris: [callback],
      token_endpoint_auth_method: "none",
    }),
  });
  const { client_id } = (await registration.json()) as { client_id: string };
  const query = new URLSearchParams({
    response_type: "code",
    client_id,
    redirect_uri: callback,
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    state: "xyz",
  });
  return `${origin}/authorize?${query}`;
}

test("a person reads the consent page, mistypes the secret, and is brought back to the app with a code", async () => {
  answers = [];
  const page = await at.browser.open(await consentAddress());
  await page.getByRole("heading", { name: "Allow Kelp Reader to use your tools?" }).waitFor();
  await page.getByText("program on your own computer").waitFor();
  expect((await axeFindings(page)).filter(isGrave)).toEqual([]);

  // How Chromium shows the page that says so.
  at.expectComplaints(/status of 403/);
  await page.getByLabel("Your Holdfast secret").fill("wrong");
  await page.getByLabel("Your Holdfast secret").press("Enter");
  await page.getByRole("alert").getByText("This secret is not known here.").waitFor();
  expect((await axeFindings(page)).filter(isGrave)).toEqual([]);

  await page.getByLabel("Your Holdfast secret").fill("token-of-tester");
  await page.getByRole("button", { name: "Allow" }).click();
  await page.getByText("Back in the app").waitFor();
  expect(answers.map((answer) => [answer.has("code"), answer.get("state")])).toEqual([[true, "xyz"]]);
});

test("a person who declines returns to the app, which receives access_denied", async () => {
  answers = [];
  const page = await at.browser.open(await consentAddress());
  await page.getByRole("button", { name: "Deny" }).click();
  await page.getByText("Back in the app").waitFor();
  expect(answers.map((answer) => answer.get("error"))).toEqual(["access_denied"]);
});
