import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { indexedDbStore } from "../../../src/store/indexeddb.ts";
import { SecondCopy } from "../../../src/store/second-copy.ts";
import { lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import { FakeCaches } from "../../fixtures/fake-caches.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire from "../../fixtures/messages-2026-07-28.ts";
import { callingRecord, runningRecord, settledRecord, snapshotOf } from "../../fixtures/records.ts";
import { SESSION_2025, SESSION_2026 } from "../../fixtures/scripted-server.ts";

const CACHE = "holdfast/tasks";

let caches: FakeCaches;
let uninstall: () => void;

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  caches = new FakeCaches();
  uninstall = caches.install();
});
afterEach(() => uninstall());

/** What Chromium does when it finds a torn write in its log: the origin's databases are gone, and no event says so. */
function loseDatabases(): void {
  globalThis.indexedDB = new IDBFactory();
}

const ids = (stored: readonly unknown[]): unknown[] =>
  stored.map((record) => (record as { id: unknown }).id).sort();

describe("indexedDbStore() after the browser lost its database", () => {
  it("restores each unfinished task in its latest state, and the session of its endpoint without tools", async () => {
    const store = indexedDbStore("tasks");
    await store.saveSession("lab", {
      ...SESSION_2025,
      tools: { slow: { taskSupport: "optional", repeatable: true } },
    });
    await store.save(callingRecord({ id: "one" }));
    await store.save(runningRecord({ id: "one", rev: 2 }));
    await store.save(callingRecord({ id: "two" }));
    loseDatabases();

    const later = indexedDbStore("tasks");
    const restored: number[] = [];
    later.onRestored?.((tasks) => restored.push(tasks));
    expect(await later.loadActive()).toEqual([
      runningRecord({ id: "one", rev: 2 }),
      callingRecord({ id: "two" }),
    ]);
    expect(await later.loadSession("lab")).toEqual(SESSION_2025);
    expect(restored).toEqual([2]);
  });

  it("does not restore a task that was settled or removed", async () => {
    const store = indexedDbStore("tasks");
    for (const id of ["settled", "removed", "running"]) await store.save(runningRecord({ id }));
    await store.save(settledRecord({ id: "settled", rev: 2 }));
    await store.remove("removed");
    loseDatabases();
    const later = indexedDbStore("tasks");
    expect(ids(await later.loadActive())).toEqual(["running"]);
    expect(await later.loadSettled()).toEqual([]);
  });

  it("does not restore a task whose process was killed between its outcome and the deletion of its copy", async () => {
    const store = indexedDbStore("tasks");
    await store.save(runningRecord({ id: "stale" }));
    await store.save(runningRecord({ id: "running" }));
    const [stale] = caches.copies(CACHE);
    await store.save(settledRecord({ id: "stale", rev: 2 }));
    caches.held.get(CACHE)?.set("https://holdfast.invalid/stale", JSON.stringify(stale));

    // The next process finds the copy outdated beside a database that is still there.
    await indexedDbStore("tasks").loadActive();
    await settled();
    loseDatabases();
    expect(ids(await indexedDbStore("tasks").loadActive())).toEqual(["running"]);
  });

  it("restores once, however many tabs open the empty database, and not over what they wrote since", async () => {
    await indexedDbStore("tasks").save(runningRecord());
    loseDatabases();
    const restored: number[] = [];
    const tabs = [indexedDbStore("tasks"), indexedDbStore("tasks")] as const;
    for (const tab of tabs) tab.onRestored?.((tasks) => restored.push(tasks));
    await Promise.all([tabs[0].save(settledRecord({ rev: 2 })), tabs[1].loadActive()]);
    expect(restored).toEqual([1]);
    expect(await tabs[1].loadActive()).toEqual([]);
    expect(await tabs[1].loadSettled()).toMatchObject([{ rev: 2 }]);
  });

  it("is filled in the life after, if the process is killed while it restores", async () => {
    await indexedDbStore("tasks").save(runningRecord());
    loseDatabases();
    // The empty database was made, and nothing more.
    await new Promise((resolve, reject) => {
      const opening = indexedDB.open("tasks");
      opening.onupgradeneeded = () => opening.result.createObjectStore("records");
      opening.onsuccess = () => resolve(opening.result.close());
      opening.onerror = () => reject(opening.error);
    });
    expect(ids(await indexedDbStore("tasks").loadActive())).toEqual(["record-1"]);
  });

  it("says nothing of a loss when it is used for the first time", async () => {
    const store = indexedDbStore("tasks");
    store.onRestored?.(() => expect.unreachable());
    expect(await store.loadActive()).toEqual([]);
  });
});

describe("the second copy", () => {
  it("is not written for a poll that brings only what the server will say again", async () => {
    const store = indexedDbStore("tasks");
    const record = runningRecord();
    await store.save(record);
    await store.save({ ...record, rev: 2, snapshot: snapshotOf({ statusMessage: "half" }) });
    expect(caches.calls.filter((call) => call.startsWith("put"))).toHaveLength(1);
    await store.save({ ...record, rev: 3, cancel: { requestedAt: 1 } });
    expect(caches.copies(CACHE)).toMatchObject([{ record: { rev: 3, cancel: { requestedAt: 1 } } }]);
  });

  it("leaves long arguments out, and then cannot be the reason that a call is sent without them", async () => {
    const store = indexedDbStore("tasks");
    await store.save(
      callingRecord({ call: { arguments: { text: "x".repeat(100_000) }, recovery: "repeat" } }),
    );
    expect(JSON.stringify(caches.copies(CACHE)).length).toBeLessThan(32 * 1024);
    expect(caches.copies(CACHE)).toMatchObject([{ record: { call: { arguments: {}, recovery: "none" } } }]);
  });

  it("is made of every task, however many another tab has settled that this one began", async () => {
    const copies = new SecondCopy("tasks");
    const records = Array.from({ length: 1_001 }, (_, n) => runningRecord({ id: `task ${n}` }));
    for (const record of records) await copies.put(record);
    expect(caches.copies(CACHE)).toHaveLength(1_001);
    // What it remembers is bounded: the oldest is forgotten, and at worst written once more.
    const written = caches.calls.length;
    for (const record of [...records.slice(1), ...records.slice(0, 1)]) await copies.put(record);
    expect(caches.calls.length - written).toBe(1);
  });

  it("goes when a script deletes the database of an open store: at a sign-out, say", async () => {
    const store = indexedDbStore("tasks");
    await store.save(runningRecord());
    await new Promise((resolve) => {
      indexedDB.deleteDatabase("tasks").onsuccess = resolve;
    });
    await settled();
    expect(caches.held.has(CACHE)).toBe(false);
    expect(await store.loadActive()).toEqual([]);
  });

  it.each([
    ["is refused", () => Object.assign(caches, { failure: new DOMException("denied", "SecurityError") })],
    ["has no Cache API to be in", () => uninstall()],
  ])("costs nothing but itself where it %s", async (_what, spoil) => {
    spoil();
    const store = indexedDbStore("tasks");
    expect(await store.save(runningRecord())).toBe(true);
    expect(await store.save(settledRecord({ rev: 2 }))).toBe(true);
    expect(await store.loadActive()).toEqual([]);
  });
});

it("TaskClient.resume() goes on with restored tasks, calls nothing again, and says what the browser lost", async () => {
  const store = indexedDbStore("tasks");
  const first = lab2026({ store });
  const calling = first.client.callTool("lab", "plain");
  await (await first.server.expect("tools/call")).reply(wire.createTaskResult);
  const { id } = await calling;
  await first.client.close();
  loseDatabases();

  const later = lab2026({ store: indexedDbStore("tasks") });
  const [task] = await later.client.resume();
  expect(task?.view).toMatchObject({ id, status: "working" });
  await (await later.server.expect("tasks/get")).reply(wire.getTaskResult(wire.completed));
  expect(await task?.result()).toEqual(wire.toolResult);
  expect(later.server.methods).toEqual(["tasks/get"]);
  expect(later.problems).toEqual([
    { kind: "storage-lost", tasks: 1, message: expect.stringContaining("1 unfinished task") },
  ]);
  expect(caches.copies(CACHE), "a settled task has no copy").toEqual([]);
});

it("a restored call whose reply never came is not sent again, unless its tool may be repeated", async () => {
  const store = indexedDbStore("tasks");
  await store.saveSession("lab", SESSION_2026);
  await store.save(callingRecord({ id: "once" }));
  await store.save(callingRecord({ id: "repeatable", call: { recovery: "repeat" } }));
  loseDatabases();
  const { client, server } = lab2026({ store: indexedDbStore("tasks") });
  await client.resume();
  await (await server.expect("tools/call")).reply(wire.createTaskResult);
  await settled();
  expect((await client.get("once"))?.view.outcome).toMatchObject({ kind: "lost" });
  expect((await client.get("repeatable"))?.view.status).toBe("working");
  expect(server.methods.filter((method) => method === "tools/call")).toHaveLength(1);
});

it("a restored 2025-11-25 call is looked for in the server's list", async () => {
  const store = indexedDbStore("tasks");
  await store.saveSession("lab", SESSION_2025);
  await store.save(callingRecord({ generation: "2025-11-25", call: { recovery: "list" } }));
  loseDatabases();
  const { client, server } = lab2025({ store: indexedDbStore("tasks") });
  await client.resume();
  await server.expect("tasks/list");
  expect(server.methods).not.toContain("tools/call");
});
