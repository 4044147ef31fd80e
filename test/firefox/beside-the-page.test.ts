import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { until } from "../browser/until.ts";
import { PAGE_DOI, SmallSite } from "../extension/small-site.ts";
import { TaskLab } from "../extension/task-lab.ts";
import { SigningServer } from "../proxy/signing-server.ts";
import type { FirefoxPage } from "./firefox-page.ts";
import { LoadedInFirefox } from "./loaded-in-firefox.ts";

const ENTRY = "Send the DOI to acquire_paper";

let extension: LoadedInFirefox;
let site: SmallSite;

beforeAll(async () => {
  [extension, site] = await Promise.all([LoadedInFirefox.load(), SmallSite.start(inject("workerUrl"))]);
});
afterAll(async () => {
  site.close();
  await extension.remove();
});

/** Runs a script in the sidebar's own page, which a page of the extension may reach. */
function inSidebar<T>(page: FirefoxPage, body: string): Promise<T> {
  return page.run<T>(`
    const [sidebar] = browser.extension.getViews({ type: "sidebar" });
    if (!sidebar) return undefined;
    const { document } = sidebar;
    const find = (selector, text) =>
      [...document.querySelectorAll(selector)].find((one) => one.textContent.includes(text));
    ${body}
  `);
}

async function pressInSidebar(page: FirefoxPage, selector: string, text = ""): Promise<void> {
  await until(`the sidebar has ${selector} ${text}`, () =>
    inSidebar<true | undefined>(
      page,
      `const found = find(${JSON.stringify(selector)}, ${JSON.stringify(text)});
       found?.click();
       return found ? true : undefined;`,
    ),
  );
}

test("Firefox's menu sends a DOI, its notice leads to the question, and its sidebar answers it", async () => {
  const lab = new TaskLab();
  const server = lab.server("2026-07-28");
  const options = await extension.page("options");
  await options.fill("[name=address]", server);
  await options.fill("[name=name]", "Papers");
  await options.click("button[name=add]");
  await options.sees(`[data-server="${server}"] .server-found`);
  await options.fill("[name=what]", "doi");
  await options.sees("[name=target-tool] option", "acquire_paper");
  await options.fill("[name=target-tool]", "acquire_paper");
  await options.sees("[name=target-argument] option", "doi");
  await options.fill("[name=target-argument]", "doi");
  await options.fill("[name=target-others]", '{ "stage_ms": 50, "mode": "ask" }');
  await options.fill("[name=target-title]", ENTRY);
  await options.click("button[name=add-target]");
  await options.sees("[data-target]", ENTRY);

  const page = await extension.open(`${site.origin}/paper`);
  await extension.chooseFromMenu(page, ENTRY);
  const announced = (title: string): Promise<true> =>
    until(
      `Firefox shows ${title}, and nothing else`,
      async () => (await extension.notices()).join() === title || undefined,
      60_000,
    );
  await announced("acquire_paper asks");
  await extension.clickNotice("acquire_paper asks");
  const task = await extension.opened("panel.html");
  await task.sees("#task .question", PAGE_DOI);
  await task.close();

  const popup = await extension.page("popup");
  await popup.click(".page-header button", "Panel");
  await pressInSidebar(options, ".page-header a", "1 question");
  await pressInSidebar(options, ".inbox-entry", PAGE_DOI);
  // As Firefox opens it, narrower than any phone.
  expect(await inSidebar<boolean>(options, "return sidebar.innerWidth < 300")).toBe(true);
  expect(
    await inSidebar<boolean>(
      options,
      "const { scrollWidth, clientWidth } = document.documentElement; return scrollWidth > clientWidth",
    ),
    "the sidebar is wider than its window",
  ).toBe(false);
  await pressInSidebar(options, ".question button", "Decline");
  await announced("acquire_paper failed");
  await pressInSidebar(options, ".page-header a", "Tasks");
  await pressInSidebar(options, ".task-row", PAGE_DOI);
  await until("the sidebar shows the result", () =>
    inSidebar<true | undefined>(options, `return find("#task .result", "declined") ? true : undefined`),
  );
  expect(await lab.count("tools/call")).toBe(1);
});

test("a person signs in at a server by OAuth in Firefox", async () => {
  const server = await SigningServer.start();
  const url = `${server.origin}/mcp`;
  const options = await extension.page("options");
  await options.fill("[name=address]", url);
  await options.fill("[name=name]", "Signed");
  await options.fill("[name=authorization]", "oauth");
  await options.click("button[name=add]");
  await options.click(`[data-server="${url}"] .sign-in button`, "Sign in at");
  await options.sees(`[data-server="${url}"] .server-found`, "1 tool");
  expect(server.registrations[0]?.redirect_uris[0]).toMatch(
    /^https:\/\/\w+\.extensions\.allizom\.org\/oauth$/,
  );
  await options.close();
  server.close();
});
