import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { EffectServer } from "./effect-server.ts";
import { connected, DataFolder, holdfast, type ProxiedClient } from "./proxied-client.ts";
import { storedTasks } from "./stored-tasks.ts";

/** 20 in the gate; `npm run test:proxy-kills` makes it 100 a generation. */
const KILLS = Number(process.env.KILLS ?? 10);
const WORK_MS = 600;
/** Kills fall between the moment the call is made and a while after the work is done. */
const LATEST_KILL_MS = 1_500;

const clean: (() => void)[] = [];
afterEach(() => {
  for (const work of clean.splice(0)) work();
});

interface CallOutcome {
  readonly text: string;
  readonly failed: boolean;
}

/** Calls the work, follows it, and resolves with its end; undefined when the proxy died before. */
async function work({ client }: ProxiedClient, key: string): Promise<CallOutcome | undefined> {
  try {
    let result = await client.callTool({ name: "work", arguments: { key } });
    for (;;) {
      const running = result.structuredContent as { task?: string; status?: string } | undefined;
      if (running?.status !== "working" || running.task === undefined) break;
      result = await client.callTool({ name: "check_task", arguments: { task: running.task } });
    }
    const [block] = result.content as { text: string }[];
    return { text: block?.text ?? "", failed: result.isError === true };
  } catch {
    return undefined;
  }
}

test.each(["2025-11-25", "2026-07-28"] as const)(
  `${KILLS} kills at random moments lose no call of a %s server and make none twice`,
  { timeout: 60_000 + KILLS * 20_000 },
  async (generation) => {
    const server = await EffectServer.start({ generation, workMs: WORK_MS, answerMs: 100 });
    const folder = new DataFolder();
    clean.push(
      () => server.close(),
      () => folder.remove(),
    );
    const command = holdfast("--budget", "20", server.url);
    const ends = new Map<string, CallOutcome>();
    const moments: string[] = [];
    let kills = 0;
    for (let call = 0; kills < KILLS; call++) {
      const key = `call-${call}`;
      // The agent starts the proxy again and makes its call again until it has an answer.
      for (let end: CallOutcome | undefined; !end; ) {
        const proxied = await connected(command, folder);
        const { pid } = proxied.transport;
        const ended = work(proxied, key);
        const isKilled = kills < KILLS && Math.random() < 0.75;
        if (isKilled) {
          const afterMs = Math.random() * LATEST_KILL_MS;
          moments.push(`${key} after ${afterMs.toFixed(0)} ms`);
          await new Promise((resolve) => setTimeout(resolve, afterMs));
          if (pid) process.kill(pid, "SIGKILL");
          kills++;
        }
        end = await ended;
        if (end) ends.set(key, end);
        await proxied.client.close();
      }
    }
    const context = moments.join("\n");
    for (const [key, { text, failed }] of ends) {
      const effects = server.effects.get(key) ?? 0;
      if (!failed) expect([effects, text], context).toEqual([1, `done ${key}`]);
      // A call whose reply never came: the server lists it (2025-11-25), or nobody can know (2026-07-28).
      else if (generation === "2025-11-25") expect([key, effects, text], context).toEqual([key, 0, text]);
      else expect(effects, context).toBeLessThanOrEqual(1);
      if (failed) expect(text).toMatch(/may or may not|not known|cannot be known|lost/i);
    }
    const stored = await storedTasks(folder);
    expect(stored.filter(({ outcome }) => !outcome)).toEqual([]);
  },
);

describe.each(["2025-11-25", "2026-07-28"] as const)(
  "A proxy killed around a call of a %s server",
  (generation) => {
    async function started(answerMs: number): Promise<{ server: EffectServer; folder: DataFolder }> {
      const server = await EffectServer.start({ generation, workMs: 200, answerMs });
      const folder = new DataFolder();
      clean.push(
        () => server.close(),
        () => folder.remove(),
      );
      return { server, folder };
    }

    test("as soon as the agent has a running result: the next start finds the task", async () => {
      // The server's answer takes longer than the budget: nobody could find the task before it.
      const { server, folder } = await started(800);
      const first = await connected(holdfast("--budget", "0.1", server.url), folder);
      const running = await first.client.callTool({ name: "work", arguments: { key: "a" } });
      if (first.transport.pid) process.kill(first.transport.pid, "SIGKILL");
      await first.client.close();
      const next = await connected(holdfast("--budget", "20", server.url), folder);
      const { task } = running.structuredContent as { task: string };
      const { content } = await next.client.callTool({ name: "check_task", arguments: { task } });
      expect(content).toEqual([{ type: "text", text: "done a" }]);
      expect(server.effects.get("a")).toBe(1);
      await next.client.close();
    });

    test("before the request is sent: the call is reported as lost, is not sent automatically, and can be repeated", async () => {
      const { server, folder } = await started(0);
      const preload = fileURLToPath(new URL("killed-at-call.cjs", import.meta.url));
      const env = { NODE_OPTIONS: `--require ${JSON.stringify(preload)}` };
      const first = await connected(holdfast("--budget", "20", server.url), folder, { env });
      expect(await work(first, "a")).toBeUndefined();
      await first.client.close();
      expect((await storedTasks(folder)).map(({ outcome, runs }) => [outcome, runs])).toEqual([
        [undefined, false],
      ]);
      // The disk is the same as at the moment after the request has left.
      const next = await connected(holdfast("--budget", "20", server.url), folder);
      const again = await work(next, "a");
      expect(again).toMatchObject({ failed: true, text: expect.stringMatching(/lost.* may have been done/) });
      expect(server.effects.size).toBe(0);
      expect(await work(next, "a")).toEqual({ failed: false, text: "done a" });
      expect(server.effects.get("a")).toBe(1);
      await next.client.close();
    });
  },
);
