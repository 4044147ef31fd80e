import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Bindings } from "../../../worker/bindings.ts";
import { Caller } from "../../../worker/gateway/caller.ts";
import { RelistingBus } from "../../../worker/gateway/relisting-bus.ts";

/** When each server answers lists of tools, in ms after it is asked. */
let takes: Record<string, number>;
let tools: Record<string, readonly string[]>;
let asked: number;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  takes = {};
  tools = { quick: ["search"], starting: ["borrow"] };
  asked = 0;
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function busOf(...endpoints: readonly string[]): RelistingBus {
  const bindings = {
    TASK_GROUP: {
      getByName: () => ({
        async passOn({ endpoint }: { endpoint: string }, method: string) {
          const listed = tools[endpoint] ?? [];
          if (method !== "tools/list") return { ok: true, result: {} };
          asked++;
          await new Promise((resolve) => setTimeout(resolve, takes[endpoint] ?? 0));
          return { ok: true, result: { tools: listed.map((name) => ({ name })) } };
        },
        lastPage: async () => undefined,
      }),
    },
    PRINCIPALS: { getByName: () => ({ knownTools: async (listed: object) => listed }) },
  };
  const listings = endpoints.map((name) => ({ name }));
  return new RelistingBus(
    Caller.ofAll(bindings as unknown as Bindings, "alice", listings, "https://holdfast.test"),
  );
}

test("RelistingBus says that the tools have changed as soon as a server answers that was not waited for", async () => {
  takes.starting = 20_000;
  const kinds: string[] = [];
  const unsubscribe = busOf("quick", "starting").subscribe(({ kind }) => kinds.push(kind));
  await vi.advanceTimersByTimeAsync(19_000);
  expect(kinds).toEqual([]);
  takes.starting = 50;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(kinds).toEqual(["tools_list_changed"]);
  unsubscribe();
});

test("RelistingBus asks a server that goes on hanging once for each time that it answers, or once an interval", async () => {
  takes.quick = 10;
  takes.starting = 100_000;
  const unsubscribe = busOf("quick", "starting").subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(1_000_000);
  // Two servers; four intervals of 300 s, and ten answers of 100 s.
  expect(asked).toBeLessThanOrEqual(2 * 14);
  unsubscribe();
  const before = asked;
  await vi.advanceTimersByTimeAsync(1_000_000);
  expect(asked - before).toBeLessThanOrEqual(2);
});
