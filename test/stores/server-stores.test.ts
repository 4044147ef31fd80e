import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LeasedStore } from "../../src/store/lease-table.ts";
import { postgresStore } from "../../src/store/postgres.ts";
import { redisStore } from "../../src/store/redis.ts";
import { sqliteStore } from "../../src/store/sqlite.ts";
import { leaseContract, storeContract } from "../../src/testing/index.ts";
import { callingRecord, runningRecord, settledRecord } from "../fixtures/records.ts";
import { openStore, type StorePlace } from "./open-store.ts";
import { POSTGRES, startPostgres } from "./postgres-server.ts";
import { REDIS, startRedis } from "./redis-server.ts";

/** What all of them do, on a database in which each test has a name of its own. */
function rules(open: (name: string) => LeasedStore): void {
  let opened = 0;
  const fresh = (): LeasedStore => open(`store-${++opened}`);

  test.each([...storeContract(fresh), ...leaseContract(fresh)])("$title", ({ run }) => run());

  test("leases and messages of two names in one database know nothing of each other", async () => {
    const [one, other] = [fresh().leases, fresh().leases];
    const { position } = await other.read();
    expect(await one.take({ name: "leader", tenure: "a" }, 60_000)).toBeDefined();
    expect(await other.take({ name: "leader", tenure: "b" }, 60_000)).toBeDefined();
    await one.post("for one");
    expect((await other.read(position)).bodies).toEqual([]);
  });

  test("two names in one database know nothing of each other", async () => {
    const [one, other] = [fresh(), fresh()];
    await one.save(runningRecord({ id: "same" }));
    await other.save(callingRecord({ id: "same" }));
    await one.remove("same");
    expect(await one.loadActive()).toEqual([]);
    expect(await other.load("same")).toMatchObject({ stage: "calling" });
  });

  test("a second store of the name finds what the first one saved", async () => {
    const name = `store-${++opened}`;
    await open(name).save(runningRecord({ id: "kept" }));
    expect(await open(name).loadActive()).toMatchObject([{ id: "kept" }]);
  });

  test("of many processes that save the next rev at once, one succeeds", async () => {
    const name = `store-${++opened}`;
    const stores = Array.from({ length: 8 }, () => open(name));
    await stores[0]?.save(runningRecord({ id: "one", rev: 1 }));
    const saved = await Promise.all(
      stores.map((store) => store.save(settledRecord({ id: "one", rev: 2 }), 1)),
    );
    expect(saved.filter(Boolean)).toHaveLength(1);
  });
}

/** What a database says of its own accord. */
function listening(place: () => StorePlace): void {
  test("a process that listens is woken by a message of another", async () => {
    const opened = await openStore(place(), "listening");
    let woken = 0;
    await opened.listen?.(() => {
      woken++;
    });
    await opened.store.leases.post("news");
    await expect.poll(() => woken).toBeGreaterThan(0);
    await opened.close();
  });
}

describe("sqliteStore in a file of node:sqlite", () => {
  const database = new DatabaseSync(":memory:");
  afterAll(() => database.close());
  rules((name) => sqliteStore(database, { name }));
});

describe.skipIf(!POSTGRES)("postgresStore in a PostgreSQL of Debian, through a Pool of pg", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    server = await startPostgres(POSTGRES ?? "");
  });
  afterAll(() => server.stop());
  rules((name) => postgresStore(server.pool, { name }));
  listening(() => server.place);
});

describe.skipIf(!REDIS)("redisStore in a Redis of Debian, through the client of redis", () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  beforeAll(async () => {
    server = await startRedis(REDIS ?? "");
  });
  afterAll(() => server.stop());
  rules((name) =>
    redisStore((script, keys, values) => server.client.eval(script, { keys, arguments: values }), { name }),
  );
  listening(() => server.place);
});
