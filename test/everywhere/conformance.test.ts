import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, test } from "vitest";
import { findChromium } from "../browser/chromium.ts";
import { until } from "../browser/until.ts";
import { AUTH_SUITES, expectAuthPassed, runAuthSuite } from "../conformance/auth-scenarios.ts";
import { expectPassed, NODE, runScenario, SCENARIOS } from "../conformance/scenarios.ts";
import { bundled } from "./bundle.ts";
import type { Job, JobReport } from "./conformance-page.ts";
import { Home } from "./home.ts";
import {
  BROWSERS,
  CHROMIUM,
  newFolder,
  startExtensionWorker,
  startWorkerd,
  workerdVersion,
} from "./places.ts";
import { type PlatformRow, writePlatforms } from "./platform-table.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

let script: string;
beforeAll(async () => {
  script = await bundled(`
    import { perform, work } from "./conformance-page.ts";
    Object.assign(globalThis, { perform, work });
  `);
});

const rows: PlatformRow[] = [];
afterAll(() => writePlatforms("conformance", ["client scenarios", "authorization scenarios"], rows));

/** How long a client may take for a scenario on a busy machine, in ms. */
const PATIENCE_MS = 90_000;

/** An address at which the suite's client process leaves its job, and gets the report of the place that performs it. */
async function deskOf(perform: (job: Job) => Promise<JobReport>): Promise<string> {
  let jobs = 0;
  const server = createServer(async (request, response) => {
    const job = { ...(JSON.parse(await text(request)) as Job), id: ++jobs };
    const report = await perform(job).catch((error) => ({ id: job.id, log: "", error: String(error) }));
    response.end(JSON.stringify(report));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** The desk of a page, or of a worker, that asks the home for its jobs. */
function deskOfPage(home: Home): Promise<string> {
  return deskOf((job) => {
    home.command("conformance", job);
    return until(
      `the report of job ${job.id}`,
      () => (home.reports as JobReport[]).find(({ id }) => id === job.id),
      PATIENCE_MS,
    );
  });
}

/** One client scenario after the other, then the suites of authorization scenarios. */
async function expectAllPassed(place: string, version: string, command: string): Promise<void> {
  for (const scenario of SCENARIOS) {
    let run = await runScenario(scenario, command, PATIENCE_MS);
    // `sse-retry` takes the GET of the server's own stream for a reconnection where that comes after the call, as on a busy machine.
    for (let again = 0; again < 2 && run.exitCode !== 0 && scenario.name === "sse-retry"; again++)
      run = await runScenario(scenario, command, PATIENCE_MS);
    console.log(`${place}: ${scenario.name} (${scenario.version}): exit ${run.exitCode}`);
    expectPassed(scenario, run);
  }
  let authorized = 0;
  for (const suite of AUTH_SUITES) {
    const runs = await runAuthSuite(suite, command);
    for (const [scenario, run] of runs) expectAuthPassed(scenario, run);
    authorized += runs.size;
    console.log(`${place}: ${runs.size} authorization scenarios of ${suite.suite} (${suite.version})`);
  }
  rows.push({ place, version, passed: [SCENARIOS.length, authorized] });
}

/** The suite's client: it leaves its job at the desk. */
const leavesAt = (desk: string): string => `exec ${NODE} test/everywhere/conformance-driver.ts ${desk}`;

describe("the official conformance suite's client and authorization scenarios, on holdfast/http", {
  timeout: 1_200_000,
}, () => {
  describe.each(BROWSERS)("in $name", ({ name, missing, version, start }) => {
    test.skipIf(missing !== undefined)(`pass in a page${missing ? `: ${missing}` : ""}`, async () => {
      const home = await Home.open(`${script}\nvoid work("");`);
      closers.push(() => home.close());
      const profile = await newFolder();
      closers.push(() => profile.remove());
      const browser = await start(profile.path, [`${home.url}/page`]);
      closers.push(() => browser.kill());
      await expectAllPassed(`${name}, page`, await version(), leavesAt(await deskOfPage(home)));
    });
  });

  test.skipIf(!findChromium())("pass in the service worker of an MV3 extension", async () => {
    const home = await Home.open("");
    closers.push(() => home.close());
    const folder = await newFolder();
    closers.push(() => folder.remove());
    // Without a call of an extension's API, Chromium ends the worker after 30 s.
    const awake = "setInterval(() => chrome.runtime.getPlatformInfo(), 10_000);";
    const worker = `${script}\n${awake}\nvoid work(${JSON.stringify(home.url)});`;
    const chromium = await startExtensionWorker(folder.path, worker);
    closers.push(() => chromium.kill());
    const version = await CHROMIUM.version();
    await expectAllPassed("Chromium, MV3 service worker", version, leavesAt(await deskOfPage(home)));
  });

  test("pass in Node", async () => {
    await expectAllPassed("Node", process.version, `exec ${NODE} test/conformance/driver.ts http auto`);
  });

  test("pass in workerd", async () => {
    const folder = await newFolder();
    closers.push(() => folder.remove());
    const handler =
      "fetch: async (request) => request.method === 'POST' ? Response.json(await perform(await request.json())) : new Response()";
    const server = await startWorkerd(folder.path, `${script}\nexport default { ${handler} };`);
    closers.push(() => server.kill());
    await until("workerd listens", () => fetch(server.url).catch(() => undefined));
    const desk = await deskOf(async (job) => {
      const response = await fetch(server.url, { method: "POST", body: JSON.stringify(job) });
      return (await response.json()) as JobReport;
    });
    await expectAllPassed("workerd", await workerdVersion(), leavesAt(desk));
  });
});
