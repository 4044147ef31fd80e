import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { indexedDbStore } from "../../../src/store/indexeddb.ts";
import { lab2026 } from "../../fixtures/client-lab.ts";
import { runningRecord, settledRecord } from "../../fixtures/records.ts";

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});
afterEach(() => vi.restoreAllMocks());

const deleted = (name: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const deletion = indexedDB.deleteDatabase(name);
    deletion.onsuccess = () => resolve();
    deletion.onblocked = () => reject(new Error("An open connection blocks the deletion"));
  });

/** From now on the connection that is used next throws, as Safari's does when it has lost its IndexedDB server. */
function loseConnection(name: string, times = Number.POSITIVE_INFINITY): void {
  const { transaction } = IDBDatabase.prototype;
  let dead: IDBDatabase | undefined;
  let left = times;
  vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (this: IDBDatabase, ...args) {
    dead ??= this;
    if (this === dead && left-- > 0)
      throw new DOMException("Connection to Indexed Database server lost", name);
    return transaction.apply(this, args);
  });
}

describe.each(["UnknownError", "InvalidStateError", "AbortError"])("a connection that throws %s", (name) => {
  it("is replaced by another, and reads and writes are repeated on it", async () => {
    const store = indexedDbStore("tasks");
    await store.save(runningRecord({ id: "before" }));
    loseConnection(name);
    expect(await store.save(runningRecord({ id: "after" }))).toBe(true);
    expect(await store.loadActive()).toHaveLength(2);
    expect(await store.load("after")).toMatchObject({ id: "after" });
  });
});

it("a store whose every connection is lost rejects, and does not open one after the other for ever", async () => {
  const store = indexedDbStore("tasks");
  await store.save(runningRecord());
  const open = vi.spyOn(indexedDB, "open");
  vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(() => {
    throw new DOMException("lost", "UnknownError");
  });
  await expect(store.loadActive()).rejects.toThrow("lost");
  expect(open.mock.calls.length).toBeLessThanOrEqual(1);
});

it("an error that another connection does not mend is not repeated", async () => {
  const store = indexedDbStore("tasks");
  await store.save(runningRecord());
  const failing = vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  await expect(store.save(runningRecord({ rev: 2 }))).rejects.toThrow("full");
  expect(failing).toHaveBeenCalledTimes(1);
});

it.each([
  ["an unfinished record", runningRecord({ rev: 2 })],
  ["an outcome", settledRecord({ rev: 2 })],
  [
    "a long outcome",
    settledRecord({
      rev: 2,
      outcome: { kind: "completed", result: { content: [{ type: "text", text: "x".repeat(99_999) }] } },
    }),
  ],
])(
  "a write of %s that was committed before its connection was lost counts as written",
  async (_what, record) => {
    const store = indexedDbStore("tasks");
    await store.save(runningRecord());
    const { put } = IDBObjectStore.prototype;
    let aborted = false;
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, ...args) {
      const request = put.apply(this, args);
      if (!aborted) {
        aborted = true;
        // The commit is done, and its event is lost with the connection.
        const { transaction } = this;
        transaction.addEventListener("complete", (event) => {
          event.stopImmediatePropagation();
          transaction.onabort?.(new Event("abort"));
        });
      }
      return request;
    });
    expect(await store.save(record)).toBe(true);
    expect(aborted).toBe(true);
    expect(await store.load(record.id)).toEqual(record);
    expect(
      await store.save(runningRecord({ rev: 2, taskId: "other" })),
      "another process's record is not",
    ).toBe(false);
  },
);

describe("deleteDatabase", () => {
  it("is not blocked by a store that is in use, which opens the database anew when it is used again", async () => {
    const store = indexedDbStore("tasks");
    await store.save(runningRecord());
    await deleted("tasks");
    expect(await store.loadActive()).toEqual([]);
    expect(await store.save(runningRecord())).toBe(true);
  });

  it("does not lose a task whose record goes on to be written: the new database lacks it, but nobody deleted it", async () => {
    const store = indexedDbStore("tasks");
    await store.save(runningRecord({ rev: 3 }));
    await deleted("tasks");
    const other = indexedDbStore("tasks");
    await other.save(runningRecord({ id: "of another tab" }));
    expect(await store.save(runningRecord({ rev: 4 }), 3)).toBe(true);
    expect(await store.load("record-1")).toMatchObject({ rev: 4 });
    expect(await other.save(runningRecord({ id: "deleted", rev: 2 }), 1)).toBe(false);
  });

  it("is not blocked by a client that is closed, or by a store it shared with another client", async () => {
    const store = indexedDbStore("tasks");
    const closed = vi.spyOn(IDBDatabase.prototype, "close");
    const [one, two] = [lab2026({ store }), lab2026({ store })];
    await store.save(runningRecord());
    await one.client.close();
    expect((await two.client.list()).map(({ id }) => id)).toEqual(["record-1"]);
    await two.client.close();
    expect(closed, "each closed what it had opened").toHaveBeenCalledTimes(2);
    await deleted("tasks");
  });
});
