import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import {
  type EventAsk,
  EventSubscriptions,
  MAX_SUBSCRIPTIONS,
} from "../../../worker/directory/event-subscriptions.ts";
import { ask, inDirectory } from "./directory-lab.ts";
import { FakeGroups } from "./fake-groups.ts";

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function asked(but: Partial<EventAsk> = {}): EventAsk {
  return {
    ...{ id: "sub_1", name: "task.completed", filter: {}, url: "https://hooks.example/1" },
    ...{ secret: "whsec_one", ttlMs: HOUR },
    ...but,
  };
}

function inStorage(use: (subscriptions: EventSubscriptions, kv: SyncKvStorage) => void): Promise<void> {
  return runInDurableObject(env.PRINCIPALS.getByName(crypto.randomUUID()), (_directory, { storage }) =>
    use(new EventSubscriptions(storage.kv), storage.kv),
  );
}

test("a subscription that is not renewed ends, and leaves nothing behind", () =>
  inStorage((subscriptions, kv) => {
    subscriptions.renew(asked(), NOW);
    subscriptions.renew(asked(), NOW + HOUR / 2);
    expect(subscriptions.of("papers", NOW + HOUR)).toHaveLength(1);
    expect(subscriptions.of("papers", NOW + 2 * HOUR)).toEqual([]);
    expect([...kv.list({ prefix: "event-subscription:" })]).toEqual([]);
    expect(subscriptions.remove("sub_1", NOW + 2 * HOUR)).toBe(false);
  }));

test("expired subscriptions do not count against the limit, and neither does a renewal", () =>
  inStorage((subscriptions) => {
    for (let n = 0; n < MAX_SUBSCRIPTIONS; n++) subscriptions.renew(asked({ id: `sub_${n}` }), NOW);
    expect(subscriptions.renew(asked({ id: "sub_more" }), NOW)).toBeUndefined();
    expect(subscriptions.renew(asked({ id: "sub_3" }), NOW)?.isNew).toBe(false);
    expect(subscriptions.renew(asked({ id: "sub_more" }), NOW + HOUR)?.isNew).toBe(true);
  }));

test("a subscription of one server is not one of another's", () =>
  inStorage((subscriptions) => {
    subscriptions.renew(asked({ filter: { endpoint: "papers" } }), NOW);
    expect(subscriptions.of("papers", NOW)).toHaveLength(1);
    expect(subscriptions.of("others", NOW)).toEqual([]);
  }));

test("a callback is verified for as long as a subscription to it lasts", () =>
  inStorage((subscriptions) => {
    const { url } = asked();
    subscriptions.renew(asked(), NOW);
    expect(subscriptions.admit("sub_2", url, NOW + 1)).toMatchObject({ isVerified: true });
    expect(subscriptions.admit("sub_2", "https://hooks.example/2", NOW)).toMatchObject({ isVerified: false });
    expect(subscriptions.admit("sub_2", url, NOW + HOUR)).toMatchObject({ isVerified: false });
  }));

test("a secret that is replaced signs for ten minutes more", () =>
  inStorage((subscriptions) => {
    expect(subscriptions.renew(asked(), NOW)?.subscription.secrets).toEqual(["whsec_one"]);
    const rotated = subscriptions.renew(asked({ secret: "whsec_two" }), NOW)?.subscription;
    expect(rotated).toMatchObject({ secrets: ["whsec_two", "whsec_one"], rotatedUntil: NOW + 600_000 });
    // Renewed meanwhile, it goes on as long and no longer.
    const renewed = subscriptions.renew(asked({ secret: "whsec_two" }), NOW + 60_000)?.subscription;
    expect(renewed).toMatchObject({ secrets: ["whsec_two", "whsec_one"], rotatedUntil: NOW + 600_000 });
  }));

test("a cursor counts for a subscription that has lapsed, within what may be replayed", () =>
  inStorage((subscriptions) => {
    const from = (id: string, cursor: string, maxAgeMs?: number) => {
      const renewed = subscriptions.renew(
        asked({ id, cursor, ...(maxAgeMs !== undefined && { maxAgeMs }) }),
        NOW,
      );
      return [renewed?.replayFrom, renewed?.truncated];
    };
    expect(from("sub_1", String(NOW - DAY))).toEqual([NOW - DAY, false]);
    expect(from("sub_1", String(NOW - 2 * DAY)), "an active one").toEqual([undefined, false]);
    expect(from("sub_2", String(NOW - 30 * DAY))).toEqual([NOW - 7 * DAY, true]);
    expect(from("sub_3", String(NOW - DAY), HOUR)).toEqual([NOW - HOUR, true]);
    expect(from("sub_4", String(NOW + DAY)), "of the future").toEqual([NOW, false]);
    expect(from("sub_5", "not a cursor of ours")).toEqual([undefined, true]);
  }));

test("a directory notifies the groups of the subscription's servers, and rejects if one cannot be", () => {
  const groups = new FakeGroups();
  return inDirectory(crypto.randomUUID(), groups, async (directory) => {
    for (const endpoint of ["papers", "others"]) await directory.admit(ask({ endpoint }));
    const names = (): unknown[] => groups.subscribed.splice(0).map(({ name }) => JSON.parse(name)[1]);
    await directory.subscribeEvents(asked());
    expect(names()).toEqual(["others", "papers"]);
    await directory.subscribeEvents(asked({ id: "sub_2", filter: { endpoint: "papers" } }));
    expect(names()).toEqual(["papers"]);
    groups.backlog = { waits: true, truncated: true };
    expect(await directory.subscribeEvents(asked())).toMatchObject({ truncated: true, isNew: false });
  });
});
