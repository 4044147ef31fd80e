import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { SqliteTaskStore } from "../../../src/durable-object/sqlite-store.ts";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { alarmedStore } from "../../../src/extension/alarmed-store.ts";
import type { ExtensionAlarm } from "../../../src/extension/extension-alarm.ts";
import { indexedDbStore } from "../../../src/store/indexeddb.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { readRecord } from "../../../src/store/read-record.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { storeContract } from "../../../src/testing/index.ts";
import {
  askingRecord,
  callingRecord,
  runningRecord,
  settledRecord,
  snapshotOf,
  T0,
} from "../../fixtures/records.ts";
import { SESSION_2026 } from "../../fixtures/scripted-server.ts";
import { sqlStorage } from "../../fixtures/sql-storage.ts";

const ALARM = { during: <T>(work: () => Promise<T>) => work() } as unknown as ExtensionAlarm;

const STORES: Record<string, () => TaskStore> = {
  memoryStore: () => memoryStore(),
  indexedDbStore: () => indexedDbStore("tasks-of-this-app"),
  SqliteTaskStore: () => new SqliteTaskStore(sqlStorage()),
  alarmedStore: () => alarmedStore(indexedDbStore("tasks-of-this-app"), ALARM, () => undefined),
};

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

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
  it.each(storeContract(open))("$title", ({ run }) => run());

  it("returns a record of a newer version as it is stored, and reading it deletes nothing", async () => {
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
