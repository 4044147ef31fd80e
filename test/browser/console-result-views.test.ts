import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { axeFindings } from "./axe.ts";
import { type FixtureTool, KindsServer } from "./kinds-server.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });
let server: KindsServer;

const PAPERS = [
  { doi: "10.1/kelp", pages: 12, title: "Kelp forests", authors: ["A", "B"] },
  { doi: "10.1/reef", pages: 3, title: "<b>Reefs</b>", authors: [] },
  { doi: "10.1/tide", pages: 100, title: "=Tides", authors: ["C"] },
];
const noInput = { type: "object", properties: {} };

function returns(name: string, run: FixtureTool["run"]): FixtureTool {
  return { definition: { name, description: `Returns ${name}`, inputSchema: noInput }, run };
}

const text = (value: string) => ({ type: "text", text: value });
const TOOLS: readonly FixtureTool[] = [
  returns("papers", () => ({
    content: [text(JSON.stringify({ total: 3, papers: PAPERS }))],
    structuredContent: { total: 3, papers: PAPERS },
  })),
  returns("as_text", () => ({ content: [text(JSON.stringify(PAPERS, undefined, 2))] })),
  returns("many_rows", () => ({
    content: [],
    structuredContent: {
      rows: Array.from({ length: 5_000 }, (_, index) => ({ index, square: index * index })),
    },
  })),
  returns("markdown_table", () => ({
    content: [
      text("| Alga | Length |\n|---|---|\n| Kelp | 30 m |\n| Dulse | 50 cm |\n\n- [x] read\n- [ ] cited\n"),
    ],
  })),
  {
    definition: {
      name: "count",
      description: "Returns what it is given, among lines that stay",
      inputSchema: { type: "object", properties: { n: { type: "integer" } } },
    },
    run: ({ n }) => ({
      content: [],
      structuredContent: { first: 1, list: Array.from({ length: 30 }, (_, index) => index), n },
    }),
  },
  returns("linked", () => ({
    content: [
      { type: "resource_link", uri: "papers://kelp", name: "Kelp forests", mimeType: "application/json" },
      { type: "resource_link", uri: "papers://none", name: "Lost" },
      { type: "resource_link", uri: "papers://huge", name: "Huge" },
    ],
  })),
];

beforeAll(async () => {
  server = await KindsServer.start(TOOLS);
  server.resources.set("papers://kelp", {
    contents: [{ uri: "papers://kelp", mimeType: "application/json", text: JSON.stringify(PAPERS) }],
  });
  server.resources.set("papers://huge", {
    contents: [{ uri: "papers://huge", text: "k".repeat(15_000_000) }],
  });
});
afterAll(() => server.close());

async function opened(): Promise<TaskPage> {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  await view.addServer(server.url);
  await view.choose(server.url);
  return view;
}

async function resultOf(tool: string): Promise<TaskPage> {
  const view = await opened();
  await view.call(tool, {});
  await view.result.locator("h3").waitFor();
  return view;
}

test("a list of objects is a table: sorted by a column, saved as CSV, as a tree when wanted, and not shown twice", async () => {
  const view = await resultOf("papers");
  const table = view.result.locator("table");
  await table.waitFor();
  expect(await view.result.locator("table").count()).toBe(1);
  expect(await table.locator("thead").textContent()).toBe("doipagestitleauthors");
  expect(await table.locator("b").count()).toBe(0);
  const pages = async () => table.locator("tbody tr td:nth-child(2)").allTextContents();
  expect(await pages()).toEqual(["12", "3", "100"]);
  const head = table.getByRole("columnheader", { name: "pages" });
  await head.getByRole("button").click();
  expect(await pages()).toEqual(["3", "12", "100"]);
  expect(await head.getAttribute("aria-sort")).toBe("ascending");
  await head.getByRole("button").click();
  expect(await pages()).toEqual(["100", "12", "3"]);
  await head.getByRole("button").click();
  expect(await pages()).toEqual(["12", "3", "100"]);
  await view.result.getByText("The tool returned the same as text, too.").waitFor();
  await view.result.getByText('"total"').waitFor();
  expect((await axeFindings(view.page)).map(({ rule }) => rule)).toEqual([]);
  const download = view.page.waitForEvent("download");
  await view.result.getByRole("button", { name: "CSV: download papers as CSV" }).click();
  const csv = await readFile((await (await download).path()) ?? "", "utf8");
  expect(csv.split("\r\n")).toEqual([
    "doi,pages,title,authors",
    '10.1/kelp,12,Kelp forests,"[""A"",""B""]"',
    "10.1/reef,3,<b>Reefs</b>,[]",
    `10.1/tide,100,'=Tides,"[""C""]"`,
  ]);
  await view.result.getByText("JSON", { exact: true }).click();
  await table.waitFor({ state: "detached" });
  await view.result.getByRole("group", { name: "Structured content" }).waitFor();
});

test("JSON in a text is a table, too; a long table is drawn in parts", async () => {
  const view = await resultOf("as_text");
  await view.result.getByRole("cell", { name: "Kelp forests" }).waitFor();
  await view.result.getByText("Plain", { exact: true }).click();
  await view.result.locator("pre", { hasText: '"doi": "10.1/kelp"' }).waitFor();

  await view.choose(server.url);
  await view.call("many_rows", {});
  await view.result.getByText("5,000 rows").waitFor();
  expect(await view.result.locator("tbody tr").count()).toBe(100);
  await view.result.getByRole("button", { name: "4900 more rows" }).click();
  expect(await view.result.locator("tbody tr").count()).toBe(1_100);
});

test("Markdown has tables and lists of tasks", async () => {
  const view = await resultOf("markdown_table");
  await view.result.getByRole("cell", { name: "30 m" }).waitFor();
  expect(await view.result.locator(".markdown li").allTextContents()).toEqual(["☑ read", "☐ cited"]);
  expect(await view.result.locator("input[type=checkbox]").count()).toBe(0);
});

test("a resource link is loaded from its server when a person asks for it, and within bounds", async () => {
  const view = await resultOf("linked");
  const load = (name: string) => view.result.getByRole("button", { name: `Load ${name}` });
  await load("Kelp forests").waitFor();
  expect(server.reads).toEqual([]);
  await load("Kelp forests").click();
  await view.result.getByRole("cell", { name: "10.1/tide" }).waitFor();
  expect(server.reads).toEqual(["papers://kelp"]);
  await load("Lost").click();
  await view.result.getByRole("alert").filter({ hasText: "No resources/read" }).waitFor();
  await load("Huge").click();
  await view.result.getByRole("alert").filter({ hasText: "too large to show here: 15.0 MB" }).waitFor();
});

test("a result is compared with another of the same tool, the earlier one first", async () => {
  const view = await opened();
  for (const n of [7, 8]) {
    await view.choose(server.url);
    await view.call("count", { n });
    await view.result.locator(".json-tree").waitFor();
  }
  const other = view.result.getByLabel("Compare with");
  await other.waitFor();
  const [, first] = await other.locator("option").all();
  await other.selectOption((await first?.getAttribute("value")) ?? "");
  const difference = view.result.locator(".difference");
  await difference.waitFor();
  expect(await difference.locator("del").allTextContents()).toEqual(['  "n": 7']);
  expect(await difference.locator("ins").allTextContents()).toEqual(['  "n": 8']);
  expect(await difference.locator("[data-kind=left]").count()).toBe(1);
  await view.result.getByRole("button", { name: "All lines" }).click();
  expect(await difference.locator("[data-kind=left]").count()).toBe(0);
  expect((await axeFindings(view.page)).map(({ rule }) => rule)).toEqual([]);
});
