import { afterAll, describe, expect, test } from "vitest";
import { expectPassed, NODE, runScenario, SCENARIOS } from "./scenarios.ts";

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
    async (scenario) => {
      const { name, version, connector, era } = scenario;
      const run = await runScenario(scenario, `exec ${NODE} test/conformance/driver.ts ${connector} ${era}`);
      const counts = (["SUCCESS", "FAILURE", "WARNING", "SKIPPED"] as const).map((status) => {
        return `${status} ${run.checks.filter((check) => check.status === status).length}`;
      });
      summary.push(`${name} (${version}, era ${era}, ${connector}): ${counts.join(", ")}`);
      expectPassed(scenario, run);
    },
  );
});

test("the suite fails a client that does nothing", { timeout: 60_000 }, async () => {
  const run = await runScenario({ name: "tools_call", version: "2026-07-28" }, "exec true");
  expect(run.exitCode).not.toBe(0);
  expect(run.checks.some(({ status }) => status === "FAILURE")).toBe(true);
});
