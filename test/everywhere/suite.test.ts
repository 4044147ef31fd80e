import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "../browser/chromium.ts";
import { until } from "../browser/until.ts";
import { freePort } from "../servers/processes.ts";
import { Home } from "./home.ts";
import { BROWSERS, CHROMIUM, newFolder, RUNTIMES, startChromium, started } from "./places.ts";
import { type PlatformRow, writePlatforms } from "./platform-table.ts";
import type { Report } from "./run-suite.ts";
import { suiteScript } from "./suite-script.ts";

let script: string;
beforeAll(async () => {
  script = await suiteScript();
});

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** All of them pass in Node: how many there are there. */
const LEAST = 100;

const rows: PlatformRow[] = [];
afterAll(() => writePlatforms(rows));

function expectPassed(place: string, version: string, report: Report): void {
  console.log(`${report.agent}: ${report.passed} passed, ${report.skipped} skipped`);
  expect(report.failures).toEqual([]);
  expect(report.skipped).toBe(0);
  expect(report.passed).toBeGreaterThanOrEqual(LEAST);
  rows.push({ place, version, passed: report.passed });
}

const reportsTo = (home: string): string => `
  const report = (found) => fetch("${home}/report", { method: "POST", body: JSON.stringify(found) });
  runSuite().then(report, (error) => report({ agent: "", passed: 0, skipped: 0, failures: [String(error?.stack ?? error)] }));
`;

const WORKERD = join(import.meta.dirname, "../../node_modules/workerd/bin/workerd");
const configOf = (port: number): string => `
  using Workerd = import "/workerd/workerd.capnp";
  const config :Workerd.Config = (
    services = [(name = "main", worker = .suite)],
    sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
  );
  const suite :Workerd.Worker = (
    modules = [(name = "worker.js", esModule = embed "worker.js")],
    compatibilityDate = "2026-07-28",
  );
`;

/** One line of JSON with the report, for runtimes that have a standard output. */
const PRINTS = `runSuite().then((found) => console.log("\\nREPORT " + JSON.stringify(found)));`;

describe("the connector suite on holdfast/http and the SDKs", () => {
  describe.each(BROWSERS)("in $name", ({ name, missing, version, start }) => {
    test.skipIf(missing !== undefined)(`passes in a page${missing ? `: ${missing}` : ""}`, async () => {
      const home = await Home.open(`${script}\n${reportsTo("")}`);
      closers.push(() => home.close());
      const profile = await newFolder();
      closers.push(() => profile.remove());
      const browser = await start(profile.path, [`${home.url}/page`]);
      closers.push(() => browser.kill());
      const report = await until("the page's report", () => home.reports[0] as Report | undefined, 240_000);
      expectPassed(`${name}, page`, await version(), report);
    });
  });

  test.skipIf(!findChromium())("passes in the service worker of an MV3 extension", async () => {
    const home = await Home.open("");
    closers.push(() => home.close());
    const folder = await newFolder();
    closers.push(() => folder.remove());
    const extension = join(folder.path, "extension");
    await mkdir(extension);
    await writeFile(join(extension, "worker.js"), `${script}\n${reportsTo(home.url)}`);
    const manifest = {
      manifest_version: 3,
      name: "suite",
      version: "1",
      background: { service_worker: "worker.js" },
    };
    await writeFile(
      join(extension, "manifest.json"),
      JSON.stringify({ ...manifest, host_permissions: ["http://127.0.0.1/*"] }),
    );
    const chromium = await startChromium(join(folder.path, "profile"), [
      `--load-extension=${extension}`,
      `--disable-extensions-except=${extension}`,
      "about:blank",
    ]);
    closers.push(() => chromium.kill());
    const report = await until("the worker's report", () => home.reports[0] as Report | undefined, 240_000);
    expectPassed("Chromium, MV3 service worker", await CHROMIUM.version(), report);
  });

  test("passes in workerd", async () => {
    const folder = await newFolder();
    closers.push(() => folder.remove());
    const port = await freePort();
    const worker = `${script}\nexport default { fetch: async () => Response.json(await runSuite()) };`;
    await writeFile(join(folder.path, "worker.js"), worker);
    await writeFile(join(folder.path, "config.capnp"), configOf(port));
    const server = await started(WORKERD, ["serve", join(folder.path, "config.capnp")]);
    closers.push(() => server.kill());
    const ask = (): Promise<Response | undefined> =>
      fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    const response = await until("workerd answers", ask, 240_000);
    const { stdout } = await promisify(execFile)(WORKERD, ["--version"]);
    expectPassed("workerd", stdout.trim(), (await response.json()) as Report);
  });

  describe.each(RUNTIMES)("in $name", ({ name, command, args, missing }) => {
    test.skipIf(missing !== undefined)(`passes${missing ? `: ${missing}` : ""}`, async () => {
      const folder = await newFolder();
      closers.push(() => folder.remove());
      const file = join(folder.path, "suite.js");
      await writeFile(file, `${script}\n${PRINTS}`);
      const { stdout } = await promisify(execFile)(command, [...args, file], { maxBuffer: 2 ** 26 });
      const line = stdout.split("\n").findLast((printed) => printed.startsWith("REPORT ")) ?? "";
      const { stdout: version } = await promisify(execFile)(command, ["--version"]);
      const report = JSON.parse(line.slice("REPORT ".length)) as Report;
      expectPassed(name, version.split("\n")[0] ?? "", report);
    });
  });
});
