import { describe, expect, it } from "vitest";
import { settled } from "../../fixtures/fake-clock.ts";
import { extensionLab, INTERVAL_MS, RESULT } from "./extension-lab.ts";

describe("a worker that lives on", () => {
  it("polls by timers at the server's interval, and has an alarm beside them", async () => {
    const lab = extensionLab({ alarmFloorMs: 30_000 });
    const { client } = lab.page();
    const task = await client.callTool("papers", "acquire_paper", { doi: "10.1/1" });
    expect(task.status).toBe("working");
    expect(lab.hasAlarm).toBe(true);
    const result = task.result();
    await lab.extension.advance(15_000);
    expect(await result).toEqual(RESULT);
    expect(lab.server.times("tools/call")).toBe(1);
    expect(lab.server.times("tasks/get")).toBe(3);
    expect(lab.server.shortestPause).toBeGreaterThanOrEqual(INTERVAL_MS);
    expect(lab.problems).toEqual([]);
  });

  it("takes the alarm off once nothing is unfinished", async () => {
    const lab = extensionLab();
    const { client } = lab.page();
    await client.callTool("papers", "acquire_paper");
    await lab.extension.advance(120_000);
    expect((await client.list())[0]?.status).toBe("completed");
    expect(lab.hasAlarm).toBe(false);
  });
});

/** Lets a worker be killed as it does its `killAt`th thing, and everything come to its end. */
async function story(killAt: number, generation: "2025-11-25" | "2026-07-28") {
  const lab = extensionLab({ generation, alarmFloorMs: 30_000 });
  const { extension, store, server } = lab;
  const gaps: string[] = [];
  let left = killAt;
  extension.onPass = (count) => {
    if (count === killAt) extension.kill();
    left = killAt - count;
  };
  const check = async () => {
    const unfinished = await store.loadActive();
    if (unfinished.length > 0 && !lab.hasAlarm) gaps.push(`after ${extension.log.at(-1)}`);
  };
  const { client } = lab.page();
  const calling = client.callTool("papers", "report", {}, { id: "the-call" }).then(
    (task) => task,
    (error: unknown) => error,
  );
  for (let second = 0; second < 240; second++) {
    await check();
    await extension.advance(1_000);
  }
  await calling;
  const [task] = await client.list();
  await settled();
  return { lab, task, gaps, killed: left <= 0, server };
}

describe.each(["2026-07-28", "2025-11-25"] as const)("a worker that is killed, %s", (generation) => {
  it("at whatever it does: one call, no poll too early, an alarm while there is work, and an end", async () => {
    const seen = new Set<string>();
    for (let killAt = 1; ; killAt++) {
      const { lab, task, gaps, killed, server } = await story(killAt, generation);
      const where = `killed ${lab.extension.log[killAt - 1]} (${killAt})`;
      if (!killed) break;
      expect(server.times("tools/call"), where).toBeLessThanOrEqual(1);
      expect(server.shortestPause, where).toBeGreaterThanOrEqual(INTERVAL_MS);
      expect(gaps, where).toEqual([]);
      expect(lab.problems, where).toEqual([]);
      expect(lab.hasAlarm, where).toBe(false);
      seen.add(`${task?.status}`);
      if (task?.status !== "completed") {
        expect(where).toMatch(/(after: save calling|tools\/call|save running|)/);
        console.log(generation, where, task?.status, task?.outcome);
      }
      expect(task?.outcome, where).toBeDefined();
    }
    expect(seen).toContain("completed");
  }, 120_000);
});
