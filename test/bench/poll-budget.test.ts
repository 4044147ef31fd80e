import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import budget from "../../bench/budget.json" with { type: "json" };

const PROCESS = fileURLToPath(new URL("polled-process.ts", import.meta.url));

test.each(Object.entries(budget.poll.bytes))(
  "%s: a poll that brings nothing new allocates at most %i bytes",
  async (generation, most) => {
    const room = ["--expose-gc", "--no-warnings", "--min-semi-space-size=128", "--max-semi-space-size=128"];
    const { stdout } = await promisify(execFile)(process.execPath, [...room, PROCESS, generation]);
    const bytes = Number(stdout);
    console.log(`a poll (${generation}): ${bytes} bytes allocated`);
    // A figure of nothing would hold any budget.
    expect(bytes).toBeGreaterThan(500);
    expect(bytes).toBeLessThanOrEqual(most);
  },
  120_000,
);
