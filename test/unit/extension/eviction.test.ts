import { describe, expect, it } from "vitest";
import { TaskLostError } from "../../../src/index.ts";
import type { Generation } from "../../../src/protocol/task-snapshot.ts";
import { type ExtensionLab, extensionLab, INTERVAL_MS, RESULT } from "./extension-lab.ts";

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

interface Story {
  readonly lab: ExtensionLab;
  readonly status: string;
  /** What the worker had done when there was an unfinished task and no alarm. */
  readonly gaps: readonly string[];
  /** What it was killed at; `undefined` if it never came to it. */
  readonly killedAt: string | undefined;
}

/** Lets a worker be killed at the `killAt`th thing it does, and everything come to its end. */
async function story(killAt: number, generation: Generation): Promise<Story> {
  const lab = extensionLab({ generation, alarmFloorMs: 30_000 });
  const { extension, unfinished } = lab;
  const gaps: string[] = [];
  extension.onPass = (count) => {
    if (unfinished.size > 0 && !lab.hasAlarm) gaps.push(`${extension.log.at(-1)}`);
    if (count === killAt) extension.kill();
  };
  let status = "nothing";
  lab
    .page()
    .client.callTool("papers", "report", {}, { id: "the-call" })
    .then(async (task) => {
      for await (const update of task) status = update.status;
    })
    .catch((error: unknown) => {
      status = error instanceof TaskLostError ? "lost" : String(error);
    });
  for (let second = 0; second < 180; second++) {
    await extension.advance(1_000);
  }
  return {
    lab,
    status,
    gaps,
    killedAt: extension.log.length < killAt ? undefined : extension.log[killAt - 1],
  };
}

/** Between these a call is out, or may be: nothing is known of a task yet. */
function whileCalling(log: readonly string[], killAt: number): boolean {
  const begun = log.indexOf("after: save calling");
  const held = log.indexOf("after: save running");
  return begun >= 0 && killAt - 1 >= begun && (held < 0 || killAt - 1 < held);
}

describe.each<Generation>(["2026-07-28", "2025-11-25"])("a worker that is killed, %s", (generation) => {
  it("at whatever it does: one call, no poll too early, an alarm while there is work, and an end", async () => {
    const uncertain = new Map<string, string>();
    let last = 1;
    for (; ; last++) {
      const { lab, status, gaps, killedAt } = await story(last, generation);
      if (killedAt === undefined) break;
      const where = `killed ${killedAt} (${last})`;
      const { server, extension } = lab;
      expect(extension.lives, where).toBeLessThanOrEqual(2);
      expect(server.shortestPause, where).toBeGreaterThanOrEqual(INTERVAL_MS);
      expect(gaps, where).toEqual([]);
      expect(lab.problems, where).toEqual([]);
      expect(lab.hasAlarm, where).toBe(false);
      if (whileCalling(extension.log, last)) {
        expect(["completed", "lost"], where).toContain(status);
        expect(server.times("tools/call"), where).toBeLessThanOrEqual(1);
        uncertain.set(killedAt, status);
      } else {
        expect(status, where).toBe("completed");
        expect(server.times("tools/call"), where).toBe(1);
      }
    }
    expect(last, "it does a good deal").toBeGreaterThan(50);
    // 2025-11-25 lists its tasks, so that a call whose reply was lost is found again.
    expect(uncertain.get("after: tools/call")).toBe(generation === "2025-11-25" ? "completed" : "lost");
  });

  it("whenever a browser likes, every few seconds: the result still comes, by one call, at the server's pace", async () => {
    for (const everyMs of [3_000, 4_000, 7_000, 31_000]) {
      const lab = extensionLab({ generation, alarmFloorMs: 30_000 });
      lab.server.durationMs = 90_000;
      const { client } = lab.page();
      const task = await client.callTool("papers", "report");
      for (let killed = 0; killed < 300_000 / everyMs; killed++) {
        await lab.extension.advance(everyMs);
        lab.extension.kill();
      }
      await lab.extension.advance(1_000);
      const where = `killed every ${everyMs} ms`;
      expect(task.status, where).toBe("completed");
      expect(await task.result(), where).toEqual(RESULT);
      expect(lab.server.times("tools/call"), where).toBe(1);
      expect(lab.server.shortestPause, where).toBeGreaterThanOrEqual(INTERVAL_MS);
    }
  });

  it("with no page open: the alarm alone brings it to its end", async () => {
    const lab = extensionLab({ generation, alarmFloorMs: 30_000 });
    lab.server.durationMs = 90_000;
    const { client } = lab.page();
    const { id } = await client.callTool("papers", "report");
    await client.close();
    for (let killed = 0; killed < 8; killed++) {
      lab.extension.kill();
      await lab.extension.advance(31_000);
    }
    expect(await (await lab.page().client.get(id))?.result()).toEqual(RESULT);
    expect(lab.server.times("tools/call")).toBe(1);
    expect(lab.server.shortestPause).toBeGreaterThanOrEqual(INTERVAL_MS);
  });
});
