import type { Lease, LeasedStore } from "../store/lease-table.ts";
import { casesOf, expectSame, type Rules, type StoreCase } from "./contract-case.ts";
import { running, settled } from "./contract-records.ts";

/**
 * Returns what every LeasedStore must do beyond the contract of a TaskStore, one case a rule, for the test runner of your choice.
 * @param open Opens a new, empty store. Each case calls it once.
 * @example
 * import { DatabaseSync } from "node:sqlite";
 * for (const { title, run } of leaseContract(() => sqliteStore(new DatabaseSync(":memory:")))) test(title, run);
 */
export function leaseContract(open: () => LeasedStore | Promise<LeasedStore>): readonly StoreCase[] {
  return casesOf(RULES, open);
}

/** Longer than any rule takes, in ms. */
const LONG = 600_000;

const lease = (tenure: string, name = "leader"): Lease => ({ name, tenure });

const isTaken = (at: number | undefined): boolean => at !== undefined;

/** Resolves once all leases, but perhaps one, have expired by the store's clock. */
async function expired({ leases }: LeasedStore, but?: string): Promise<void> {
  while ((await leases.held()).some((name) => name !== but));
}

const RULES: Rules<LeasedStore> = [
  [
    "take() of a lease that another tenure holds resolves with undefined, and with the store's time once it was released",
    async ({ leases }) => {
      expectSame("take()", isTaken(await leases.take(lease("a"), LONG)), true);
      expectSame("take() of a held lease", await leases.take(lease("b"), LONG), undefined);
      expectSame("take() of another lease", isTaken(await leases.take(lease("c", "call"), LONG)), true);
      await leases.release(lease("a"));
      const at = (await leases.take(lease("b"), LONG)) ?? 0;
      expectSame("take() of a released lease, as ms since 1970", Math.abs(at - Date.now()) < LONG, true);
    },
  ],
  [
    "take() of an expired lease succeeds, and take() with `steal` of any",
    async (store) => {
      const { leases } = store;
      await leases.take(lease("a"), 1);
      await expired(store);
      expectSame("take() of an expired lease", isTaken(await leases.take(lease("b"), LONG)), true);
      expectSame("take() with steal", isTaken(await leases.take(lease("c"), LONG, true)), true);
      expectSame("renew() of a stolen lease", await leases.renew([lease("b")], LONG), []);
    },
  ],
  [
    "of many that take a lease at once, one succeeds",
    async ({ leases }) => {
      const takers = Array.from({ length: 12 }, (_, index) => leases.take(lease(`${index}`), LONG));
      expectSame("successes", (await Promise.all(takers)).filter(isTaken).length, 1);
    },
  ],
  [
    "renew() extends leases, also one that expired and that nobody took; it names no others",
    async (store) => {
      const { leases } = store;
      await leases.take(lease("a"), 1);
      await expired(store);
      const many = Array.from({ length: 200 }, (_, index) => lease(`t${index}`, `call/${index}`));
      for (const call of many.slice(0, 120)) await leases.take(call, LONG);
      const renewed = await leases.renew([lease("a"), ...many], LONG);
      expectSame("renewed", renewed.length, 121);
      expectSame("held()", (await leases.held()).includes("leader"), true);
      expectSame("renew() of a stranger", await leases.renew([lease("b")], LONG), []);
    },
  ],
  [
    "release() of a lease that another tenure holds leaves it",
    async ({ leases }) => {
      await leases.take(lease("a"), LONG);
      await leases.release(lease("b"));
      expectSame("held()", await leases.held(), ["leader"]);
      await leases.release(lease("a"));
      expectSame("held() after the holder's release()", await leases.held(), []);
    },
  ],
  [
    "save() with a fence writes only if one of its tenures has its lease, even if it has expired",
    async (store) => {
      const { leases, save } = store;
      expectSame("save() without the lease", await save(running({}), undefined, [lease("a")]), false);
      await leases.take(lease("a"), 1);
      await expired(store);
      const fence = [lease("z", "call"), lease("a")];
      expectSame("save() of a new record", await save(running({}), undefined, fence), true);
      expectSame("save() of the next", await save(running({ rev: 2 }), 1, fence), true);
      await leases.take(lease("b"), LONG);
      expectSame("save() after another took the lease", await save(running({ rev: 3 }), 2, fence), false);
      expectSame("save() of an outcome then", await save(settled({ rev: 3 }), 2, fence), false);
      expectSame("load()", await store.load("record-1"), running({ rev: 2 }));
      expectSame("save() by the other", await save(running({ rev: 3 }), 2, [lease("b")]), true);
      await leases.release(lease("b"));
      expectSame("save() after a release()", await save(running({ rev: 4 }), 3, [lease("b")]), false);
    },
  ],
  [
    "save() with a fence still refuses what another process superseded",
    async (store) => {
      await store.leases.take(lease("a"), LONG);
      const save = (rev: number, after: number): Promise<boolean> =>
        store.save(running({ rev }), after, [lease("a")]);
      expectSame("save() after a record that is not stored", await save(2, 1), false);
      await store.save(running({ rev: 2 }));
      expectSame("save() after another rev", await save(3, 1), false);
      expectSame("save() after the stored rev", await save(3, 2), true);
    },
  ],
  [
    "read() returns what was posted after a position, in order and once",
    async ({ leases }) => {
      await leases.post("before");
      const { position, bodies } = await leases.read();
      expectSame("messages of read() without a position", bodies, []);
      expectSame("read() of no news", await leases.read(position), { position, bodies: [] });
      for (const body of ["1", "2", '{"ключ":"\'"}']) await leases.post(body);
      const first = await leases.read(position);
      expectSame("read()", first.bodies, ["1", "2", '{"ключ":"\'"}']);
      await leases.post("4");
      expectSame("read() of the rest", (await leases.read(first.position)).bodies, ["4"]);
    },
  ],
  [
    "read() misses nothing of what several processes post at once",
    async ({ leases }) => {
      let { position } = await leases.read();
      const found: string[] = [];
      let posting = true;
      const posts = Promise.all(Array.from({ length: 60 }, (_, index) => leases.post(`${index}`)));
      const ended = posts.finally(() => {
        posting = false;
      });
      for (let last = false; !last; ) {
        last = !posting;
        const news = await leases.read(position);
        position = news.position;
        found.push(...news.bodies);
      }
      await ended;
      expectSame("messages", found.length, 60);
      expectSame("different messages", new Set(found).size, 60);
    },
  ],
  [
    "prune() deletes old messages and leases that expired long ago; positions stay valid",
    async (store) => {
      const { leases } = store;
      const { position } = await leases.read();
      await leases.post("old");
      await leases.take(lease("a"), 1);
      await leases.take(lease("b", "call"), LONG);
      await expired(store, "call");
      await leases.prune(LONG);
      expectSame("read() after prune() of what is older", (await leases.read(position)).bodies, ["old"]);
      const from = Date.now();
      do await leases.prune(0);
      while (Date.now() - from < 5);
      await leases.prune(0);
      expectSame("read() after prune() of all", (await leases.read(position)).bodies, []);
      expectSame("renew() of what expired", await leases.renew([lease("a")], LONG), []);
      expectSame("renew() of what did not", await leases.renew([lease("b", "call")], LONG), ["b"]);
      await leases.post("new");
      expectSame("read() of the next", (await leases.read(position)).bodies, ["new"]);
    },
  ],
];
