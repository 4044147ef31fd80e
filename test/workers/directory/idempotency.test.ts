import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { admitted, ask, inDirectory, keyed, limits } from "./directory-lab.ts";
import { FakeGroups } from "./fake-groups.ts";

const NOW = 1_800_000_000_000;
const DAY = 86_400_000;
const CONFLICT = { ok: false, code: "idempotency-conflict", retryAfterMs: 0 };

let count = 0;
let principal: string;
let groups: FakeGroups;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  count += 1;
  principal = `keys-${count}`;
  groups = new FakeGroups();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a key that was used before", () => {
  const wish = ask(keyed("key-1", "body-a"));

  it("gives the same task to the same request, also after an eviction", async () => {
    const stub = env.PRINCIPALS.getByName(principal);
    const first = admitted(await stub.admit(wish));
    expect(first.repeated).toBe(false);
    expect(await stub.admit(wish)).toEqual({ ...first, repeated: true });
    await evictDurableObject(stub);
    expect(await stub.admit(wish)).toEqual({ ...first, repeated: true });
    expect(admitted(await stub.admit(ask(keyed("key-2", "body-a")))).id).not.toBe(first.id);
    expect(admitted(await stub.admit(ask())).id).not.toBe(first.id);
  });

  it("is a conflict for any other request, also after an eviction", async () => {
    const stub = env.PRINCIPALS.getByName(principal);
    const first = admitted(await stub.admit(wish));
    for (const evict of [false, true]) {
      if (evict) await evictDurableObject(stub);
      expect(await stub.admit(ask(keyed("key-1", "body-b")))).toEqual(CONFLICT);
      expect(await stub.admit({ ...wish, endpoint: "other" })).toEqual(CONFLICT);
    }
    expect(await stub.admit(wish)).toEqual({ ...first, repeated: true });
    expect(await stub.groups()).toEqual([{ endpoint: "papers", shard: 0 }]);
  });

  it("of twenty requests at once starts one task", () =>
    inDirectory(principal, groups, async (directory) => {
      // The groups are asked in between, since the limit is reached by the first.
      const admissions = await Promise.all(
        Array.from({ length: 20 }, () => directory.admit({ ...wish, ...limits(1) })),
      );
      const calls = admissions.map(admitted);
      expect(new Set(calls.map(({ id }) => id)).size).toBe(1);
      expect(calls.filter(({ repeated }) => !repeated)).toHaveLength(1);
    }));

  it("of requests at once that wait for the groups starts one task", async () => {
    await inDirectory(principal, groups, async (directory) => {
      groups.start(admitted(await directory.admit(ask())).id);
    });
    await inDirectory(principal, groups, async (directory) => {
      const calls = (await Promise.all([1, 2, 3].map(() => directory.admit(wish)))).map(admitted);
      expect(groups.asked).toHaveLength(1);
      expect(new Set(calls.map(({ id }) => id)).size).toBe(1);
      expect(calls.map(({ repeated }) => repeated)).toEqual([false, true, true]);
    });
  });

  it("is nobody else's", async () => {
    const first = admitted(await env.PRINCIPALS.getByName(principal).admit(wish));
    const other = admitted(await env.PRINCIPALS.getByName(`${principal}-other`).admit(wish));
    expect(other.repeated).toBe(false);
    expect(other.id).not.toBe(first.id);
  });

  it("is not held up by limits: nothing is started", () =>
    inDirectory(principal, groups, async (directory) => {
      const last = { ...wish, ...limits(1, 1) };
      const first = admitted(await directory.admit(last));
      groups.start(first.id);
      expect(
        await directory.admit({ ...last, idempotency: { key: "key-2", fingerprint: "x" } }),
      ).toMatchObject({
        ok: false,
      });
      expect(await directory.admit(last)).toEqual({ ...first, repeated: true });
    }));

  it("is not used up by a call that was refused", () =>
    inDirectory(principal, groups, async (directory) => {
      const one = ask(limits(1));
      const { id } = admitted(await directory.admit(one));
      groups.start(id);
      expect((await directory.admit({ ...one, ...keyed("key-1", "body-a") })).ok).toBe(false);
      groups.settle(id);
      expect(admitted(await directory.admit({ ...one, ...keyed("key-1", "body-b") })).repeated).toBe(false);
    }));

  it.each(["'; DROP TABLE idempotency_keys; --", "__proto__", " ", "~".repeat(255), "%", "_"])(
    "may be any text: %s",
    async (key) => {
      const stub = env.PRINCIPALS.getByName(principal);
      const first = admitted(await stub.admit(ask(keyed(key, "body-a"))));
      expect(await stub.admit(ask(keyed(key, "body-a")))).toEqual({ ...first, repeated: true });
      expect(admitted(await stub.admit(ask(keyed(`${key}x`, "body-a")))).repeated).toBe(false);
    },
  );
});

describe("after a day", () => {
  it("a key is free again, and not a moment before", async () => {
    const stub = env.PRINCIPALS.getByName(principal);
    const first = admitted(await stub.admit(ask(keyed("key", "body-a"))));
    vi.setSystemTime(NOW + DAY - 1);
    expect(await stub.admit(ask(keyed("key", "body-a")))).toEqual({ ...first, repeated: true });
    vi.setSystemTime(NOW + DAY);
    const second = admitted(await stub.admit(ask(keyed("key", "body-b"))));
    expect([second.repeated, second.id === first.id]).toEqual([false, false]);
    expect(await stub.admit(ask(keyed("key", "body-a")))).toEqual(CONFLICT);
  });

  it("keys are deleted by the alarm, until none is left", async () => {
    const stub = env.PRINCIPALS.getByName(principal);
    const keys = () =>
      inDirectory(principal, groups, async (_, { storage }) => ({
        keys: storage.sql
          .exec<{ key: string }>("SELECT key FROM idempotency_keys ORDER BY key")
          .toArray()
          .map(({ key }) => key),
        alarm: (await storage.getAlarm()) !== null,
      }));
    await stub.admit(ask(keyed("old", "body")));
    expect(await keys()).toEqual({ keys: ["old"], alarm: true });
    vi.setSystemTime(NOW + DAY / 2);
    await stub.admit(ask(keyed("young", "body")));

    vi.setSystemTime(NOW + DAY);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await keys()).toEqual({ keys: ["young"], alarm: true });
    vi.setSystemTime(NOW + 1.5 * DAY);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await keys()).toEqual({ keys: [], alarm: false });
  });
});
