import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { REPOSITORY } from "../../site/.vitepress/links.ts";
import { testBrowser } from "../browser/test-browser.ts";
import { DOCUMENTS, ROOT } from "../examples/documents.ts";
import { SiteBuild } from "./site-build.ts";

let site: SiteBuild;

beforeAll(async () => {
  site = await SiteBuild.make();
}, 300_000);

/** The address that the links of a page start from: an index page is served at its folder. */
function folderOf(page: string): string {
  return page !== "/" && site.has(`${page}/index.html`) ? `${page}/` : page;
}

/** The pages that people write: those of docs/. */
const written = DOCUMENTS.flatMap((path) => /^docs\/(.*)\.md$/.exec(path)?.[1] ?? []);

describe("the documentation site", () => {
  it("has each page of docs/, its Markdown, and a line of both in llms.txt", () => {
    const lines = site.text("llms.txt").split("\n");
    const lacking = written.filter(
      (page) =>
        !site.has(`${page}.html`) ||
        !site.has(`${page}.md`) ||
        lines.filter((line) => line.includes(`](/${page}.md): `)).length !== 1,
    );
    expect(lacking).toEqual([]);
  });

  it("has a page of the API reference for each entry of package.json's exports", () => {
    const entries = Object.keys(manifest.exports).map((path) => path.replace(/^\./, manifest.name));
    expect(entries.filter((entry) => !site.has(`api/${entry}.html`))).toEqual([]);
    expect(site.text("api/holdfast/sqlite.md")).toContain("sqliteStore");
    expect(site.text("llms.txt")).toContain("](/api/holdfast/sqlite.md)");
  });

  it("links only to pages, headings and files that exist", () => {
    const dead: string[] = [];
    let looked = 0;
    for (const [page, html] of site.pages) {
      if (page === "/404") continue;
      for (const address of new Set(SiteBuild.addresses(html, "href"))) {
        if (/^[a-z]+:/.test(address)) {
          const [, file] = new RegExp(`^${REPOSITORY}/(?:blob|edit)/main/([^#]*)`).exec(address) ?? [];
          const generated = file?.startsWith("docs/api/");
          if (file !== undefined && !generated && !existsSync(join(ROOT, file)))
            dead.push(`${page}: ${address}`);
          continue;
        }
        looked++;
        const { pathname, hash } = new URL(address, `http://site${folderOf(page)}`);
        const target = site.pages.get(pathname === "/" ? "/" : pathname.replace(/(\/|\.html)$/, ""));
        const isThere =
          target === undefined
            ? site.has(pathname)
            : hash === "" || target.includes(` id="${decodeURI(hash.slice(1))}"`);
        if (!isThere) dead.push(`${page}: ${address}`);
      }
    }
    expect(looked).toBeGreaterThan(1_000);
    expect(dead).toEqual([]);
  });

  it("loads nothing from other hosts", () => {
    const foreign = [...site.pages].flatMap(([page, html]) => {
      const loaded = [
        ...SiteBuild.addresses(html, "src"),
        ...[...html.matchAll(/<link [^>]*>/g)].flatMap(([tag]) => SiteBuild.addresses(tag, "href")),
      ];
      return loaded
        .filter((address) => /^([a-z]+:)?\/\//.test(address))
        .map((address) => `${page}: ${address}`);
    });
    expect(foreign).toEqual([]);
  });
});

describe("the documentation site in a browser", () => {
  const at = testBrowser();
  let served: Awaited<ReturnType<SiteBuild["serve"]>>;

  beforeAll(async () => {
    served = await site.serve();
  });
  afterAll(() => served.close());

  it("finds a page by its words, is dark on request, and logs no error", async () => {
    const page = await at.browser.context.newPage();
    const wrong: string[] = [];
    page.on("pageerror", ({ message }) => wrong.push(message));
    page.on("console", (message) => void (message.type() === "error" && wrong.push(message.text())));
    page.on("request", (request) => void (request.url().startsWith(served.url) || wrong.push(request.url())));
    // On narrower windows the switch is in a menu.
    await page.setViewportSize({ width: 1_400, height: 900 });
    await page.goto(served.url);
    await page.getByRole("button", { name: "Search" }).first().click();
    await page.getByRole("searchbox").fill("idempotentHint");
    const found = page.locator("#localsearch-list a").first();
    await found.waitFor();
    await found.click();
    await page.waitForURL(/\/(library|runbook|embedding|api)/);
    // The address changes before the page's content is there.
    await page.locator("main", { hasText: "idempotentHint" }).waitFor();
    await page.getByRole("switch", { name: /dark/i }).first().click();
    await page.locator("html.dark").waitFor();
    await page.reload();
    await page.locator("html.dark").waitFor();
    expect(wrong).toEqual([]);
  });
});
