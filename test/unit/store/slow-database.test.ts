import "fake-indexeddb/auto";
import { afterEach, expect, it, vi } from "vitest";
import { indexedDbStore } from "../../../src/store/indexeddb.ts";
import { runningRecord } from "../../fixtures/records.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** From now on each request for many records takes so long, in ms. */
function slowDown(ms: number): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { getAll } = IDBObjectStore.prototype;
  vi.spyOn(IDBObjectStore.prototype, "getAll").mockImplementation(function (this: IDBObjectStore, ...args) {
    vi.advanceTimersByTime(ms);
    return getAll.apply(this, args);
  });
}

it("a store of many records is read on a busy device, however long all of them take, while IndexedDB answers", async () => {
  const store = indexedDbStore("many");
  await Promise.all(Array.from({ length: 600 }, (_, index) => store.save(runningRecord({ id: `${index}` }))));
  slowDown(4_000);
  expect(await store.loadActive()).toHaveLength(600);
});

it("a request that IndexedDB does not answer within ten seconds rejects", async () => {
  const store = indexedDbStore("silent");
  await store.save(runningRecord());
  slowDown(10_001);
  await expect(store.loadActive()).rejects.toThrow("IndexedDB did not answer within 10000 ms");
});
