import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { SqliteTaskStore } from "../../../src/durable-object/sqlite-store.ts";
import { alarmedStore } from "../../../src/extension/alarmed-store.ts";
import type { ExtensionAlarm } from "../../../src/extension/extension-alarm.ts";
import { indexedDbStore } from "../../../src/store/indexeddb.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { readRecord } from "../../../src/store/read-record.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { FULL } from "../../../src/testing/contract-records.ts";
import { storeContract } from "../../../src/testing/index.ts";
import { askingRecord, callingRecord, runningRecord, settledRecord } from "../../fixtures/records.ts";
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
    await indexedDbStore("app").save(FULL);
    await indexedDbStore("app").saveSession("lab", SESSION_2026);
    const next = indexedDbStore("app");
    expect(await next.load("full")).toEqual(FULL);
    expect(await next.loadSession("lab")).toEqual(SESSION_2026);
  });

  it("two names are two stores", async () => {
    await indexedDbStore("one").save(FULL);
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
    ["running", FULL],
    ["settled", settledRecord()],
  ])("%s survives structured clone and JSON", (_stage, record) => {
    expect(structuredClone(record)).toEqual(record);
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  });
});
