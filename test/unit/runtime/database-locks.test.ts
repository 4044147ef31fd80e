import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { databaseLocks as locks } from "../../../src/runtime/database-locks.ts";

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

interface Holder {
  /** Resolves once the lock is held. */
  readonly held: Promise<unknown>;
  /** As `request` settles. */
  readonly ended: Promise<unknown>;
  release(value?: unknown): void;
}

/** Requests the lock and keeps it until it is released. */
function hold(options: Parameters<typeof locks.request>[1] = {}, name = "lead"): Holder {
  let release: Holder["release"] = () => undefined;
  const work = new Promise((resolve) => {
    release = resolve;
  });
  let ended: Promise<unknown> = work;
  const held = new Promise((resolve) => {
    ended = locks.request(name, options, (lock) => {
      resolve(lock);
      return work;
    });
  });
  ended.catch(() => undefined);
  return { held, ended, release };
}

/** What comes first, by name: locks that are granted out of turn would be noticed a few turns later. */
async function order(...holders: Holder[]): Promise<number[]> {
  const seen: number[] = [];
  holders.forEach((holder, index) => {
    void holder.held.then(() => {
      seen.push(index);
      holder.release(index);
    });
  });
  await Promise.all(holders.map(({ ended }) => ended));
  return seen;
}

describe("databaseLocks", () => {
  it("grants a lock to one holder at a time, in the order of the requests", async () => {
    const running = { now: 0, most: 0 };
    const work = async (): Promise<void> => {
      running.most = Math.max(running.most, ++running.now);
      await new Promise((resolve) => setTimeout(resolve));
      running.now--;
    };
    await Promise.all(Array.from({ length: 8 }, () => locks.request("lead", {}, work)));
    expect(running).toEqual({ now: 0, most: 1 });
    expect(await order(hold(), hold(), hold())).toEqual([0, 1, 2]);
  });

  it("resolves and rejects as the work does, and is free again", async () => {
    expect(await locks.request("lead", {}, async () => 7)).toBe(7);
    await expect(locks.request("lead", {}, () => Promise.reject(new Error("failed")))).rejects.toThrow(
      "failed",
    );
    expect(await locks.request("lead", { ifAvailable: true }, async (lock) => lock !== null)).toBe(true);
  });

  it("resolves a request with ifAvailable with null if the lock is held, and does not grant it later", async () => {
    const holder = hold();
    await holder.held;
    const other = vi.fn(async (lock: unknown) => lock);
    expect(await locks.request("lead", { ifAvailable: true }, other)).toBeNull();
    holder.release();
    await holder.ended;
    await locks.request("lead", {}, async () => undefined);
    expect(other).toHaveBeenCalledTimes(1);
  });

  it("ends a wait with the signal's reason, and grants to who waits behind it", async () => {
    const holder = hold();
    await holder.held;
    const closing = new AbortController();
    const waiting = hold({ signal: closing.signal });
    const behind = hold();
    closing.abort(new Error("closed"));
    await expect(waiting.ended).rejects.toThrow("closed");
    holder.release();
    expect(await behind.held).toBeTruthy();
    behind.release();
    await behind.ended;
  });

  it("takes a stolen lock from its holder before the thief has it, and lets the thief pass who waits", async () => {
    const holder = hold();
    await holder.held;
    const waiting = hold();
    const events: string[] = [];
    holder.ended.catch((error: Error) => events.push(error.name));
    void waiting.held.then(() => events.push("waiting"));
    const thief = hold({ steal: true });
    void thief.held.then(() => events.push("thief"));
    await thief.held;
    expect(events).toEqual(["AbortError", "thief"]);
    thief.release();
    await waiting.held;
    waiting.release();
    await waiting.ended;
  });

  it("grants the lock to the last of several thieves, and rejects the others: their lock was stolen", async () => {
    const holder = hold();
    await holder.held;
    const thieves = [hold({ steal: true }), hold({ steal: true }), hold({ steal: true })] as const;
    await thieves[2].held;
    for (const { ended } of [holder, thieves[0], thieves[1]]) {
      await expect(ended).rejects.toMatchObject({ name: "AbortError" });
    }
    thieves[2].release("mine");
    expect(await thieves[2].ended).toBe("mine");
  });

  it("leaves no database behind", async () => {
    await Promise.all([1, 2, 3].map((n) => locks.request(`call ${n}`, {}, async () => undefined)));
    await vi.waitFor(async () => expect(await indexedDB.databases()).toEqual([]));
  });
});
