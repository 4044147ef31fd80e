import { describe, expect, it } from "vitest";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { DeliveryNotes, TaskStore } from "../../../src/store/task-store.ts";
import { storeContract } from "../../../src/testing/index.ts";

/** Stores that break one rule each, and a part of the title of the case that must find it. */
const BROKEN: readonly (readonly [
  mistake: string,
  finds: string,
  change: (store: TaskStore) => Partial<TaskStore>,
])[] = [
  ["begins with records of another store", "a new store is empty", () => ({ loadActive: async () => [{}] })],
  [
    "drops a field",
    "return the whole record",
    (store) => ({ save: ({ cancel: _dropped, ...record }, after) => store.save(record, after) }),
  ],
  [
    "lists settled records with the active ones",
    "listed apart",
    (store) => ({ loadActive: async () => [...(await store.loadActive()), ...(await store.loadSettled())] }),
  ],
  [
    "has a moment without the record while it settles",
    "in one step",
    (store) => ({
      save: async (record, after) => {
        const known = record.outcome && (await store.load(record.id));
        if (known) await store.remove(record.id);
        for (let turn = 0; turn < 8; turn++) await undefined;
        return store.save(record, known ? undefined : after);
      },
    }),
  ],
  ["takes every write", "a higher rev replaces a lower one", () => lastWriteWins()],
  ["overwrites an outcome", "an outcome is final", () => lastWriteWins((rev, known) => rev > known)],
  [
    "does not look at `after`",
    "after a rev that is not the stored one",
    (store) => ({ save: (record) => store.save(record) }),
  ],
  [
    "writes a deleted record again",
    "after a record that was deleted",
    (store) => ({
      save: async (record, after) =>
        (await store.load(record.id)) ? store.save(record, after) : store.save(record),
    }),
  ],
  ["shares its objects", "the store copies", () => lastWriteWins()],
  [
    "hides a failed write",
    "rejects for a record that cannot be stored",
    (store) => ({ save: (record, after) => store.save(record, after).catch(() => true) }),
  ],
  ["deletes nothing", "remove() deletes one record", () => ({ remove: async () => undefined })],
  [
    "cuts long texts",
    "long result",
    (store) => ({
      save: (record, after) =>
        store.save(
          JSON.parse(JSON.stringify(record), (_key, value) =>
            typeof value === "string" ? value.slice(0, 10_000) : value,
          ),
          after,
        ),
    }),
  ],
  [
    "holds one session for all endpoints",
    "one session an endpoint",
    (store) => ({
      saveSession: (_endpoint, session) => store.saveSession("all", session),
      loadSession: () => store.loadSession("all"),
    }),
  ],
  [
    "takes the empty id for none",
    "any text",
    (store) => ({ load: async (id) => (id ? store.load(id) : undefined) }),
  ],
  [
    "deletes what it cannot read",
    "a later version",
    (store) => ({
      load: async (id) => {
        const record = (await store.load(id)) as { readonly v: number } | undefined;
        return record && record.v > 2 ? undefined : record;
      },
    }),
  ],
  ["collects unfinished records", "outdated()", () => ({ outdated: async () => ["running"] })],
  [
    "reads a note and writes it later",
    "is atomic",
    ({ deliveries }) => ({
      ...(deliveries && {
        deliveries: {
          ...deliveries,
          change: async (id, change) => {
            const [note] = await deliveries.load();
            return deliveries.change(id, () => change(note));
          },
        },
      }),
    }),
  ],
  [
    "leaves the note of a deleted record",
    "writes no note without a record",
    () => ({ deliveries: notesOfAnyId() }),
  ],
  [
    "takes a change that throws for no change",
    "rejects with what the change throws",
    ({ deliveries }) => ({
      ...(deliveries && {
        deliveries: {
          ...deliveries,
          change: (id, change) => deliveries.change(id, change).catch(() => true),
        },
      }),
    }),
  ],
];

function notesOfAnyId(): DeliveryNotes {
  const notes = new Map<string, unknown>();
  return {
    load: async () => [...notes.values()],
    async change(id, change) {
      notes.set(id, change(notes.get(id)));
      return true;
    },
  };
}

function lastWriteWins(wins: (rev: number, known: number) => boolean = () => true): TaskStore {
  const records = new Map<string, TaskRecord>();
  return {
    ...memoryStore(),
    async save(record) {
      const known = records.get(record.id);
      if (known && !wins(record.rev, known.rev)) return false;
      records.set(record.id, record);
      return true;
    },
    load: async (id) => records.get(id),
    loadActive: async () => [...records.values()].filter(({ outcome }) => !outcome),
    loadSettled: async () => [...records.values()].filter(({ outcome }) => outcome),
  };
}

describe("storeContract()", () => {
  it.each(BROKEN)("finds a store that %s", async (_mistake, finds, change) => {
    const cases = storeContract(() => {
      const store = memoryStore();
      return { ...store, ...change(store) };
    });
    const found = cases.find(({ title }) => title.includes(finds));
    await expect(found?.run()).rejects.toThrow(/returned|cannot be copied/);
  });

  it("has a broken store for each of its rules", () => {
    const unproven = storeContract(memoryStore).filter(
      ({ title }) => !BROKEN.some(([, finds]) => title.includes(finds)),
    );
    expect(unproven).toEqual([]);
  });

  it("says what the store returned and what it should return", async () => {
    const store = { ...memoryStore(), loadActive: async () => [1] };
    await expect(storeContract(() => store)[0]?.run()).rejects.toThrow(
      "loadActive() returned [1]. The contract asks for []",
    );
  });
});
