import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

/** Where the suite, and with it its clients, run. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const NODE = "node_modules/.bin/node";
/** The suite of the dev dependency, or another build of it. */
export const SUITE =
  process.env.CONFORMANCE_CLI ?? "node_modules/@modelcontextprotocol/conformance/dist/index.js";

export interface Check {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  readonly errorMessage?: string;
}

export interface Scenario {
  readonly name: string;
  readonly version: "2025-11-25" | "2026-07-28";
  /** How many checks must succeed: a scenario that checks less than it did proves less. */
  readonly passes: number;
  /** Checks that the suite skips, because a client of tools sends no such request. */
  readonly skips?: readonly string[];
}

export const SCENARIOS: readonly Scenario[] = [
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

export interface Run {
  readonly checks: readonly Check[];
  readonly exitCode: number | null;
  readonly log: string;
}

/**
 * Runs a scenario of the official suite.
 * @param command Starts the client, which gets the server's address as its last argument. It should begin with `exec`: the suite
 *   starts a shell, and ends only that when the time is over.
 */
export async function runScenario(
  { name: scenario, version }: Pick<Scenario, "name" | "version">,
  command: string,
  timeoutMs = 30_000,
): Promise<Run> {
  if (!existsSync(new URL(SUITE, `file://${ROOT}`)))
    throw new Error(`${SUITE} does not exist: npm ci installs the conformance suite`);
  const args = ["client", "--command", command, "--scenario", scenario, "--spec-version", version];
  const child = spawn(NODE, [SUITE, ...args, "--timeout", `${timeoutMs}`, "--verbose"], {
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

/** Fails unless the checks of a scenario came out as they should, and the client's process ended well. */
export function expectPassed({ passes, skips = [] }: Scenario, { checks, log, exitCode }: Run): void {
  const those = (status: Check["status"]): Check[] => checks.filter((check) => check.status === status);
  expect(those("FAILURE"), log).toEqual([]);
  expect(those("WARNING"), log).toEqual([]);
  expect(
    those("SKIPPED")
      .map((check) => check.name)
      .sort(),
  ).toEqual(skips);
  expect(those("SUCCESS").length, log).toBe(passes);
  // The suite's own verdict, which also counts what the driver's process came to.
  expect(exitCode, log).toBe(0);
}
