import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { type Entry, play } from "../demo/play.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("a model that needs a paper of 90 s", () => {
  it("has a handle within a second, does other work, checks, and receives the paper", async () => {
    const entries: Entry[] = [];
    const { acquisitions } = await play({ durationMs: 90_000, pace: 2_000 }, (entry) => entries.push(entry));

    const calls = entries.filter(({ who, tool }) => who === "model" && tool).map(({ tool }) => tool);
    expect(calls).toEqual(["acquire_paper", "lookup_title", "check_task", "check_task"]);

    const [handle, title, first, second] = entries.filter(({ who }) => who === "tool");
    expect(handle?.tookMs).toBeLessThan(1_000);
    expect(handle?.result?.structuredContent).toMatchObject({ status: "working", nextCheckMs: 2_000 });
    expect(title?.tookMs).toBeLessThan(1_000);
    expect(first?.tookMs, "check_task waits for its budget").toBeGreaterThanOrEqual(44_900);
    expect(first?.tookMs).toBeLessThan(47_000);
    expect(first?.result?.structuredContent).toMatchObject({ status: "working" });
    expect(second?.at, "the paper takes 90 s, then a poll").toBeGreaterThanOrEqual(90_000);
    expect(second?.at).toBeLessThan(95_000);
    expect(second?.result?.structuredContent).toMatchObject({ doi: "10.1038/s41586-020-2649-2" });

    expect(entries.at(-1)?.text).toMatch(/^I have it: "Adaptive Drift under Storm"/);
    expect(acquisitions).toBe(1);
  });

  it("of a second has it with its first check", async () => {
    const entries: Entry[] = [];
    await play({ durationMs: 1_000, pace: 2_000 }, (entry) => entries.push(entry));
    const calls = entries.filter(({ who, tool }) => who === "model" && tool).map(({ tool }) => tool);
    expect(calls).toEqual(["acquire_paper", "lookup_title", "check_task"]);
  });
});

it("npm run demo:agent prints the transcript", async () => {
  const command = [process.execPath, ["test/demo/agent-demo.ts", "--pace", "2000"]] as const;
  const { stdout, stderr } = await promisify(execFile)(...command, { cwd: ROOT });
  expect(stderr).toBe("");
  const order = [
    "I need the paper",
    "acquire_paper, after 0.",
    "is running. It is task ",
    "lookup_title, after 0.",
    "I write the introduction meanwhile.",
    "check_task, after 45.",
    "check_task, after 2",
    'Acquired "Adaptive Drift under Storm"',
    "I have it:",
    "Acquired 1 time.",
  ];
  const places = order.map((text) => stdout.indexOf(text));
  expect(places, stdout).not.toContain(-1);
  expect(places, stdout).toEqual([...places].sort((a, b) => a - b));
});
