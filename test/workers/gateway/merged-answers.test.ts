import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Bindings } from "../../../worker/bindings.ts";
import { Caller } from "../../../worker/gateway/caller.ts";
import { answersOf } from "../../../worker/gateway/merged/answers.ts";

const NAMES = ["sound", "hanging", "broken"];
const caller = Caller.ofAll(
  {} as Bindings,
  "alice",
  NAMES.map((name) => ({ name })),
  "https://holdfast.test",
);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Asks all of them. Resolves with who answered, and after how many ms. */
async function ask(hanging: Promise<string> = new Promise(() => undefined)) {
  const began = Date.now();
  const asked = answersOf(caller, async ({ name }) => {
    if (name === "broken") throw new Error("The server is down");
    return name === "hanging" ? hanging : name;
  });
  await vi.runAllTimersAsync();
  const names = (await asked).map(({ endpoint }) => endpoint.name);
  return { names, ms: Date.now() - began };
}

test("answersOf() leaves out an endpoint that fails, and one that hangs: for 10 s at first, for 1 s in the next minute", async () => {
  expect(await ask()).toEqual({ names: ["sound"], ms: 10_000 });
  expect(await ask()).toEqual({ names: ["sound"], ms: 1_000 });
  expect(await ask(Promise.resolve("again"))).toMatchObject({ names: ["sound", "hanging"] });
  vi.advanceTimersByTime(60_000);
  expect(await ask()).toEqual({ names: ["sound"], ms: 10_000 });
});
