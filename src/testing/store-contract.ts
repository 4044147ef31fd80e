import { RECORD_VERSION, type RecordedCall, type TaskRecord } from "../engine/record.ts";
import { sameJson } from "../protocol/json.ts";
import type { Session } from "../protocol/session.ts";
import type { TaskStore } from "../store/task-store.ts";

/** One rule that a {@link TaskStore} must keep. */
export interface StoreCase {
  /** A sentence for the title of a test. */
  readonly title: string;
  /** Rejects with an Error that says what the store did if it breaks the rule. */
  readonly run: () => Promise<void>;
}

/**
 * Returns what every TaskStore must do, one case a rule, for the test runner of your choice.
 * @param open Opens a new, empty store. Each case calls it once.
 * @example
 * for (const { title, run } of storeContract(() => myStore())) test(title, run);
 */
export function storeContract(open: () => TaskStore | Promise<TaskStore>): readonly StoreCase[] {
  return RULES.map(([title, rule]) => ({ title, run: async () => rule(await open()) }));
}

type Rule = (store: TaskStore) => Promise<void>;

const RULES: readonly (readonly [title: string, rule: Rule])[] = [
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

/** When the records of the rules begin: ms since 1970. */
const T0 = Date.parse("2026-08-01T12:00:00.000Z");

const SESSION: Session = {
  generation: "2026-07-28",
  protocolVersion: "2026-07-28",
  serverCapabilities: { tools: {} },
  tools: { weather: { taskSupport: "optional", repeatable: true } },
};

const CALL: RecordedCall = {
  name: "weather",
  arguments: { city: "Oslo", days: [1, null, { "": "ключ" }] },
  asTask: true,
  recovery: "none",
  rounds: 0,
};

/** A record with every kind of field. */
const FULL: TaskRecord = running({
  id: "full",
  rev: 7,
  immediateResponse: "On its way.",
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
  call: { ...CALL, ttlMs: 1, headers: { "Mcp-Param-A": "1" }, requestState: "opaque", rounds: 2 },
});

type Writable = TaskRecord & { inputs: [{ state: string }] };

export function running(fields: Partial<TaskRecord>): TaskRecord {
  return {
    v: RECORD_VERSION,
    rev: 1,
    id: "record-1",
    endpoint: "lab",
    generation: "2026-07-28",
    stage: "running",
    createdAt: T0,
    acceptedAt: T0,
    taskId: "task-1",
    inputs: [],
    call: CALL,
    ...fields,
  };
}

export function settled(fields: Partial<TaskRecord>): TaskRecord {
  const result = { content: [{ type: "text", text: "done" }] };
  return running({
    stage: "settled",
    settledAt: T0 + 5_000,
    outcome: { kind: "completed", result },
    ...fields,
  });
}

function ids(records: readonly unknown[]): string[] {
  return records.map((record) => (record as TaskRecord).id).sort();
}

export function expectSame(what: string, actual: unknown, expected: unknown): void {
  if (sameJson(actual, expected)) return;
  throw new Error(`${what} returned ${shown(actual)}. The contract asks for ${shown(expected)}`);
}

function shown(value: unknown): string {
  const text = String(JSON.stringify(value));
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}
