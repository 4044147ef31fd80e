import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { admitted, ask, inDirectory } from "./directory-lab.ts";
import { FakeGroups } from "./fake-groups.ts";

const ID = /^papers\.(\d+)\.[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let count = 0;
let principal: string;
let groups: FakeGroups;

beforeEach(() => {
  count += 1;
  principal = `shards-${count}`;
  groups = new FakeGroups();
});

describe("the id of an admitted call", () => {
  it("says where its task is, and is later than those before it", async () => {
    const stub = env.PRINCIPALS.getByName(principal);
    const ids: string[] = [];
    for (let call = 0; call < 100; call += 1) {
      const { id, shard, repeated } = admitted(await stub.admit(ask()));
      expect([ID.exec(id)?.[1], shard, repeated]).toEqual(["0", 0, false]);
      ids.push(id);
    }
    expect(ids).toEqual([...new Set(ids)].sort());
  });
});

describe("shards", () => {
  const two = ask({ shardCeiling: 2 });

  it("fill one after the other, and are used again from the first before another is opened", () =>
    inDirectory(principal, groups, async (directory) => {
      const open = async () => {
        const { id, shard } = admitted(await directory.admit(two));
        groups.start(id);
        return { id, shard };
      };
      const calls = [await open(), await open(), await open(), await open(), await open()];
      expect(calls.map(({ shard }) => shard)).toEqual([0, 0, 1, 1, 2]);
      groups.settle(calls[0]?.id ?? "");
      groups.settle(calls[3]?.id ?? "");
      // The last one has room still: nobody was asked, and nothing is known of the others' room.
      expect((await open()).shard).toBe(2);
      expect([(await open()).shard, (await open()).shard, (await open()).shard]).toEqual([0, 1, 3]);
      expect(await directory.groups()).toEqual([0, 1, 2, 3].map((shard) => ({ endpoint: "papers", shard })));
    }));

  it("are the endpoint's own", () =>
    inDirectory(principal, groups, async (directory) => {
      for (const endpoint of ["papers", "papers", "other"])
        groups.start(admitted(await directory.admit({ ...two, endpoint })).id);
      expect(admitted(await directory.admit({ ...two, endpoint: "other" })).shard).toBe(0);
      expect(admitted(await directory.admit(two)).shard).toBe(1);
    }));

  it("of many calls at once none gets more than its ceiling", () =>
    inDirectory(principal, groups, async (directory) => {
      const calls = await Promise.all(Array.from({ length: 11 }, () => directory.admit(two)));
      const shards = calls.map((call) => admitted(call).shard);
      expect(shards.sort()).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5]);
    }));

  it("are known after a restart, and so is how full they are", async () => {
    await inDirectory(principal, groups, async (directory) => {
      for (let call = 0; call < 3; call += 1) groups.start(admitted(await directory.admit(two)).id);
    });
    await inDirectory(principal, groups, async (directory) => {
      expect(await directory.groups()).toEqual([
        { endpoint: "papers", shard: 0 },
        { endpoint: "papers", shard: 1 },
      ]);
      expect(admitted(await directory.admit(two)).shard).toBe(1);
    });
  });

  it("cost a row each, and a call costs none that stays", async () => {
    const stub = env.PRINCIPALS.getByName(principal);
    for (let call = 0; call < 50; call += 1) admitted(await stub.admit(ask()));
    await evictDurableObject(stub);
    expect(await stub.groups()).toEqual([{ endpoint: "papers", shard: 0 }]);
    await inDirectory(principal, groups, async (_, { storage }) => {
      expect([...storage.kv.list()]).toHaveLength(1);
      expect(storage.sql.exec("SELECT count(*) AS rows FROM groups").one()).toEqual({ rows: 1 });
      expect(storage.sql.exec("SELECT count(*) AS rows FROM idempotency_keys").one()).toEqual({ rows: 0 });
      expect(await storage.getAlarm()).toBeNull();
    });
  });
});

describe("a shard's memory", () => {
  const MB = 1_000_000;
  const wish = (weight: number) => ask({ shardBytes: 10 * MB, weight });

  it("takes calls up to its bytes, with what is reserved for their questions; the next one opens a shard", () =>
    inDirectory(principal, groups, async (directory) => {
      const shards: number[] = [];
      for (let call = 0; call < 5; call++) {
        const { id, shard } = admitted(await directory.admit(wish(3 * MB)));
        groups.start(id, 3 * MB);
        shards.push(shard);
      }
      expect(shards).toEqual([0, 0, 0, 1, 1]);
      // Small calls go where there is room for them.
      expect(admitted(await directory.admit(wish(2))).shard).toBe(1);
    }));

  it("takes fewer calls where its tasks hold more than they were admitted with", () =>
    inDirectory(principal, groups, async (directory) => {
      groups.start(admitted(await directory.admit(wish(2))).id, 9.5 * MB);
      const next = await inDirectory(principal, groups, (later) => later.admit(wish(MB)));
      expect(admitted(next).shard).toBe(1);
    }));

  it("counts calls that have not reached their group", () =>
    inDirectory(principal, groups, async (directory) => {
      const calls = await Promise.all(Array.from({ length: 6 }, () => directory.admit(wish(4 * MB))));
      expect(calls.map((call) => admitted(call).shard).sort()).toEqual([0, 0, 1, 1, 2, 2]);
    }));

  it("has a place for a call that is heavier than all of it", () =>
    inDirectory(principal, groups, async (directory) => {
      groups.start(admitted(await directory.admit(wish(2))).id);
      expect(admitted(await directory.admit(wish(20 * MB))).shard).toBe(1);
    }));

  it("is free again when a task has settled", () =>
    inDirectory(principal, groups, async (directory) => {
      const { id } = admitted(await directory.admit(wish(9 * MB)));
      groups.start(id, 9 * MB);
      groups.settle(id);
      expect(admitted(await directory.admit(wish(9 * MB))).shard).toBe(0);
    }));
});
