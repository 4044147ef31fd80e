import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { timerHost } from "../../../src/hosts/timer-host.ts";
import { TaskClient, type TaskClientOptions } from "../../../src/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { warnOnce } from "../../../src/warn-once.ts";
import { failingStore, STORE_METHODS } from "../../fixtures/failing-store.ts";
import { runningRecord } from "../../fixtures/records.ts";
import { ScriptedServer, SESSION_2026 } from "../../fixtures/scripted-server.ts";

let warned: MockInstance<(...args: unknown[]) => void>;

beforeEach(() => {
  warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => vi.restoreAllMocks());

const clientOf = (store: TaskStore, options: Partial<TaskClientOptions> = {}): TaskClient =>
  new TaskClient({
    store,
    endpoints: { papers: new ScriptedServer(SESSION_2026) },
    host: timerHost(),
    push: false,
    ...options,
  });

const warnings = (): string[] => warned.mock.calls.map(([text]) => String(text));

describe("a TaskClient without onProblem", () => {
  it("warns once of a store that does nothing, and says what it means and what to do", async () => {
    const client = clientOf(failingStore(new Set(STORE_METHODS)));
    for (let n = 0; n < 3; n++) {
      await client.resume();
      await client.list();
      await client.rememberedSession("papers");
    }
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toMatch(/^Holdfast: .*go on in memory.*Check that storage is allowed/);
  });

  it("warns once for each endpoint that was renamed, however many tasks wait for it", async () => {
    const store = memoryStore();
    for (const endpoint of ["paper", "library"]) {
      for (let n = 0; n < 5; n++) await store.save(runningRecord({ id: `${endpoint} ${n}`, endpoint }));
    }
    await clientOf(store).resume();
    expect(warnings()).toHaveLength(2);
    expect(warnings()[0]).toContain('"paper"');
    expect(warnings()[0], "it names those that were given").toContain('"papers"');
    expect(warnings()[1]).toContain('"library"');
  });

  it("remembers the thousand subjects it warned of last", () => {
    const report = warnOnce();
    const warnOf = (n: number): void => report({ kind: "incomplete-list", message: `list ${n}` });
    for (let n = 0; n < 1_001; n++) warnOf(n);
    warnOf(1_000);
    warnOf(1);
    expect(warnings()).toHaveLength(1_001);
    warnOf(0);
    expect(warnings()).toHaveLength(1_002);
  });

  it("is silent when nothing is wrong", async () => {
    const client = clientOf(memoryStore());
    await client.resume();
    await client.close();
    expect(warnings()).toEqual([]);
  });
});

it("a TaskClient with onProblem warns of nothing by itself", async () => {
  const onProblem = vi.fn();
  await clientOf(failingStore(new Set(STORE_METHODS)), { onProblem }).resume();
  expect(onProblem).toHaveBeenCalled();
  expect(warnings()).toEqual([]);
});

it.each([
  ["no options", undefined],
  ["no store", { endpoints: {} }],
  ["null", { endpoints: {}, store: null }],
  ["the function that makes one", { endpoints: {}, store: memoryStore }],
])(
  "new TaskClient() with %s for a store throws a TypeError that names the stores there are",
  (_what, options) => {
    const make = (): TaskClient => new TaskClient(options as unknown as TaskClientOptions);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(/indexedDbStore\(\).*memoryStore\(\)/);
  },
);

it("`store` is required by the types of TaskClientOptions", () => {
  // @ts-expect-error: without a store, nothing would say that tasks are not durable.
  expect(() => new TaskClient({ endpoints: {} })).toThrow(TypeError);
});
