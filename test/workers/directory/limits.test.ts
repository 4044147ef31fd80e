import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PrincipalDirectory } from "../../../worker/directory/principal-directory.ts";
import type { AdmissionAsk } from "../../../worker/directory/principal-directory-rpc.ts";
import { admitted, ask, inDirectory, limits } from "./directory-lab.ts";
import { FakeGroups } from "./fake-groups.ts";

const NOW = 1_800_000_000_000;

let count = 0;
let principal: string;
let groups: FakeGroups;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  count += 1;
  principal = `limits-${count}`;
  groups = new FakeGroups();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Admits and starts as many calls as are let in. Gives their ids. */
async function fill(directory: PrincipalDirectory, wish: AdmissionAsk, calls: number): Promise<string[]> {
  const ids: string[] = [];
  for (let call = 0; call < calls; call += 1) {
    const { id } = admitted(await directory.admit(wish));
    groups.start(id);
    ids.push(id);
  }
  return ids;
}

describe("calls a minute", () => {
  const tenAMinute = ask(limits(1000, 10));
  const refused = (retryAfterMs: number) => ({ ok: false, code: "calls-a-minute", retryAfterMs });

  it("allow a minute's worth at once, then one as each comes back, and retryAfterMs is exact", () =>
    inDirectory(principal, groups, async (directory) => {
      await fill(directory, tenAMinute, 10);
      expect(await directory.admit(tenAMinute)).toEqual(refused(6000));
      vi.setSystemTime(NOW + 4500);
      expect(await directory.admit(tenAMinute)).toEqual(refused(1500));
      vi.setSystemTime(NOW + 5999);
      expect(await directory.admit(tenAMinute)).toEqual(refused(1));
      vi.setSystemTime(NOW + 6000);
      await fill(directory, tenAMinute, 1);
      expect(await directory.admit(tenAMinute)).toEqual(refused(6000));
      // What was not used comes back, and no more than a minute's worth.
      vi.setSystemTime(NOW + 3_600_000);
      await fill(directory, tenAMinute, 10);
      expect(await directory.admit(tenAMinute)).toEqual(refused(6000));
    }));

  it.each([1, 7, 600, 60_000])("%d a minute are that many, to the call", (callsPerMinute) =>
    inDirectory(principal, groups, async (directory) => {
      const wish = ask(limits(Number.MAX_SAFE_INTEGER, callsPerMinute));
      const tried = Math.min(callsPerMinute, 2000);
      vi.setSystemTime(NOW);
      for (let call = 0; call < tried; call += 1) admitted(await directory.admit(wish));
      const next = await directory.admit(wish);
      expect(next.ok).toBe(tried < callsPerMinute);
    }),
  );

  it("are not given again by an eviction", async () => {
    const stub = env.PRINCIPALS.getByName(principal);
    for (let call = 0; call < 10; call += 1) expect((await stub.admit(tenAMinute)).ok).toBe(true);
    expect(await stub.admit(tenAMinute)).toEqual(refused(6000));
    await evictDurableObject(stub);
    expect(await stub.admit(tenAMinute)).toEqual(refused(6000));
    vi.setSystemTime(NOW + 6000);
    await evictDurableObject(stub);
    expect((await stub.admit(tenAMinute)).ok).toBe(true);
    expect((await stub.admit(tenAMinute)).ok).toBe(false);
  });

  it("are of one principal, over all its endpoints", async () => {
    await inDirectory(principal, groups, async (directory) => {
      await fill(directory, tenAMinute, 5);
      await fill(directory, { ...tenAMinute, endpoint: "other" }, 5);
      expect(await directory.admit({ ...tenAMinute, endpoint: "third" })).toEqual(refused(6000));
    });
    await inDirectory(`${principal}-other`, groups, async (directory) => {
      await fill(directory, tenAMinute, 10);
    });
  });

  it("a clock set back keeps nobody out for longer than a minute", () =>
    inDirectory(principal, groups, async (directory) => {
      await fill(directory, tenAMinute, 10);
      vi.setSystemTime(NOW - 86_400_000);
      expect(await directory.admit(tenAMinute)).toEqual(refused(6000));
      vi.setSystemTime(NOW - 86_400_000 + 6000);
      await fill(directory, tenAMinute, 1);
    }));
});

describe("calls lent to isolates", () => {
  const loan = (wish: AdmissionAsk, most: number, lent = 0) => ({ ...wish, most, lent });

  it("take no memory of a group: it is asked for its load no sooner, and no other group is opened", () =>
    inDirectory(principal, groups, async (directory) => {
      // Room for four tasks.
      const wish = ask({ ...limits(100_000, 60_000), shardBytes: 1_048_600 });
      await fill(directory, wish, 3);
      const asked = groups.asked.length;
      for (let lent = 0; lent < 10_000; lent += 500)
        expect(await directory.lend(loan(wish, 500, lent))).toBe(500);
      expect(admitted(await directory.admit(wish)).shard).toBe(0);
      expect(groups.asked).toHaveLength(asked);
    }));

  it("count for the minute, a thirty-second part of its calls at a time, and stop once half are taken", () =>
    inDirectory(principal, groups, async (directory) => {
      const wish = ask(limits(100_000, 640));
      let lent = 0;
      for (;;) {
        const calls = await directory.lend(loan(wish, 1_000));
        if (calls === 0) break;
        expect(calls).toBe(20);
        lent += calls;
      }
      expect(lent).toBeGreaterThanOrEqual(320);
      expect(lent).toBeLessThanOrEqual(340);
      let more = 0;
      while ((await directory.admit(wish)).ok) more += 1;
      expect(lent + more).toBe(640);
    }));

  it("are in flight until the group says that they were made", () =>
    inDirectory(principal, groups, async (directory) => {
      const wish = ask(limits(64));
      await fill(directory, wish, 32);
      expect(await directory.lend(loan(wish, 1_000))).toBe(1);
      groups.lent = 1;
      await fill(directory, wish, 31);
      expect(await directory.admit(wish)).toEqual({ ok: false, code: "calls-in-flight", retryAfterMs: 5000 });
      expect(await directory.lend(loan(wish, 1_000, 1))).toBe(0);
      groups.lent = 0;
      await fill(directory, wish, 1);
    }));

  it("are counted with the tasks that an evicted directory does not know of", () =>
    inDirectory(principal, groups, async (first, state) => {
      const wish = ask(limits(64));
      await fill(first, wish, 64);
      const again = new PrincipalDirectory(state, { TASK_GROUP: groups, METRICS: env.METRICS });
      expect(await again.lend(loan(wish, 10))).toBe(0);
    }));
});

describe("calls in flight", () => {
  const three = ask(limits(3));
  const REFUSED = { ok: false, code: "calls-in-flight", retryAfterMs: 5000 };

  it("are refused beyond the limit, and let in as soon as one has settled", () =>
    inDirectory(principal, groups, async (directory) => {
      const [first = ""] = await fill(directory, three, 3);
      expect(await directory.admit(three)).toEqual(REFUSED);
      groups.settle(first);
      await fill(directory, three, 1);
      expect(await directory.admit(three)).toEqual(REFUSED);
    }));

  it("are counted over all endpoints", () =>
    inDirectory(principal, groups, async (directory) => {
      await fill(directory, three, 2);
      await fill(directory, { ...three, endpoint: "other" }, 1);
      expect(await directory.admit({ ...three, endpoint: "third" })).toEqual(REFUSED);
      expect(await directory.groups()).toEqual([
        { endpoint: "other", shard: 0 },
        { endpoint: "papers", shard: 0 },
      ]);
    }));

  it("of many at once as many are let in as there is room for, though none has reached its group", () =>
    inDirectory(principal, groups, async (directory) => {
      const all = await Promise.all(Array.from({ length: 50 }, () => directory.admit(three)));
      expect(all.filter(({ ok }) => ok)).toHaveLength(3);
      expect(all.filter(({ ok }) => !ok)).toEqual(Array(47).fill(REFUSED));
      for (const admission of all) if (admission.ok) groups.start(admission.id);
      expect(await directory.admit(three)).toEqual(REFUSED);
    }));

  it("are counted also when they are admitted while the groups answer", () =>
    inDirectory(principal, groups, async (directory) => {
      const papers = { ...three, shardCeiling: 1 };
      const other = { ...three, endpoint: "other" };
      await fill(directory, papers, 1);
      await fill(directory, other, 1);
      let answer = (): void => {};
      groups.delay = new Promise((resolve) => {
        answer = resolve;
      });
      const waits = directory.admit(papers);
      await fill(directory, other, 1);
      answer();
      expect(await waits).toEqual(REFUSED);
    }));

  it("are not counted any more when they never reached their group", () =>
    inDirectory(principal, groups, async (directory) => {
      for (let call = 0; call < 3; call += 1) admitted(await directory.admit(three));
      vi.setSystemTime(NOW + 4999);
      expect(await directory.admit(three)).toEqual(REFUSED);
      vi.setSystemTime(NOW + 5000);
      await fill(directory, three, 3);
      expect(await directory.admit(three)).toEqual(REFUSED);
    }));

  it("are known after a restart: the groups are asked", async () => {
    await inDirectory(principal, groups, (directory) => fill(directory, three, 3));
    await inDirectory(principal, groups, async (directory) => {
      expect(groups.asked).toEqual([]);
      expect(await directory.admit(three)).toEqual(REFUSED);
      expect(groups.asked).toEqual([JSON.stringify([principal, "papers", 0])]);
    });
  });

  it("the groups are asked once a life while there is room", () =>
    inDirectory(principal, groups, async (directory) => {
      await fill(directory, ask(), 100);
      expect(groups.asked).toEqual([]);
    }));

  it("a group that cannot be asked keeps the count it had, and the others their calls", () =>
    inDirectory(principal, groups, async (directory) => {
      const [first = ""] = await fill(directory, three, 2);
      await fill(directory, { ...three, endpoint: "other" }, 1);
      groups.broken.add(JSON.stringify([principal, "other", 0]));
      expect(await directory.admit(three)).toEqual(REFUSED);
      groups.settle(first);
      await fill(directory, three, 1);
      expect(await directory.admit(three)).toEqual(REFUSED);
    }));

  it("insisting uses up the calls of the minute, so that the groups are not asked without end", () =>
    inDirectory(principal, groups, async (directory) => {
      const wish = ask(limits(1, 10));
      await fill(directory, wish, 1);
      for (let call = 0; call < 9; call += 1) expect(await directory.admit(wish)).toEqual(REFUSED);
      const asked = groups.asked.length;
      expect(await directory.admit(wish)).toMatchObject({ ok: false, code: "calls-a-minute" });
      expect(groups.asked).toHaveLength(asked);
    }));
});
