import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GatewayLab } from "./gateway-lab.ts";
import { withToken } from "./with-token.ts";

const NODE = process.execPath;
const SUITE = "node_modules/@modelcontextprotocol/conformance/dist/index.js";

interface Check {
  readonly id: string;
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  readonly errorMessage?: string;
}

/** How many checks must succeed: a scenario that checks less than it did proves less. */
const SCENARIOS: Readonly<Record<string, number>> = {
  "tasks-lifecycle": 9,
  "tasks-capability-negotiation": 5,
  "tasks-wire-fields": 4,
  "tasks-request-state-removal": 3,
  "tasks-mrtr-input": 4,
  "tasks-request-headers": 5,
  "tasks-dispatch-and-envelope": 9,
  "tasks-mrtr-composition": 2,
};

const REQUIRED_TASK = "sep-2663-server-returns-missing-capability-when-required";

let lab: GatewayLab;
let results: string;
const summary: string[] = [];

beforeAll(async () => {
  lab = await GatewayLab.start();
  results = await mkdtemp(join(tmpdir(), "holdfast-conformance-"));
}, 60_000);

afterAll(async () => {
  await lab.close();
  await rm(results, { recursive: true, force: true });
  console.log(["Conformance of the gateway, by scenario:", ...summary].join("\n"));
});

/** One endpoint, and all of them as one server. */
const ADDRESSES = ["/mcp/fixture", "/mcp"];
const RUNS = ADDRESSES.flatMap((path) =>
  Object.entries(SCENARIOS).map(([scenario, passes]) => ({ path, scenario, passes })),
);

test.for(RUNS)("$path passes $scenario", { timeout: 60_000 }, async ({ path, scenario, passes }) => {
  const checks = await run(lab, scenario, path);
  expect(checks.filter(({ status }) => status === "FAILURE" || status === "WARNING")).toEqual([]);
  expect(checks.filter(({ status }) => status === "SUCCESS")).toHaveLength(passes);
});

test("tasks-status-notifications: the suite itself skips it", async () => {
  const checks = await run(lab, "tasks-status-notifications");
  expect(checks.map(({ status }) => status)).toEqual(["SKIPPED"]);
});

/**
 * The specification: "If a server is unable to service a request to a client that does not declare this extension …". The
 * gateway is able to: that is what it is for. As a mere mirror it is not, and says so.
 */
test("tasks-required-task-error: fails, since the gateway serves such clients; as a mirror it passes", {
  timeout: 120_000,
}, async () => {
  const served = await run(lab, "tasks-required-task-error");
  const failed = served.filter(({ status }) => status === "FAILURE");
  expect(failed.map(({ id }) => id)).toEqual([REQUIRED_TASK]);

  const mirror = await GatewayLab.start({ gateway: { companions: false, budgetMs: 0 } });
  try {
    const checks = await run(mirror, "tasks-required-task-error");
    expect(checks.filter(({ status }) => status !== "SUCCESS")).toEqual([]);
    expect(checks).toHaveLength(3);
  } finally {
    await mirror.close();
  }
});

async function run(of: GatewayLab, scenario: string, path = "/mcp/fixture"): Promise<readonly Check[]> {
  // The suite can send no token.
  const address = await withToken(new URL(path, of.worker.url).href, "token-of-tester");
  const folder = await mkdtemp(join(results, "run-"));
  try {
    const args = ["server", "--url", address.url, "--scenario", scenario, "--timeout", "50000"];
    const child = spawn(NODE, [SUITE, ...args, "--output-dir", folder], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [said] = await Promise.all([text(child.stdout), once(child, "close")]);
    const file = (await readdir(folder, { recursive: true })).find((name) => name.endsWith("checks.json"));
    if (!file) throw new Error(`The suite ran no ${scenario}: ${said}`);
    const checks = JSON.parse(await readFile(join(folder, file), "utf8")) as Check[];
    summary.push(`${path} ${scenario}: ${checks.map(({ id, status }) => `${id} ${status}`).join(", ")}`);
    return checks;
  } finally {
    await address.close();
  }
}
