import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NODE = "node_modules/.bin/node";
/** The suite of the dev dependency, or another build of it. */
const SUITE = process.env.CONFORMANCE_CLI ?? "node_modules/@modelcontextprotocol/conformance/dist/index.js";

interface Check {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  readonly errorMessage?: string;
}

interface Scenario {
  readonly name: string;
  readonly version: "2025-11-25" | "2026-07-28";
  /** How many checks must succeed: a scenario that checks less than it did proves less. */
  readonly passes: number;
  /** Checks that the suite skips, because a client of tools sends no such request. */
  readonly skips?: readonly string[];
}

const SCENARIOS: readonly Scenario[] = [
  { name: "initialize", version: "2025-11-25", passes: 1 },
  { name: "tools_call", version: "2025-11-25", passes: 2 },
  { name: "elicitation-sep1034-client-defaults", version: "2025-11-25", passes: 5 },
  { name: "sse-retry", version: "2025-11-25", passes: 3 },
  { name: "tools_call", version: "2026-07-28", passes: 2 },
  { name: "request-metadata", version: "2026-07-28", passes: 8 },
  {
    name: "http-standard-headers",
    version: "2026-07-28",
    passes: 3,
    skips: [
      "ClientMcpMethodHeader_initialize",
      "ClientMcpMethodHeader_notifications_initialized",
      "ClientMcpMethodHeader_prompts_get",
      "ClientMcpMethodHeader_prompts_list",
      "ClientMcpMethodHeader_resources_list",
      "ClientMcpMethodHeader_resources_read",
      "ClientMcpNameHeader_prompts_get",
      "ClientMcpNameHeader_resources_read",
    ],
  },
  { name: "http-custom-headers", version: "2026-07-28", passes: 18 },
  { name: "http-invalid-tool-headers", version: "2026-07-28", passes: 12 },
  { name: "json-schema-ref-no-deref", version: "2026-07-28", passes: 1 },
  { name: "sep-2322-client-request-state", version: "2026-07-28", passes: 5 },
];

/** `auto` is what an app gets that says nothing: the server is asked what it speaks. */
const RUNS = (["sdk-v2", "http"] as const).flatMap((connector) =>
  SCENARIOS.flatMap((scenario) =>
    (["auto", scenario.version] as const).map((era) => ({ ...scenario, connector, era })),
  ),
);

const summary: string[] = [];

afterAll(() =>
  console.log(["Conformance, by scenario, version, era and connector:", ...summary.sort()].join("\n")),
);

describe.concurrent("the official conformance suite, on fromUrl", () => {
  test.for(RUNS)(
    "of holdfast/$connector: $name ($version, era $era)",
    { timeout: 60_000 },
    async ({ name, version, connector, era, passes, skips = [] }, { expect }) => {
      const run = await runScenario(name, version, connector, era);
      const those = (status: Check["status"]): Check[] =>
        run.checks.filter((check) => check.status === status);
      const counts = (["SUCCESS", "FAILURE", "WARNING", "SKIPPED"] as const).map((status) => {
        return `${status} ${those(status).length}`;
      });
      summary.push(`${name} (${version}, era ${era}, ${connector}): ${counts.join(", ")}`);

      expect(those("FAILURE"), run.log).toEqual([]);
      expect(those("WARNING"), run.log).toEqual([]);
      expect(
        those("SKIPPED")
          .map((check) => check.name)
          .sort(),
      ).toEqual(skips);
      expect(those("SUCCESS").length, run.log).toBe(passes);
      // The suite's own verdict, which also counts what the driver's process came to.
      expect(run.exitCode, run.log).toBe(0);
    },
  );
});

test("the suite fails a client that does nothing", { timeout: 60_000 }, async () => {
  const run = await runScenario("tools_call", "2026-07-28", "http", "auto", "exec true");
  expect(run.exitCode).not.toBe(0);
  expect(run.checks.some(({ status }) => status === "FAILURE")).toBe(true);
});

interface Run {
  readonly checks: readonly Check[];
  readonly exitCode: number | null;
  readonly log: string;
}

async function runScenario(
  scenario: string,
  version: string,
  connector: string,
  era: string,
  // `exec`: the suite starts a shell, and ends only that when the time is over.
  command = `exec ${NODE} test/conformance/driver.ts ${connector} ${era}`,
): Promise<Run> {
  if (!existsSync(new URL(SUITE, `file://${ROOT}`))) throw new Error(`There is no suite at ${SUITE}`);
  const args = ["client", "--command", command, "--scenario", scenario, "--spec-version", version];
  const child = spawn(NODE, [SUITE, ...args, "--timeout", "30000", "--verbose"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, log, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  const start = stdout.indexOf("[");
  if (start !== 0) throw new Error(`The suite ran no ${scenario} at ${version}: ${stdout}${log}`);
  return { checks: JSON.parse(stdout) as Check[], exitCode, log };
}
