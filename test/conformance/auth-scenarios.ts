import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "vitest";
import { type Check, NODE, ROOT, type Run, SUITE } from "./scenarios.ts";

export interface AuthScenario {
  readonly name: string;
  /** How many different checks must succeed: a scenario that checks less than it did proves less. */
  readonly passes: number;
  /** The client must not get as far as to call the tool, since it cannot trust the authorization server, or lacks a scope. */
  readonly refuses?: true;
}

/** Scenarios that the official suite runs together, by the name it has for them. */
export interface AuthSuite {
  readonly suite: "auth" | "draft" | "backcompat";
  readonly version: "2025-03-26" | "2025-11-25" | "2026-07-28";
  readonly scenarios: readonly AuthScenario[];
}

const oauthSuite = (version: "2025-11-25" | "2026-07-28", more: 0 | 1): AuthSuite => ({
  suite: "auth",
  version,
  scenarios: [
    { name: "auth/metadata-default", passes: 15 + more },
    { name: "auth/metadata-var1", passes: 15 + more },
    { name: "auth/metadata-var2", passes: 15 + more },
    { name: "auth/metadata-var3", passes: 15 + more },
    { name: "auth/basic-cimd", passes: 10 },
    { name: "auth/scope-from-www-authenticate", passes: 11 + more },
    { name: "auth/scope-from-scopes-supported", passes: 11 + more },
    { name: "auth/scope-omitted-when-undefined", passes: 11 + more },
    // 2026-07-28 also wants the scopes that were granted before (SEP-2350).
    { name: "auth/scope-step-up", passes: 12 + 2 * more },
    { name: "auth/scope-retry-limit", passes: 10 + more, refuses: true },
    { name: "auth/token-endpoint-auth-basic", passes: 16 + more },
    { name: "auth/token-endpoint-auth-post", passes: 16 + more },
    { name: "auth/token-endpoint-auth-none", passes: 16 + more },
    { name: "auth/pre-registration", passes: 10 },
  ],
});

/**
 * All authorization scenarios that a revision of the specification requires of a client, and those of the first one. Extensions
 * are left out: DPoP, client credentials, enterprise-managed authorization, workload identity.
 */
export const AUTH_SUITES: readonly AuthSuite[] = [
  oauthSuite("2025-11-25", 0),
  // A client that registers itself says of which type it is (SEP-837), which is one check more.
  oauthSuite("2026-07-28", 1),
  {
    suite: "draft",
    version: "2026-07-28",
    scenarios: [
      { name: "auth/resource-mismatch", passes: 3, refuses: true },
      { name: "auth/offline-access-scope", passes: 13 },
      { name: "auth/offline-access-not-supported", passes: 12 },
      { name: "auth/authorization-server-migration", passes: 14 },
      { name: "auth/iss-supported", passes: 12 },
      { name: "auth/iss-not-advertised", passes: 12 },
      { name: "auth/iss-supported-missing", passes: 8, refuses: true },
      { name: "auth/iss-wrong-issuer", passes: 8, refuses: true },
      { name: "auth/iss-unexpected", passes: 8, refuses: true },
      { name: "auth/iss-normalized", passes: 8, refuses: true },
      { name: "auth/metadata-issuer-mismatch", passes: 3, refuses: true },
    ],
  },
  {
    suite: "backcompat",
    version: "2025-03-26",
    scenarios: [
      { name: "auth/2025-03-26-oauth-metadata-backcompat", passes: 9 },
      { name: "auth/2025-03-26-oauth-endpoint-fallback", passes: 4 },
    ],
  },
];

/** How long a client may take on a busy machine, in ms: all of a suite start at once. */
const CLIENT_MS = 150_000;

/**
 * Runs a suite in one process, which takes a third of the time, and returns what each scenario came to. The suite takes no
 * notice of how its clients end.
 * @param command Starts the client, which gets the server's address as its last argument.
 */
export async function runAuthSuite(
  { suite, version, scenarios }: AuthSuite,
  command: string,
): Promise<ReadonlyMap<AuthScenario, Run>> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-conformance-"));
  const args = ["client", "--command", command, "--suite", suite, "--spec-version", version];
  const child = spawn(NODE, [SUITE, ...args, "--timeout", `${CLIENT_MS}`, "--output-dir", folder], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number | null]>,
    ]);
    const runs = scenarios.map(async (scenario): Promise<readonly [AuthScenario, Run]> => {
      const parent = join(folder, dirname(scenario.name));
      // The time of the run follows.
      const isOf = (name: string): boolean => name.startsWith(`${basename(scenario.name)}-2`);
      const name = (await readdir(parent).catch(() => [])).find(isOf);
      if (name === undefined) throw new Error(`The suite ran no ${scenario.name}: ${stdout}${stderr}`);
      const [checks = "", ...log] = await Promise.all(
        ["checks.json", "stdout.txt", "stderr.txt"].map((file) => readFile(join(parent, name, file), "utf8")),
      );
      return [scenario, { checks: JSON.parse(checks) as Check[], exitCode, log: log.join("") }];
    });
    return new Map(await Promise.all(runs));
  } finally {
    child.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Fails unless the checks of a scenario came out as they should, and the client got to the tool or was right not to. */
export function expectAuthPassed({ name, passes, refuses }: AuthScenario, { checks, log }: Run): void {
  const of = (status: Check["status"]): string[] => [
    ...new Set(checks.filter((check) => check.status === status).map(({ id }) => id)),
  ];
  const found = { failed: of("FAILURE"), warned: of("WARNING"), skipped: of("SKIPPED") };
  expect(found, `${name}: ${log}`).toEqual({ failed: [], warned: [], skipped: [] });
  expect(of("SUCCESS").length, `${name}: ${of("SUCCESS").join(", ")}`).toBe(passes);
  expect(log.includes("test-tool: [{"), `${name}: ${log}`).toBe(refuses === undefined);
}
