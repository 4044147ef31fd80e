import { timerHost } from "../../../src/hosts/timer-host.ts";
import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { TaskClient } from "../../../src/index.ts";
import { indexedDbStore } from "../../../src/store/indexeddb.ts";
import { settledRecord } from "../../fixtures/records.ts";

const long = { content: [{ type: "text", text: "x".repeat(100_000) }] };
const record = settledRecord({ outcome: { kind: "completed", result: long } });

describe("a long result in IndexedDB", () => {
  it("is not read with the list of what is settled, and whole with its own record", async () => {
    const store = indexedDbStore("apart");
    await store.save(record);
    expect(JSON.stringify(await store.loadSettled()).length).toBeLessThan(5_000);
    expect(await store.load(record.id)).toEqual(record);
  });

  it("is what a listed task gives, and another page's", async () => {
    const store = indexedDbStore("listed");
    await store.save(record);
    const client = new TaskClient({ store: indexedDbStore("listed"), endpoints: {}, host: timerHost() });
    const [task] = await client.list();
    expect(task?.view.outcome).toMatchObject({ kind: "completed", apart: true });
    expect(await task?.result()).toEqual(long);
    expect((await client.get(record.id))?.view.outcome).toEqual({ kind: "completed", result: long });
  });

  it("goes with its record", async () => {
    const store = indexedDbStore("gone");
    await store.save(record);
    const client = new TaskClient({ store, endpoints: {}, host: timerHost() });
    const [task] = await client.list();
    await client.forget(record.id);
    await expect(task?.result()).rejects.toMatchObject({ name: "TaskLostError" });
    await store.save({ ...record, outcome: { kind: "completed", result: { content: [] } } });
    expect(await store.load(record.id), "nothing of the old one is left").toMatchObject({
      outcome: { result: { content: [] } },
    });
  });
});
