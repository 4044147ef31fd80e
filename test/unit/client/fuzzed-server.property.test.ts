import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Problem, type Task, TaskClient } from "../../../src/index.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import { T0 } from "../../fixtures/records.ts";
import { testHost } from "../../fixtures/test-host.ts";
import { type FuzzedGeneration, type Script, scripts } from "./fuzzed-script.ts";
import { FuzzedServer } from "./fuzzed-server.ts";

/** With a fixed seed the gate always makes the same runs; `FUZZ_RUNS` makes as many with a fresh one. */
const { FUZZ_RUNS } = process.env;
const RUNS = FUZZ_RUNS ? { numRuns: Number(FUZZ_RUNS) } : { numRuns: 120, seed: 20_260_728 };
const TYPED = /^(TaskFailed|TaskCancelled|TaskExpired|TaskLost|RequestFailed|Input)Error$/;
/** Answers that fit the questions a schema can ask. */
const ANSWERS: Readonly<Record<string, JsonObject>> = {
  "sampling/createMessage": { role: "assistant", content: { type: "text", text: "" }, model: "model" },
  "roots/list": { roots: [] },
};
const DECLINE: JsonObject = { action: "decline" };

/** How lives must have ended: the kind of a task's outcome, or what a plain call came to. */
const ENDINGS = ["completed", "failed", "cancelled", "lost", "plain result", "plain TaskFailedError"];

/** Counts what lives came to. A count of zero would show that the scripts no longer reach a state. */
interface Seen {
  readonly endings: Map<string, number>;
  restarts: number;
  questions: number;
}

type Ending = { readonly result: unknown } | { readonly error: Error };

/** A healed server's task ends within ten minutes: longer than a request that got no reply waits. */
const HEALED_MS = 600_000;

/** Advances the clock from timer to timer, until the condition holds, or so many timers have run and so many ms have passed. */
async function runTimers(clock: FakeClock, count: number, isOver: () => boolean, ms = 0): Promise<void> {
  const until = clock.now() + ms;
  for (let time = 0; (time < count || clock.now() < until) && !isOver(); time++) {
    await settled();
    if (clock.next === Number.POSITIVE_INFINITY && time >= count) return;
    if (clock.next < Number.POSITIVE_INFINITY) await clock.advance(Math.max(0, clock.next - clock.now()));
  }
}

/** Starts one task against the server of a script, follows it to its end, and checks what must hold of every life. */
async function live(generation: FuzzedGeneration, script: Script, seen: Seen): Promise<void> {
  const clock = new FakeClock(T0);
  const store = memoryStore();
  const server = new FuzzedServer(generation, script);
  const problems: Problem[] = [];
  const untyped: Error[] = [];
  let ending: Ending | undefined;
  const isOver = (): boolean => ending !== undefined;
  const typed = (error: Error): void => {
    if (error.name !== "ClientClosedError" && !TYPED.test(error.name)) untyped.push(error);
  };
  const open = (): TaskClient =>
    new TaskClient({
      store,
      endpoints: { lab: server.connector(clock) },
      host: testHost({ clock }),
      requestTimeoutMs: 60_000,
      onProblem: (problem) => problems.push(problem),
    });
  let answerOpen = (): void => {};
  const follow = (task: Task): void => {
    const answer = (): void => {
      for (const { key, method } of task.view.inputRequests) {
        seen.questions++;
        if (script.answers === "late" && !server.healed) continue;
        const declines = script.answers === "declined" && !server.healed;
        const response = declines ? DECLINE : (ANSWERS[method] ?? DECLINE);
        task.answer(key, response).catch(typed);
      }
    };
    answerOpen = answer;
    task.subscribe(answer);
    answer();
    task.result().then(
      (result) => {
        ending = { result };
      },
      (error: Error) => {
        if (error.name !== "ClientClosedError") ending = { error };
      },
    );
  };

  let client = open();
  const started = await client.start("lab", "report", {});
  follow(started);
  await runTimers(clock, script.endsAfter ?? 30, isOver);
  if (!isOver() && script.endsAfter !== null) {
    seen.restarts++;
    await client.close();
    client = open();
    await client.resume();
    const task = await client.get(started.id);
    if (!task) {
      // Plain calls are not persisted: they end with the process.
      expect(server.made, "The next process does not have the task").toBeUndefined();
      await client.close();
      return;
    }
    follow(task);
    await runTimers(clock, 30, isOver);
  }
  server.healed = true;
  // A task whose questions have no answer waits for the app.
  if (!isOver()) answerOpen();
  await runTimers(clock, 400, isOver, HEALED_MS);
  await settled();
  const said = JSON.stringify(server.requests).slice(0, 4_000);
  if (!ending)
    throw new Error(`The task does not end: ${JSON.stringify(await store.loadActive())} after ${said}`);
  const [task] = await client.list();
  const outcome = task?.view.outcome;
  await client.close();

  if ("error" in ending) typed(ending.error);
  expect(untyped).toEqual([]);
  expect(await store.loadActive()).toEqual([]);
  expect(server.doubledCalls, said).toBe(0);
  if (server.made !== undefined) expect(task?.view.taskId, said).toBe(server.made);
  if (server.made !== undefined && !server.saidEnd) expect(outcome?.kind, said).toBe("completed");
  for (const { kind, message } of problems)
    expect([typeof kind, typeof message]).toEqual(["string", "string"]);
  expect(({} as { polluted?: true }).polluted).toBeUndefined();

  const plain = "error" in ending ? `plain ${ending.error.name}` : "plain result";
  const kind = outcome?.kind ?? plain;
  seen.endings.set(kind, (seen.endings.get(kind) ?? 0) + 1);
}

describe.each(["2025-11-25", "2026-07-28"] as const)(
  "%s: a server whose replies are drawn at random",
  (generation) => {
    it("every task ends with a result or a typed error, and no call is made twice", {
      timeout: 3_600_000,
    }, async () => {
      const seen: Seen = { endings: new Map(), restarts: 0, questions: 0 };
      await fc.assert(
        fc.asyncProperty(scripts(generation), (script) => live(generation, script, seen)),
        RUNS,
      );
      expect([...seen.endings.keys()]).toEqual(expect.arrayContaining(ENDINGS));
      expect(seen.restarts).toBeGreaterThan(0);
      expect(seen.questions).toBeGreaterThan(0);
      if (FUZZ_RUNS)
        console.log(generation, JSON.stringify({ ...seen, endings: Object.fromEntries(seen.endings) }));
    });
  },
);
