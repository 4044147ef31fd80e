import { describe, expect, it } from "vitest";
import { type Task, TaskLostError } from "../../../src/index.ts";
import { type ExtensionLab, extensionLab, INTERVAL_MS, RESULT } from "./extension-lab.ts";

describe("a worker that lives on", () => {
  it("polls by timers at the server's interval, and has an alarm beside them", async () => {
    const lab = extensionLab({ alarmFloorMs: 30_000 });
    const { client } = lab.page();
    const task = await client.callTool("papers", "acquire_paper", { doi: "10.1/1" });
    expect(task.view.status).toBe("working");
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
    expect((await client.list())[0]?.view.status).toBe("completed");
    expect(lab.hasAlarm).toBe(false);
  });
});

const ANSWER = { action: "accept", content: { name: "Ada" } };

interface Story {
  readonly lab: ExtensionLab;
  readonly status: string;
  /** What the worker had done when there was an unfinished task and no alarm. */
  readonly gaps: readonly string[];
  /** What it was killed at; `undefined` if it never came to it. */
  readonly killedAt: string | undefined;
}

/** What the servers of the lab speak. */
type Generation = "2025-11-25" | "2026-07-28";

/** What the page does: it watches the task, is closed once it has it, or answers what the server asks. */
type Reader = "watches" | "leaves" | "answers";

/** Lets a worker be killed at the `killAt`th thing it does, and everything come to its end. */
async function story(killAt: number, generation: Generation, reader: Reader): Promise<Story> {
  const lab = extensionLab({ generation, alarmFloorMs: 30_000 });
  lab.server.asks = reader === "answers";
  const { extension, unfinished } = lab;
  const gaps: string[] = [];
  extension.onPass = (count) => {
    if (unfinished.size > 0 && !lab.hasAlarm) gaps.push(`${extension.log.at(-1)}`);
    if (count === killAt) extension.kill();
  };
  const { client } = lab.page();
  let status = "nothing";
  const follow = async (task: Task): Promise<void> => {
    if (task.view.status === "calling") throw new Error("A handle of a call that nobody has answered");
    status = task.view.status;
    if (reader === "leaves") return client.close();
    let answering: Promise<void> | undefined;
    for await (const update of task) {
      status = update.status;
      if (update.inputRequests.length > 0) answering ??= task.answer("name", ANSWER);
    }
    await answering;
  };
  client
    .callTool("papers", "report", {}, { id: "the-call" })
    .then(follow)
    .catch((error: unknown) => {
      status = error instanceof TaskLostError ? "lost" : String(error);
    });
  for (let second = 0; second < 180; second++) {
    await extension.advance(1_000);
  }
  const killedAt = extension.log.length < killAt ? undefined : extension.log[killAt - 1];
  if (reader === "leaves" && status !== "lost") {
    extension.onPass = () => undefined;
    status = (await lab.page().client.get("the-call"))?.view.status ?? "nothing";
  }
  return { lab, status, gaps, killedAt };
}

/** Between these a call may be in flight: no task is known yet. */
function whileCalling(log: readonly string[], killAt: number): boolean {
  const begun = log.indexOf("after: save calling");
  const held = log.indexOf("after: save running");
  return begun >= 0 && killAt - 1 >= begun && (held < 0 || killAt - 1 < held);
}

describe.each<[Generation, Reader]>([
  ["2026-07-28", "watches"],
  ["2026-07-28", "leaves"],
  ["2026-07-28", "answers"],
  ["2025-11-25", "watches"],
  ["2025-11-25", "leaves"],
])("a worker that is killed at whatever it does, %s, while a page %s", (generation, reader) => {
  it("makes one call and no poll too early, has an alarm while there is work, and comes to an end", async () => {
    const uncertain = new Map<string, string>();
    let last = 1;
    for (; ; last++) {
      const { lab, status, gaps, killedAt } = await story(last, generation, reader);
      if (killedAt === undefined) break;
      const where = `killed ${killedAt} (${last})`;
      const { server, extension } = lab;
      expect(extension.lives, where).toBeLessThanOrEqual(2);
      // After an answer the server is asked at once what it makes of it.
      if (reader !== "answers") expect(server.shortestPause, where).toBeGreaterThanOrEqual(INTERVAL_MS);
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
});

describe.each<Generation>(["2026-07-28", "2025-11-25"])("a worker that is killed, %s", (generation) => {
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
      expect(task.view.status, where).toBe("completed");
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
