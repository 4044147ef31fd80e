import { RECORD_VERSION, type TaskRecord } from "../engine/record.ts";
import type { Session } from "../protocol/session.ts";
import type { TaskStore } from "../store/task-store.ts";
import { casesOf, expectSame, type Rules, type StoreCase } from "./contract-case.ts";
import { CALL, FULL, ids, running, SESSION, settled, T0, type Writable } from "./contract-records.ts";
import { DELIVERY_RULES } from "./delivery-rules.ts";

/**
 * Returns what every TaskStore must do, one case a rule, for the test runner of your choice.
 * @param open Opens a new, empty store. Each case calls it once.
 * @example
 * for (const { title, run } of storeContract(() => myStore())) test(title, run);
 */
export function storeContract(open: () => TaskStore | Promise<TaskStore>): readonly StoreCase[] {
  return casesOf([...RECORD_RULES, ...DELIVERY_RULES], open);
}

const RECORD_RULES: Rules<TaskStore> = [
  [
    "a new store is empty",
    async (store) => {
      expectSame("loadActive()", await store.loadActive(), []);
      expectSame("loadSettled()", await store.loadSettled(), []);
      expectSame("load() of an unknown id", await store.load("nobody"), undefined);
      expectSame("loadSession() of an unknown endpoint", await store.loadSession("lab"), undefined);
    },
  ],
  [
    "load() and loadActive() return the whole record that was saved",
    async (store) => {
      expectSame("save() of a new record", await store.save(FULL), true);
      expectSame("load()", await store.load("full"), FULL);
      expectSame("loadActive()", await store.loadActive(), [FULL]);
    },
  ],
  [
    "active and settled records are listed apart, in every stage",
    async (store) => {
      const { generation: _unknown, ...queued } = running({ id: "queued", stage: "queued" });
      await store.save(queued);
      for (const stage of ["calling", "asking", "running"] as const)
        await store.save(running({ id: stage, stage }));
      await store.save(settled({ id: "settled" }));
      expectSame("loadActive()", ids(await store.loadActive()), ["asking", "calling", "queued", "running"]);
      expectSame("loadSettled()", ids(await store.loadSettled()), ["settled"]);
    },
  ],
  [
    "a record that settles moves in one step: a reader finds it once",
    async (store) => {
      await store.save(running({ rev: 1 }));
      let saved = false;
      const settling = store.save(settled({ rev: 2 })).finally(() => {
        saved = true;
      });
      while (!saved) {
        if ((await store.load("record-1")) === undefined)
          throw new Error("load() returned undefined while save() moved the record");
      }
      await settling;
      expectSame("loadActive()", await store.loadActive(), []);
      expectSame("loadSettled()", ids(await store.loadSettled()), ["record-1"]);
      expectSame("load()", await store.load("record-1"), settled({ rev: 2 }));
    },
  ],
  [
    "a higher rev replaces a lower one; save() of a lower or equal rev returns false and writes nothing",
    async (store) => {
      await store.save(running({ rev: 3 }));
      expectSame("save() of the same rev", await store.save(running({ rev: 3, taskId: "other" })), false);
      expectSame("save() of a lower rev", await store.save(running({ rev: 2, taskId: "other" })), false);
      expectSame("load()", await store.load("record-1"), running({ rev: 3 }));
      expectSame("save() of a higher rev", await store.save(running({ rev: 4, taskId: "new" })), true);
      expectSame("loadActive()", await store.loadActive(), [running({ rev: 4, taskId: "new" })]);
    },
  ],
  [
    "an outcome is final: save() returns false whatever the rev",
    async (store) => {
      await store.save(settled({ rev: 3 }));
      expectSame("save() without an outcome", await store.save(running({ rev: 99 })), false);
      const other = settled({ rev: 99, outcome: { kind: "lost", detail: "?" } });
      expectSame("save() of another outcome", await store.save(other), false);
      expectSame("loadActive()", await store.loadActive(), []);
      expectSame("load()", await store.load("record-1"), settled({ rev: 3 }));
    },
  ],
  [
    "save() after a rev that is not the stored one returns false, whatever its own rev",
    async (store) => {
      await store.save(running({ rev: 3 }));
      expectSame("save(rev 9, after 2)", await store.save(running({ rev: 9, taskId: "other" }), 2), false);
      expectSame("load()", await store.load("record-1"), running({ rev: 3 }));
      expectSame("save(rev 9, after 3)", await store.save(running({ rev: 9, taskId: "new" }), 3), true);
      expectSame("load()", await store.load("record-1"), running({ rev: 9, taskId: "new" }));
    },
  ],
  [
    "save() after a record that was deleted returns false; without `after` it writes any rev",
    async (store) => {
      await store.save(running({ rev: 3 }));
      await store.remove("record-1");
      expectSame("save(unfinished, after 3)", await store.save(running({ rev: 4 }), 3), false);
      expectSame("save(outcome, after 3)", await store.save(settled({ rev: 4 }), 3), false);
      expectSame("load()", await store.load("record-1"), undefined);
      expectSame("save(rev 5)", await store.save(running({ rev: 5 })), true);
      expectSame("loadActive()", ids(await store.loadActive()), ["record-1"]);
    },
  ],
  [
    "the store copies: a change of what went in or came out does not change what is stored",
    async (store) => {
      const record = JSON.parse(JSON.stringify(FULL)) as Writable;
      await store.save(record);
      record.inputs[0].state = "withdrawn";
      const loaded = (await store.load("full")) as Writable;
      expectSame("load()", loaded, FULL);
      loaded.inputs[0].state = "delivered";
      const [listed] = (await store.loadActive()) as Writable[];
      if (listed) listed.inputs[0].state = "delivered";
      expectSame("load() after the changes", await store.load("full"), FULL);
      expectSame("loadActive() after the changes", await store.loadActive(), [FULL]);
    },
  ],
  [
    "save() rejects for a record that cannot be stored, and leaves the earlier one",
    async (store) => {
      await store.save(running({ rev: 1 }));
      const response = Object.defineProperty({}, "content", {
        enumerable: true,
        get() {
          throw new TypeError("This value cannot be copied");
        },
      });
      const inputs = [
        { key: "a", method: "roots/list", params: {}, askedAt: T0, state: "answered", response },
      ] as const;
      for (const broken of [running({ rev: 2, inputs }), settled({ rev: 3, inputs })]) {
        const saved = await Promise.resolve(store.save(broken)).catch(() => "rejected");
        expectSame("save() of a record that cannot be stored", saved, "rejected");
      }
      expectSame("load()", await store.load("record-1"), running({ rev: 1 }));
      expectSame("loadSettled()", await store.loadSettled(), []);
    },
  ],
  [
    "remove() deletes one record, active or settled; an unknown id is not an error",
    async (store) => {
      await store.save(running({ id: "one" }));
      await store.save(settled({ id: "two" }));
      await store.save(running({ id: "three" }));
      for (const id of ["one", "two", "nobody"]) await store.remove(id);
      expectSame("loadActive()", ids(await store.loadActive()), ["three"]);
      expectSame("loadSettled()", await store.loadSettled(), []);
      expectSame("load() of a removed id", await store.load("one"), undefined);
    },
  ],
  [
    "load() returns a long result and long arguments whole",
    async (store) => {
      const text = "0123456789abcdef".repeat(65_536);
      const call = { ...CALL, arguments: { text } };
      const long = settled({
        call,
        outcome: { kind: "completed", result: { content: [{ type: "text", text }] } },
      });
      await store.save(running({ call }));
      expectSame("loadActive() of long arguments", await store.loadActive(), [running({ call })]);
      await store.save({ ...long, rev: 2 });
      expectSame("load() of a long result", await store.load("record-1"), { ...long, rev: 2 });
      expectSame("loadSettled()", ids(await store.loadSettled()), ["record-1"]);
    },
  ],
  [
    "the store holds one session an endpoint, apart from the records",
    async (store) => {
      const session: Session = { ...SESSION, sessionId: "s-1" };
      await store.saveSession("lab", session);
      await store.saveSession("other", SESSION);
      await store.save(running({ id: "lab" }));
      expectSame("loadSession()", await store.loadSession("lab"), session);
      await store.saveSession("lab", SESSION);
      expectSame("loadSession() of the second session", await store.loadSession("lab"), SESSION);
      expectSame("loadActive()", ids(await store.loadActive()), ["lab"]);
      expectSame("load() of an endpoint's name", await store.load("other"), undefined);
    },
  ],
  [
    "ids and endpoint names are any text, the empty one included",
    async (store) => {
      const odd = ["a/b", "active/x", "settled/x", "", "\uffff", "ключ", "__proto__", "constructor"];
      for (const id of odd) await store.save(running({ id }));
      for (const id of odd) await store.saveSession(id, { ...SESSION, sessionId: id });
      expectSame("loadActive()", ids(await store.loadActive()), [...odd].sort());
      for (const id of odd) {
        expectSame(`load(${JSON.stringify(id)})`, await store.load(id), running({ id }));
        await store.remove(id);
        const session = { ...SESSION, sessionId: id };
        expectSame(`loadSession(${JSON.stringify(id)})`, await store.loadSession(id), session);
      }
      expectSame("loadActive() after the removals", await store.loadActive(), []);
    },
  ],
  [
    "a record of a later version comes back as it was saved",
    async (store) => {
      const later = {
        ...running({ id: "later" }),
        v: RECORD_VERSION + 1,
        flavour: "new",
      } as unknown as TaskRecord;
      await store.save(later);
      expectSame("load()", await store.load("later"), later);
      expectSame("loadActive()", await store.loadActive(), [later]);
    },
  ],
  [
    "outdated(), if there is one, names settled records that are too old or too many, and no others",
    async (store) => {
      if (!store.outdated) return;
      for (const age of [3, 2, 1]) await store.save(settled({ id: `${age}`, settledAt: Date.now() }));
      await store.save(running({ id: "running" }));
      const none = await store.outdated(0, 3);
      expectSame("outdated(0, 3) of three settled records", none, []);
      expectSame("outdated(0, 2) of three settled records", await store.outdated(0, 2), ["3"]);
      const all = await store.outdated(Number.MAX_SAFE_INTEGER, 3);
      expectSame("outdated(the end of time, 3)", [...all].sort(), ["1", "2", "3"]);
    },
  ],
];
