import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Person } from "../edge/oauth/person.ts";
import { SigningServer } from "../proxy/signing-server.ts";
import { type ServerProcess, startWorker } from "../servers/processes.ts";
import { BEARER, TESTER } from "../servers/test-token.ts";
import { tabTo } from "./tab-to.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

/** A worker as it is deployed: no DEMO, two principals, an endpoint that wants each person's consent. */
const at = testBrowser({ quiet: true });
const SECRET = "token-of-tester";
const OTHER = "token-of-another-person";
const DOI = "10.1073/pnas.1515613113";

let library: SigningServer;
let receiver: Server;
let posted: string[] = [];
let worker: ServerProcess;
/** Chromium keeps `__Host-` cookies for this host name. */
let origin: string;

beforeAll(async () => {
  library = await SigningServer.start();
  receiver = createServer((request, reply) => {
    posted.push(String(request.headers["webhook-id"]));
    request.resume();
    reply.writeHead(204).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const endpoints = {
    papers: {
      url: `${inject("workerUrl")}/samples/deployed/2026-07-28/mcp`,
      title: "Papers",
      allowPrivate: true,
    },
    guarded: { url: `${library.origin}/mcp`, title: "The Kelp Library", consent: true, allowPrivate: true },
  };
  const other = { principal: "other", sha256: createHash("sha256").update(OTHER).digest("hex") };
  worker = await startWorker({
    vars: {
      OAUTH: "{}",
      TOKENS: JSON.stringify([TESTER, other]),
      ENDPOINTS: JSON.stringify(endpoints),
      CONSENT_SECRET: "a-secret-of-thirty-two-characters-or-more",
      WEBHOOK_PRIVATE: "true",
      WEBHOOK_SECRET: "a-webhook-secret-of-thirty-two-characters",
    },
  });
  origin = worker.url.replace("127.0.0.1", "localhost");
}, 90_000);

afterAll(async () => {
  await worker.kill();
  library.close();
  receiver.close();
});

/** Signs in from the page that a person finds first, by the keyboard. */
async function signIn(page: Page, secret: string): Promise<void> {
  await page.getByText("Sign in to call the worker's servers").waitFor();
  await tabTo(page, /^Sign in$/);
  await page.keyboard.press("Enter");
  await page.getByLabel("Your Holdfast secret").waitFor();
  await tabTo(page, /Your Holdfast secret/i);
  await page.keyboard.type(secret);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Usage and limits" }).waitFor();
}

async function follow(page: Page, link: RegExp): Promise<void> {
  await tabTo(page, link);
  await page.keyboard.press("Enter");
}

/** Opens the page on which a server is connected, and consents there, by the keyboard. */
async function connect(page: Page, name: RegExp): Promise<void> {
  const opened = page.context().waitForEvent("page");
  await follow(page, name);
  const tab = await opened;
  const secret = tab.getByLabel("Your Holdfast secret");
  const known = tab.getByRole("button", { name: "Connect", exact: true });
  await secret.or(known).waitFor();
  if (await known.isVisible()) await known.press("Enter");
  else {
    await secret.focus();
    await tab.keyboard.type(SECRET);
    await tab.keyboard.press("Enter");
  }
  await tab.getByRole("heading", { name: "is connected" }).waitFor();
  await tab.close();
  await page.bringToFront();
}

/** An agent that the person signs in to the gateway. */
async function signInAgent(name: string): Promise<void> {
  const callback = "http://127.0.0.1:9/callback";
  const registration = await fetch(`${worker.url}/oauth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: name,
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
    resource: `${worker.url}/mcp`,
  });
  await new Person(SECRET).allow(`${worker.url}/authorize?${query}`);
}

test("a person signs in, connects, calls, reloads, answers, reconnects and revokes, by the keyboard alone", async () => {
  const view = new TaskPage(await at.browser.open(`${origin}/`));
  const { page } = view;
  const { keyboard } = page;
  await view.ready();
  // Nothing of a demo: neither its samples, nor requests that the worker refuses.
  await follow(page, /^Servers$/);
  await page.getByRole("heading", { name: "Add a server" }).waitFor();
  expect(await page.locator(".server").count()).toBe(0);
  await follow(page, /^Tasks/);
  await signIn(page, SECRET);

  await connect(page, /^Connect The Kelp Library/);
  await page.getByText("Connected since").waitFor();

  await page.reload();
  await view.ready();
  await follow(page, /^Call$/);
  await page.locator('#call[data-tools-of="papers"]').waitFor();
  await follow(page, /^acquire_paper/);
  await page.locator(".call-form").getByLabel("doi").waitFor();
  await tabTo(page, /^doi/);
  await keyboard.press("ControlOrMeta+A");
  await keyboard.type(DOI);
  await tabTo(page, /^stage_ms/);
  await keyboard.press("ControlOrMeta+A");
  await keyboard.type("150");
  await tabTo(page, /^mode/);
  await keyboard.press("ControlOrMeta+A");
  await keyboard.type("ask");
  await keyboard.press("ArrowDown");
  await keyboard.press("Enter");
  await tabTo(page, /^Call$/);
  await keyboard.press("Enter");
  await view.question.getByRole("combobox").waitFor();

  await page.reload();
  await view.question.getByRole("combobox").waitFor();
  await tabTo(page, /^Edition/);
  await keyboard.type("pre");
  await keyboard.press("ArrowDown");
  await keyboard.press("Enter");
  await follow(page, /^Answer$/);
  await view.task.locator('.status[data-status="completed"]').waitFor();
  await expect.poll(() => view.result.textContent()).toContain("preprint");

  await signInAgent("Reader to revoke");
  library.endGrants();
  await expect
    .poll(async () => {
      await (await fetch(`${worker.url}/v1/endpoints/guarded/tools`, { headers: BEARER })).body?.cancel();
      return (await fetch(`${worker.url}/v1/connections`, { headers: BEARER })).text();
    })
    .toContain('"state":"ended"');
  await follow(page, /^Worker$/);
  await page.getByText("The server ended your consent").waitFor();
  await connect(page, /^Reconnect The Kelp Library/);
  await page.getByText("Connected since").waitFor();

  await tabTo(page, /^Revoke Reader to revoke/);
  await keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Revoke");
  await keyboard.press("Enter");
  await page.getByRole("button", { name: "Revoke Reader to revoke" }).waitFor({ state: "detached" });
});

test("a person signs in on the worker's page, stays signed in over a reload, and signing out ends the token", async () => {
  const { page } = new TaskPage(await at.browser.open(`${origin}/`));
  const token = (): Promise<string | null> =>
    page.evaluate(() => sessionStorage.getItem("holdfast-worker-token"));
  const statusWith = async (bearer: string | null): Promise<number> =>
    (await fetch(`${origin}/v1/endpoints`, { headers: { authorization: `Bearer ${bearer}` } })).status;
  await follow(page, /^Sign in to the worker$/);
  const toSignInPage = page.getByRole("button", { name: "Open the sign-in page" });
  await toSignInPage.waitFor();
  await follow(page, /^Open the sign-in page$/);
  const asking = page.getByRole("heading", { name: "Sign in to the console of localhost" });
  await asking.waitFor();
  // Back, without signing in.
  await page.getByRole("button", { name: "Back" }).press("Enter");
  await toSignInPage.press("Enter");
  await asking.waitFor();
  await page.getByLabel("Your Holdfast secret").fill(SECRET);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Usage and limits" }).waitFor();
  expect(page.url()).toBe(`${origin}/#/access`);
  const issued = await token();
  expect(issued).not.toBe(SECRET);
  expect(await statusWith(issued)).toBe(200);
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(issued);

  await page.reload();
  await page.getByRole("heading", { name: "Usage and limits" }).waitFor();
  await page.getByRole("button", { name: "Sign out of the worker" }).click();
  await page.getByRole("heading", { name: "Sign in to the worker" }).waitFor();
  expect(await token()).toBeNull();
  // The page that signs in has its tokens for 127.0.0.1 not: they are this origin's.
  await expect.poll(() => statusWith(issued)).toBe(401);
});

test("an answer of a sign-in that the tab did not begin is dropped", async () => {
  const { page } = new TaskPage(await at.browser.open(`${origin}/?code=of-a-stranger&state=guessed#/access`));
  await page.getByRole("heading", { name: "Sign in to the worker" }).waitFor();
  expect(page.url()).toBe(`${origin}/#/access`);
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});

test("another person of the worker sees nothing of the first one's tasks, connections and agents", async () => {
  // What the worker answers to a task that is somebody else's.
  at.expectComplaints(/status of 404/);
  const call = await fetch(`${worker.url}/v1/endpoints/papers/calls`, {
    method: "POST",
    headers: { ...BEARER, "content-type": "application/json" },
    body: JSON.stringify({ tool: "acquire_paper", arguments: { doi: DOI, stage_ms: 40 } }),
  });
  const { id } = (await call.json()) as { id: string };
  const first = new TaskPage(await at.browser.open(`${origin}/`));
  await signIn(first.page, SECRET);
  await first.showTasks();
  await first.stands("completed");

  const second = new TaskPage(await at.browser.open(`${origin}/`));
  await signIn(second.page, OTHER);
  await second.page.getByText("Not connected. Its tools cannot be used.").waitFor();
  await second.page.getByText("None. A new one may take a minute").waitFor();
  await second.showTasks();
  await second.page.getByText("Nothing has been called yet.").waitFor();
  await second.page.goto(`${origin}/#/tasks/${encodeURIComponent(id)}`);
  await second.page.getByText(`Task ${id} is not here.`).waitFor();
  expect(await second.page.locator("body").textContent()).not.toContain(DOI);

  // The person who leaves takes what the browser stored along.
  await first.page.bringToFront();
  await first.page.getByRole("link", { name: "Worker" }).click();
  await first.page.getByRole("button", { name: "Sign out of the worker" }).click();
  await first.page.getByRole("heading", { name: "Sign in to the worker" }).waitFor();
  const stored = await first.page.evaluate(
    (key) =>
      new Promise<unknown>((resolve, reject) => {
        const opening = indexedDB.open("holdfast-history");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const read = opening.result.transaction("tasks").objectStore("tasks").get(key);
          read.onsuccess = () => resolve(read.result ?? null);
        };
      }),
    id,
  );
  expect(stored).toBeNull();
});

test("a person sees what was sent to a webhook, and sends it again", async () => {
  posted = [];
  const { port } = receiver.address() as AddressInfo;
  await fetch(`${worker.url}/v1/endpoints/papers/calls`, {
    method: "POST",
    headers: { ...BEARER, "content-type": "application/json" },
    body: JSON.stringify({
      tool: "acquire_paper",
      arguments: { doi: DOI, stage_ms: 40 },
      webhook: `http://127.0.0.1:${port}/hooks?key=of-the-receiver`,
    }),
  });
  await expect.poll(() => posted.length).toBe(1);
  const { page } = new TaskPage(await at.browser.open(`${origin}/`));
  await signIn(page, SECRET);
  const row = page.getByRole("list", { name: "Deliveries" }).getByRole("listitem").first();
  await row.getByText("Delivered at").waitFor();
  expect(await row.textContent()).toContain(`http://127.0.0.1:${port}/hooks`);
  expect(await row.textContent()).not.toContain("of-the-receiver");
  await row.getByRole("button", { name: "Send again" }).click();
  await expect.poll(() => posted.length).toBe(2);
  expect(new Set(posted).size, "the receiver counts it once").toBe(1);
  await row.getByText("2 attempts").or(row.getByText("1 attempt")).waitFor();
});

test("a server that was added is renamed, moved, removed, and put back", async () => {
  // They are names in a list here: nothing answers there.
  at.expectComplaints(/CORS|ERR_FAILED|status of 40/);
  const view = new TaskPage(await at.browser.open(`${origin}/`));
  const { page } = view;
  for (const name of ["one", "two"]) await view.addServer(`${library.origin}/${name}`);
  const titles = (): Promise<string[]> => page.locator(".server .server-name bdi").allTextContents();
  const [one, two] = ["one", "two"].map((name) => `${library.origin}/${name}`);
  await expect.poll(titles).toEqual([one, two]);

  await page.getByLabel("Name").fill("My papers");
  await page.getByRole("button", { name: "Rename" }).click();
  await expect.poll(titles).toEqual([one, "My papers"]);
  await page.getByRole("button", { name: "Move up" }).click();
  await expect.poll(titles).toEqual(["My papers", one]);
  await page.getByRole("button", { name: "Remove this server" }).click();
  await expect.poll(titles).toEqual([one]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(titles).toEqual(["My papers", one]);
  await page.reload();
  await view.ready();
  await expect.poll(titles).toEqual(["My papers", one]);
});
