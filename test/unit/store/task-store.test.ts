import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { indexedDbStore } from "../../../src/store/indexeddb.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { readRecord } from "../../../src/store/read-record.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import {
  askingRecord,
  callingRecord,
  runningRecord,
  settledRecord,
  snapshotOf,
  T0,
} from "../../fixtures/records.ts";
import { SESSION_2025, SESSION_2026 } from "../../fixtures/scripted-server.ts";

const STORES: Record<string, () => TaskStore> = {
  memoryStore: () => memoryStore(),
  indexedDbStore: () => indexedDbStore("tasks-of-this-app"),
};

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

const ids = (stored: readonly unknown[]): string[] => stored.map((entry) => (entry as TaskRecord).id).sort();

/** A record with everything a record may have. */
const full: TaskRecord = runningRecord({
  id: "full",
  rev: 7,
  immediateResponse: "On its way.",
  snapshot: snapshotOf({ statusMessage: "half", ttlMs: 60_000 }),
  inputs: [
    { key: "name", method: "elicitation/create", params: { a: [1, null] }, askedAt: T0, state: "open" },
    {
      key: "rpc-7",
      method: "roots/list",
      params: {},
      rpcId: 7,
      askedAt: T0,
      state: "answered",
      response: {},
    },
  ],
  cancel: { requestedAt: T0, acknowledgedAt: T0 + 1 },
  call: {
    ttlMs: 1,
    progressToken: "full",
    headers: { "Mcp-Param-A": "1" },
    requestState: "opaque",
    rounds: 2,
  },
});

describe.each(Object.entries(STORES))("%s", (_name, open) => {
  it("has nothing at first", async () => {
    const store = open();
    expect(await store.loadActive()).toEqual([]);
    expect(await store.loadSettled()).toEqual([]);
    expect(await store.load("nobody")).toBeUndefined();
    expect(await store.loadSession("lab")).toBeUndefined();
  });

  it("gives back what was saved, all of it", async () => {
    const store = open();
    expect(await store.save(full)).toBe(true);
    expect(await store.load("full")).toEqual(full);
    expect(await store.loadActive()).toEqual([full]);
  });

  it("keeps active and settled apart, in every stage", async () => {
    const store = open();
    await store.save(callingRecord({ id: "calling" }));
    await store.save(askingRecord({ id: "asking" }));
    await store.save(runningRecord({ id: "running" }));
    await store.save(settledRecord({ id: "settled" }));
    expect(ids(await store.loadActive())).toEqual(["asking", "calling", "running"]);
    expect(ids(await store.loadSettled())).toEqual(["settled"]);
  });

  it("a record with an outcome leaves the active ones in the same step", async () => {
    const store = open();
    await store.save(runningRecord({ rev: 1 }));
    const settling = store.save(settledRecord({ rev: 2 }));
    // Whoever looks meanwhile finds it in one place or the other, never in none and never in both.
    const looks = await Promise.all([store.loadActive(), store.loadSettled(), store.load("record-1")]);
    await settling;
    expect(looks[2]).toBeDefined();
    expect(await store.loadActive()).toEqual([]);
    expect(ids(await store.loadSettled())).toEqual(["record-1"]);
    expect(await store.load("record-1")).toMatchObject({ stage: "settled" });
  });

  it("a higher rev replaces a lower one, and a lower one or the same is refused", async () => {
    const store = open();
    await store.save(runningRecord({ rev: 3 }));
    expect(await store.save(runningRecord({ rev: 3, taskId: "other" }))).toBe(false);
    expect(await store.save(runningRecord({ rev: 2, taskId: "other" }))).toBe(false);
    expect(await store.load("record-1")).toMatchObject({ rev: 3, taskId: "task-1" });
    expect(await store.save(runningRecord({ rev: 4, immediateResponse: "new" }))).toBe(true);
    expect(await store.loadActive()).toMatchObject([{ rev: 4, immediateResponse: "new" }]);
  });

  it("an outcome is final, whatever the rev", async () => {
    const store = open();
    await store.save(settledRecord({ rev: 3 }));
    expect(await store.save(runningRecord({ rev: 99 }))).toBe(false);
    expect(await store.save(settledRecord({ rev: 99, outcome: { kind: "lost", detail: "?" } }))).toBe(false);
    expect(await store.loadActive()).toEqual([]);
    expect(await store.loadSettled()).toMatchObject([{ rev: 3, outcome: { kind: "completed" } }]);
  });

  it("what is stored is a copy, going in and coming out", async () => {
    const store = open();
    const record = structuredClone(full) as TaskRecord & { inputs: { state: string }[] };
    await store.save(record);
    (record.inputs[0] as { state: string }).state = "withdrawn";
    const once = (await store.load("full")) as typeof record;
    expect(once).toEqual(full);
    (once.inputs[0] as { state: string }).state = "delivered";
    const [active] = (await store.loadActive()) as (typeof record)[];
    (active?.inputs[0] as { state: string }).state = "delivered";
    expect(await store.load("full")).toEqual(full);
    expect(await store.loadActive()).toEqual([full]);
  });

  it("a record that cannot be stored is an error, and what was stored before it stays", async () => {
    const store = open();
    await store.save(runningRecord({ rev: 1 }));
    // An app may answer with what no storage can hold, such as a function or a proxy of its framework.
    const inputs = [
      { ...full.inputs[0], state: "answered", response: { content: () => undefined } },
    ] as TaskRecord["inputs"];
    await expect(store.save(runningRecord({ rev: 2, inputs }))).rejects.toThrow();
    await expect(store.save(settledRecord({ rev: 3, inputs }))).rejects.toThrow();
    expect(ids(await store.loadActive())).toEqual(["record-1"]);
    expect(await store.load("record-1")).toMatchObject({ rev: 1, stage: "running" });
    expect(await store.loadSettled()).toEqual([]);
  });

  it("removes a record wherever it is, and only it", async () => {
    const store = open();
    await store.save(runningRecord({ id: "one" }));
    await store.save(settledRecord({ id: "two" }));
    await store.save(runningRecord({ id: "three" }));
    await store.remove("one");
    await store.remove("two");
    await store.remove("nobody");
    expect(ids(await store.loadActive())).toEqual(["three"]);
    expect(await store.loadSettled()).toEqual([]);
    expect(await store.load("one")).toBeUndefined();
  });

  it("keeps one session an endpoint, beside the records", async () => {
    const store = open();
    const session = {
      ...SESSION_2025,
      sessionId: "s-1",
      tools: { a: { taskSupport: "optional", repeatable: true } },
    };
    await store.saveSession("lab", session as typeof SESSION_2025);
    await store.saveSession("other", SESSION_2026);
    await store.save(runningRecord({ id: "lab" }));
    expect(await store.loadSession("lab")).toEqual(session);
    await store.saveSession("lab", SESSION_2026);
    expect(await store.loadSession("lab")).toEqual(SESSION_2026);
    expect(ids(await store.loadActive())).toEqual(["lab"]);
    expect(await store.load("other")).toBeUndefined();
  });

  it("ids may hold anything, the store's own separators included", async () => {
    const store = open();
    const odd = ["a/b", "active/x", "settled/x", "", "\uffff", "ключ", "__proto__"];
    for (const id of odd) await store.save(runningRecord({ id }));
    for (const id of odd) await store.saveSession(id, SESSION_2026);
    expect(ids(await store.loadActive())).toEqual([...odd].sort());
    for (const id of odd) {
      expect(await store.load(id)).toMatchObject({ id });
      await store.remove(id);
    }
    expect(await store.loadActive()).toEqual([]);
    for (const id of odd) expect(await store.loadSession(id)).toEqual(SESSION_2026);
  });

  it("gives a record of a newer version as it lies there, and reading it deletes nothing", async () => {
    const store = open();
    const future = { ...runningRecord({ id: "future" }), v: 99 as 2, flavour: "new" };
    await store.save(future);
    const stored = await store.load("future");
    expect(readRecord(stored)).toMatchObject({ kind: "unreadable", id: "future" });
    expect(await store.load("future")).toEqual(future);
    expect(await store.loadActive()).toEqual([future]);
  });
});

describe("indexedDbStore", () => {
  it("outlives the object that wrote it", async () => {
    await indexedDbStore("app").save(full);
    await indexedDbStore("app").saveSession("lab", SESSION_2026);
    const next = indexedDbStore("app");
    expect(await next.load("full")).toEqual(full);
    expect(await next.loadSession("lab")).toEqual(SESSION_2026);
  });

  it("two names are two stores", async () => {
    await indexedDbStore("one").save(full);
    expect(await indexedDbStore("two").loadActive()).toEqual([]);
  });

  it("can be made where there is no IndexedDB; its use is then an error", async () => {
    const { indexedDB: present } = globalThis;
    Reflect.deleteProperty(globalThis, "indexedDB");
    try {
      const store = indexedDbStore("nowhere");
      await expect((async () => store.loadActive())()).rejects.toThrow();
    } finally {
      globalThis.indexedDB = present;
    }
  });
});

describe("a record", () => {
  it.each([
    ["calling", callingRecord()],
    ["asking", askingRecord()],
    ["running", full],
    ["settled", settledRecord()],
  ])("%s survives structured clone and JSON", (_stage, record) => {
    expect(structuredClone(record)).toEqual(record);
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  });
});
