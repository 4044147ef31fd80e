import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "../browser/chromium.ts";
import { until } from "../browser/until.ts";
import { Desk } from "./desk.ts";
import { Home } from "./home.ts";
import {
  BROWSERS,
  CHROMIUM,
  newFolder,
  RUNTIMES,
  startExtensionWorker,
  startWorkerd,
  workerdVersion,
} from "./places.ts";
import { type PlatformRow, writePlatforms } from "./platform-table.ts";
import type { Report } from "./run-suite.ts";
import { suiteScript } from "./suite-script.ts";

let suite: string;
beforeAll(async () => {
  suite = await suiteScript();
});

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The script for one place, with a desk of its own. */
async function scriptWithDesk(): Promise<string> {
  const desk = await Desk.open();
  closers.push(() => desk.close());
  return `globalThis.desk = ${JSON.stringify(desk.url)};\n${suite}`;
}

/** How long the suite may take in a place on a busy machine, in ms. */
const PATIENCE_MS = 900_000;

/** All of them pass in Node: how many there are there. */
const LEAST = 300;

const rows: PlatformRow[] = [];
afterAll(() => writePlatforms("connectors", ["tests passed"], rows));

function expectPassed(place: string, version: string, report: Report): void {
  console.log(`${report.agent}: ${report.passed} passed, ${report.skipped} skipped`);
  expect(report.failures).toEqual([]);
  expect(report.skipped).toBe(0);
  expect(report.passed).toBeGreaterThanOrEqual(LEAST);
  rows.push({ place, version, passed: [report.passed] });
}

const reportsTo = (home: string): string => `
  const report = (found) => fetch("${home}/report", { method: "POST", body: JSON.stringify(found) });
  runSuite().then(report, (error) => report({ agent: "", passed: 0, skipped: 0, failures: [String(error?.stack ?? error)] }));
`;

/** One line of JSON with the report, for runtimes that have a standard output. */
const PRINTS = `runSuite().then((found) => { console.log("\\nREPORT " + JSON.stringify(found)); process.exit(); });`;

describe("the connector suite on holdfast/http and the SDKs", { timeout: PATIENCE_MS + 60_000 }, () => {
  describe.each(BROWSERS)("in $name", ({ name, missing, version, start }) => {
    test.skipIf(missing !== undefined)(`passes in a page${missing ? `: ${missing}` : ""}`, async () => {
      const home = await Home.open(`${await scriptWithDesk()}\n${reportsTo("")}`);
      closers.push(() => home.close());
      const profile = await newFolder();
      closers.push(() => profile.remove());
      const browser = await start(profile.path, [`${home.url}/page`]);
      closers.push(() => browser.kill());
      const report = await until(
        "the page's report",
        () => home.reports[0] as Report | undefined,
        PATIENCE_MS,
      );
      expectPassed(`${name}, page`, await version(), report);
    });
  });

  test.skipIf(!findChromium())("passes in the service worker of an MV3 extension", async () => {
    const home = await Home.open("");
    closers.push(() => home.close());
    const folder = await newFolder();
    closers.push(() => folder.remove());
    // Without a call of an extension's API, Chromium ends the worker after 30 s.
    const awake = "setInterval(() => chrome.runtime.getPlatformInfo(), 10_000);";
    const worker = `${await scriptWithDesk()}\n${awake}\n${reportsTo(home.url)}`;
    const chromium = await startExtensionWorker(folder.path, worker);
    closers.push(() => chromium.kill());
    const report = await until(
      "the worker's report",
      () => home.reports[0] as Report | undefined,
      PATIENCE_MS,
    );
    expectPassed("Chromium, MV3 service worker", await CHROMIUM.version(), report);
  });

  test("passes in workerd", async () => {
    const folder = await newFolder();
    closers.push(() => folder.remove());
    const worker = `${await scriptWithDesk()}\nexport default { fetch: async () => Response.json(await runSuite()) };`;
    const server = await startWorkerd(folder.path, worker);
    closers.push(() => server.kill());
    const ask = (): Promise<Response | undefined> => fetch(server.url).catch(() => undefined);
    const response = await until("workerd answers", ask, PATIENCE_MS);
    expectPassed("workerd", await workerdVersion(), (await response.json()) as Report);
  });

  describe.each(RUNTIMES)("in $name", ({ name, command, args, missing }) => {
    test.skipIf(missing !== undefined)(`passes${missing ? `: ${missing}` : ""}`, async () => {
      const folder = await newFolder();
      closers.push(() => folder.remove());
      const file = join(folder.path, "suite.js");
      await writeFile(file, `${await scriptWithDesk()}\n${PRINTS}`);
      const { stdout } = await promisify(execFile)(command, [...args, file], { maxBuffer: 2 ** 26 });
      const line = stdout.split("\n").findLast((printed) => printed.startsWith("REPORT ")) ?? "";
      const { stdout: version } = await promisify(execFile)(command, ["--version"]);
      const report = JSON.parse(line.slice("REPORT ".length)) as Report;
      expectPassed(name, version.split("\n")[0] ?? "", report);
    });
  });
});
