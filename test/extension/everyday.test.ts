import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { until } from "../browser/until.ts";
import { LoadedExtension } from "./loaded-extension.ts";
import { PAGE_DOI, SmallSite, TOKEN } from "./small-site.ts";
import { startInTab } from "./start-in-tab.ts";
import { TaskLab } from "./task-lab.ts";

let extension: LoadedExtension;
let site: SmallSite;
let lab: TaskLab;

beforeAll(async () => {
  [extension, site] = await Promise.all([LoadedExtension.load(), SmallSite.start(inject("workerUrl"))]);
});
afterAll(async () => {
  site.close();
  await extension.remove();
});
beforeEach(async () => {
  lab = new TaskLab();
  // The options ask every server there is for its tools.
  await extension.ask(() => chrome.storage.local.remove(["servers", "targets"]));
});
afterEach(async ({ task }) => {
  for (const page of extension.chromium.context.pages().slice(1)) {
    if (task.result?.state === "fail") console.error(page.url(), await page.locator("body").textContent());
    await page.close();
  }
  expect(extension.takeComplaints(), "what the pages and the worker complained of").toEqual([]);
});

function startIn(page: Page, tool: string, args: object): Promise<void> {
  return startInTab(page, lab.server("2026-07-28"), tool, args);
}

describe("a question", () => {
  test("appears on the button and the desktop, once, and is answered in the popup", async () => {
    await extension.addServer(lab.server("2026-07-28"), "Papers");
    await extension.clearNotices();
    const popup = await extension.page("popup");
    await startIn(popup, "acquire_paper", { doi: "10.1/ask", mode: "ask", stage_ms: 100 });
    const question = popup.locator(".popup-question");
    await question.waitFor();
    await until("it is announced", async () => (await extension.notices()).length > 0 || undefined);
    expect(await extension.notices()).toEqual([expect.stringMatching(/^asks /)]);
    await extension.badge("1");
    expect(await extension.ask(() => chrome.action.getBadgeBackgroundColor({}))).toEqual([
      0xb4, 0x53, 0x09, 255,
    ]);

    // Another worker, another page: the question is still open, and no second notification appears.
    await extension.clearNotices();
    await extension.stopWorker();
    await popup.reload();
    await question.getByRole("combobox", { name: "Edition" }).click();
    await question.getByRole("option", { name: "preprint" }).click();
    expect(await extension.notices()).toEqual([]);
    await question.getByRole("button", { name: "Answer" }).click();
    await question.waitFor({ state: "detached" });
    await until("the outcome is announced", async () => (await extension.notices()).length > 0 || undefined);
    expect(await extension.notices()).toEqual([expect.stringMatching(/^ended /)]);
    expect(await lab.count("tools/call")).toBe(1);
  });

  test("leaves no notification when it is answered elsewhere; a click on a notification shows its task", async () => {
    await extension.addServer(lab.server("2026-07-28"), "Papers");
    await extension.clearNotices();
    const panel = await extension.page("panel");
    await startIn(panel, "acquire_paper", { doi: "10.1/click", mode: "ask", stage_ms: 100 });
    await panel.locator(".question").waitFor();
    await until("it is announced", async () => (await extension.notices()).length === 1 || undefined);
    await panel.getByRole("button", { name: "Decline" }).click();
    await until("the question's notice goes, the end's comes", async () => {
      const [notice, ...more] = await extension.notices();
      return (more.length === 0 && notice?.startsWith("ended ")) || undefined;
    });
    const task = await panel.locator("#task").getAttribute("data-task");
    await panel.close();
    // The browser's own notice cannot be clicked from here: its event is given to the listener as the browser gives it.
    await extension.inWorker(
      (id) => (chrome.notifications.onClicked as unknown as Dispatched).dispatch(id, true),
      `ended ${task}`,
    );
    const shown = await until("the task is shown", () => extension.openPage("panel.html"));
    await shown.locator(`#task[data-task="${task}"]`).waitFor();
    expect(await extension.notices()).toEqual([]);
  });
});

test("the next worker announces a task that ended as a worker died", async () => {
  await extension.addServer(lab.server("2026-07-28"), "Papers");
  const page = await extension.page("popup");
  await startIn(page, "acquire_paper", { doi: "10.1/untold", stage_ms: 50 });
  await page.locator(".task-card .status[data-status=completed]").waitFor();
  const id = await page.locator(".task-card").getAttribute("data-task");
  const announced = async (): Promise<true | undefined> =>
    (await extension.notices()).includes(`ended ${id}`) || undefined;
  await until("it is announced", announced);
  await page.close();
  await extension.stopWorker();
  // As if that one had died before it could.
  await extension.clearNotices();
  await extension.ask(() => chrome.storage.local.remove("told"));
  await extension.wake();
  await until("it is announced after all", announced);
});

test("a task of the popup is shown in the side panel, and the popup goes", async () => {
  await extension.addServer(lab.server("2026-07-28"), "Papers");
  const page = await extension.page("popup");
  await startIn(page, "acquire_paper", { doi: "10.1/panel", stage_ms: 50 });
  await page.locator(".task-card .status[data-status=completed]").waitFor();
  await page.close();
  const popup = await extension.popup();
  await popup.click(".task-row", "completed");
  expect(await popup.run("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  await popup.click(".task-card button", "Show the result");
  const panel = await extension.panel();
  await panel.sees("#task .result", "10.1/panel");
  await panel.close();
});

describe("the options", () => {
  test("a header kept until the browser closes is sent, and is not written to disk", async () => {
    const page = await extension.page("options");
    const url = `${site.origin}/samples/${lab.name}/2025-11-25/mcp`;
    await page.fill("[name=address]", url);
    await page.fill("[name=name]", "Guarded");
    await page.selectOption("[name=authorization]", "header");
    await page.getByLabel("Value", { exact: true }).fill(TOKEN);
    await page.click("button[name=add]");
    const card = page.locator(`[data-server="${url}"]`);
    await card.locator(".server-found", { hasText: "MCP 2025-11-25" }).waitFor();
    const [local, session] = await extension.ask(() =>
      Promise.all([chrome.storage.local.get(), chrome.storage.session.get()]),
    );
    expect(JSON.stringify(local)).not.toContain("kelp-grips-rock");
    expect(JSON.stringify(session)).toContain("kelp-grips-rock");
    expect(await page.locator("body").innerHTML()).not.toContain("kelp-grips-rock");
    expect(await extension.ask(databases)).not.toContain("kelp-grips-rock");

    // As after a restart of the browser, which empties the session.
    await extension.ask(() => chrome.storage.session.clear());
    await extension.clearNotices();
    await extension.inWorker(() => (chrome.runtime.onStartup as unknown as Dispatched).dispatch());
    await until(
      "it is asked for",
      async () => (await extension.notices()).includes(`access ${url}`) || undefined,
    );
    await card.getByText("Enter the header again").waitFor();
    const popup = await extension.page("popup");
    await popup.getByText("Guarded wants its header again").waitFor();
    await popup.close();
    await page.bringToFront();
    await card.getByLabel("Value", { exact: true }).fill(TOKEN);
    await card.getByRole("button", { name: "Use it" }).click();
    await card.locator(".server-found").waitFor();

    await card.getByRole("button", { name: "Remove" }).click();
    await card.waitFor({ state: "detached" });
    const kept = await extension.ask(() =>
      Promise.all([chrome.storage.local.get("servers"), chrome.storage.session.get()]),
    );
    expect(JSON.stringify(kept)).not.toContain(url);
  });

  test("scripts that the extension runs in a page cannot read a header kept on this computer", async () => {
    await extension.addServer(`${site.origin}/samples/${lab.name}/2025-11-25/mcp`, "Guarded", TOKEN);
    expect(JSON.stringify(await extension.ask(() => chrome.storage.local.get()))).toContain(TOKEN);
    const page = await extension.chromium.open(`${site.origin}/plain`);
    const seen = await extension.inWorker(async (url) => {
      const [tab] = await chrome.tabs.query({ url });
      const [looked] = await chrome.scripting.executeScript({
        target: { tabId: tab?.id ?? -1 },
        func: () => chrome.storage.local.get().then(JSON.stringify, (error: unknown) => `refused: ${error}`),
      });
      return looked?.result;
    }, page.url());
    expect(seen).toMatch(/^refused: /);
  });

  test("say what to do about a server without permission, and send nothing to it", async () => {
    const url = lab.server("2026-07-28").replace("127.0.0.1", "localhost");
    // As when the permission was taken back in the browser's settings: the test's build has one for 127.0.0.1 alone.
    await extension.inWorker(async (address) => {
      const { servers = [] } = await chrome.storage.local.get("servers");
      const server = { url: address, name: "Elsewhere", authorization: "none" };
      await chrome.storage.local.set({ servers: [...(servers as object[]), server] });
    }, url);
    const page = await extension.page("options");
    const card = page.locator(`[data-server="${url}"]`);
    await card.getByText("The browser does not let the extension access localhost").waitFor();
    await card.getByRole("button", { name: "Allow it" }).waitFor();
    const popup = await extension.page("popup");
    await popup.getByText("Elsewhere is closed to the extension").waitFor();
    expect(await lab.wire()).toEqual([]);
    await card.getByRole("button", { name: "Remove" }).click();
    await card.waitFor({ state: "detached" });
  });

  test("ask for the one host, add nothing when it is refused, and give it back with its last server", async () => {
    const page = await extension.page("options");
    // The person's part: the browser's question is outside every page.
    await page.evaluate(() => {
      const asked: string[] = [];
      Object.assign(globalThis, { asked, answer: false });
      chrome.permissions.request = async ({ origins }: chrome.permissions.Permissions) => {
        asked.push(`request ${origins}`);
        return (globalThis as unknown as { readonly answer: boolean }).answer;
      };
      chrome.permissions.remove = async ({ origins }: chrome.permissions.Permissions) => {
        asked.push(`remove ${origins}`);
        return true;
      };
    });
    const asked = (): Promise<readonly string[]> =>
      page.evaluate(() => (globalThis as unknown as { readonly asked: string[] }).asked);
    const add = async (path: string): Promise<void> => {
      await page.fill("[name=address]", `http://localhost:1/${path}`);
      await page.click("button[name=add]");
    };
    await add("one");
    await page.getByText("has no permission to access localhost:1").waitFor();
    expect(await asked()).toEqual(["request http://localhost/*"]);
    expect(await extension.ask(() => chrome.storage.local.get("servers"))).toEqual({});

    await page.evaluate(() => Object.assign(globalThis, { answer: true }));
    for (const path of ["one", "two"]) {
      await add(path);
      await page.locator(`[data-server="http://localhost:1/${path}"]`).waitFor();
    }
    expect(await asked()).toHaveLength(3);
    for (const path of ["one", "two"]) {
      const card = page.locator(`[data-server="http://localhost:1/${path}"]`);
      await card.getByRole("button", { name: "Remove" }).click();
      await card.waitFor({ state: "detached" });
    }
    const [, , , ...then] = await until("it is given back", async () => {
      const all = await asked();
      return all.length > 3 ? all : undefined;
    });
    expect(then).toEqual(["remove http://localhost/*"]);
  });

  test("an invalid address is not added", async () => {
    const page = await extension.page("options");
    await page.fill("[name=address]", "https://me:secret@example.com/mcp");
    await page.click("button[name=add]");
    await page.getByText("give the password as a header instead").waitFor();
    await page.fill("[name=address]", "example");
    await page.click("button[name=add]");
    await page.getByText("is not an address").waitFor();
  });
});

describe("the context menu", () => {
  /** Adds an entry in the options, and gives its id once the browser has it. */
  async function entry(what: string): Promise<string> {
    const page = await extension.page("options");
    await page.selectOption("[name=what]", what);
    await page.selectOption("[name=target-server]", lab.server("2026-07-28"));
    await page.selectOption("[name=target-tool]", "acquire_paper");
    await page.selectOption("[name=target-argument]", "doi");
    await page.fill("[name=target-others]", '{ "stage_ms": 50 }');
    await page.fill("[name=target-title]", `Send ${lab.name}`);
    await page.click("button[name=add-target]");
    const id = await page.locator("[data-target]", { hasText: lab.name }).getAttribute("data-target");
    await page.close();
    if (id === null) throw new Error("The entry has no id");
    await until("the browser has the entry", () =>
      extension.ask(
        (own) =>
          chrome.contextMenus.update(own, {}).then(
            () => true,
            () => undefined,
          ),
        id,
      ),
    );
    return id;
  }

  /** A native menu cannot be clicked from here: its event is given to the listeners as the browser gives it. */
  async function choose(menuItemId: string, path: string, selectionText?: string): Promise<string> {
    const page = await extension.chromium.open(`${site.origin}${path}`);
    await page.bringToFront();
    await extension.stopWorker();
    await extension.wake();
    await extension.inWorker(
      async (click) => {
        const tab = (await chrome.tabs.query({})).find(({ url }) => url === click.pageUrl);
        (chrome.contextMenus.onClicked as unknown as Dispatched).dispatch(click, tab);
      },
      { menuItemId, pageUrl: page.url(), ...(selectionText !== undefined && { selectionText }) },
    );
    return page.url();
  }

  test.each([
    { what: "selection", path: "/plain", selected: " 10.1/selected\n", sent: () => "10.1/selected" },
    { what: "address", path: "/plain", sent: (url: string) => url },
    { what: "doi", path: "/paper", sent: () => PAGE_DOI },
  ])(
    "sends the $what of a page to the tool, and announces the outcome",
    async ({ what, path, selected, sent }) => {
      await extension.addServer(lab.server("2026-07-28"), "Papers");
      const id = await entry(what);
      await extension.clearNotices();
      const url = await choose(id, path, selected);
      await until(
        "the outcome is announced",
        async () => (await extension.notices()).length > 0 || undefined,
      );
      const panel = await extension.page("panel");
      await panel.locator(".task-row").first().click();
      await panel.locator(".result", { hasText: sent(url) }).waitFor();
      expect(await lab.count("tools/call")).toBe(1);
    },
  );

  test("says when a page names no DOI, and calls nothing", async () => {
    await extension.addServer(lab.server("2026-07-28"), "Papers");
    const id = await entry("doi");
    await extension.clearNotices();
    await choose(id, "/plain");
    await until("it is said", async () => (await extension.notices()).includes(`menu ${id}`) || undefined);
    expect(await lab.count("tools/call")).toBe(0);
  });
});

test("how long the worker takes from its start until it listens, and answers", async () => {
  await extension.addServer(lab.server("2026-07-28"), "Papers");
  const listening: number[] = [];
  const answered: number[] = [];
  for (let run = 0; run < 5; run++) {
    await extension.stopWorker();
    answered.push(
      await extension.ask(async () => {
        const asked = performance.now();
        await chrome.runtime.sendMessage({ app: "session", endpoint: "none" });
        return performance.now() - asked;
      }),
    );
    listening.push(
      await extension.inWorker(() => performance.getEntriesByName("listening")[0]?.startTime ?? Number.NaN),
    );
  }
  const middle = (all: readonly number[]): string => `${[...all].sort((a, b) => a - b)[2]?.toFixed(0)} ms`;
  console.log(
    `The worker, of 5 starts: listens after ${middle(listening)}, has its first answer out ${middle(answered)} after it was asked while it slept`,
  );
  expect(Math.max(...listening)).toBeLessThan(5_000);
});

interface Dispatched {
  dispatch(...args: readonly unknown[]): void;
}

/** All that is in the extension's databases, as text. */
async function databases(): Promise<string> {
  const texts: string[] = [];
  for (const { name = "" } of await indexedDB.databases()) {
    const opening = indexedDB.open(name);
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    for (const store of database.objectStoreNames) {
      const reading = database.transaction(store).objectStore(store).getAll();
      const all = await new Promise<unknown>((resolve) => {
        reading.onsuccess = () => resolve(reading.result);
      });
      texts.push(JSON.stringify(all));
    }
    database.close();
  }
  return texts.join("\n");
}
