import type { TaskStore } from "../store/task-store.ts";
import { expectSame, type Rules } from "./contract-case.ts";
import { running, settled } from "./contract-records.ts";

/** What a store that notes deliveries must do. A store without `deliveries` passes them. */
export const DELIVERY_RULES: Rules<TaskStore> = [
  [
    "deliveries.change(), if there is one, is atomic: of changes at the same time none is lost",
    async (store) => {
      if (!store.deliveries) return;
      await store.save(running({}));
      const { change, load } = store.deliveries;
      const add = (count: number): Promise<boolean> =>
        change("record-1", (note) => ({ counts: [...countsIn(note), count] }));
      const all = Array.from({ length: 12 }, (_, index) => index);
      expectSame(
        "change() of a stored record",
        await Promise.all(all.map(add)),
        all.map(() => true),
      );
      const noted = countsIn((await load())[0]);
      expectSame(
        "load() after the changes",
        [...noted].sort((a, b) => a - b),
        all,
      );
    },
  ],
  [
    "deliveries.change() writes no note without a record; a note outlives the outcome, and is deleted with its record",
    async (store) => {
      if (!store.deliveries) return;
      const { change, load } = store.deliveries;
      const note = (): unknown => ({ counts: [1] });
      expectSame("change() of an unknown id", await change("record-1", note), false);
      await store.save(running({}));
      await change("record-1", (before) => before);
      expectSame("load() before any change, and after one that changed nothing", await load(), []);
      expectSame("change() of an active record", await change("record-1", note), true);
      await store.save(settled({ rev: 2 }));
      expectSame("change() of a settled record", await change("record-1", (same) => same), true);
      expectSame("load() after the outcome", await load(), [{ counts: [1] }]);
      expectSame("load() of the record", await store.load("record-1"), settled({ rev: 2 }));
      await store.remove("record-1");
      expectSame("load() after remove()", await load(), []);
      await store.save(running({}));
      expectSame("load() after another save()", await load(), []);
    },
  ],
  [
    "deliveries.change() rejects with what the change throws, and leaves the note",
    async (store) => {
      if (!store.deliveries) return;
      const { change, load } = store.deliveries;
      await store.save(running({}));
      await change("record-1", () => ({ counts: [1] }));
      const thrown = change("record-1", () => {
        throw new TypeError("No such change");
      });
      expectSame("change() that throws", await thrown.catch((error: Error) => error.name), "TypeError");
      expectSame("load()", await load(), [{ counts: [1] }]);
    },
  ],
];

/** The numbers that the rules note. */
function countsIn(note: unknown): readonly number[] {
  return (note as { readonly counts?: readonly number[] } | undefined)?.counts ?? [];
}
