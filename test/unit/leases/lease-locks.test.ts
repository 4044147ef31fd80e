import { expect, test } from "vitest";
import { leaseLocks } from "../../../src/runtime/lease-locks.ts";
import { postQueue } from "../../../src/runtime/post-queue.ts";
import type { LeaseTable } from "../../../src/store/lease-table.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import { T0 } from "../../fixtures/records.ts";
import { LEASE_MS, memoryDatabase } from "./leased-processes.ts";

const clock = new FakeClock(T0);
const { leases } = memoryDatabase(() => clock.now());

const locksOf = () =>
  leaseLocks(
    leases,
    clock,
    LEASE_MS,
    postQueue(() => undefined),
    Promise.resolve(),
    () => undefined,
    () => undefined,
  );

test("the holder learns that its lease was stolen before the write that found it out is refused", async () => {
  const [one, other] = [locksOf(), locksOf()];
  const seen: string[] = [];
  one
    .request("leader", { ifAvailable: true }, () => new Promise(() => undefined))
    .catch(() => seen.push("lost"));
  await settled();
  void other.request("leader", { steal: true }, () => new Promise(() => undefined));
  await settled();
  expect(seen).toEqual([]);
  await one.guard(["leader"], async () => false).then(() => seen.push("refused"));
  expect(seen).toEqual(["lost", "refused"]);
  expect(await one.guard(["leader"], async () => true), "without a lease nothing is written").toBe(false);
  expect(await other.guard(["leader"], async () => true)).toBe(true);
});

test("work whose lease was stolen ends as it would have", async () => {
  const [one, other] = [locksOf(), locksOf()];
  let end = (_value: string): void => undefined;
  const work = one.request(
    "session",
    {},
    () =>
      new Promise<string>((resolve) => {
        end = resolve;
      }),
  );
  await settled();
  void other.request("session", { steal: true }, () => new Promise(() => undefined));
  await settled();
  await one.guard(["session"], async () => false);
  end("connected");
  expect(await work).toBe("connected");
  await settled();
  expect(await leases.held(), "it does not release the lease of another").toContain("session");
});

test("a leader that takes hundreds of leases from a slow database renews its own meanwhile", async () => {
  let now = T0;
  const table = memoryDatabase(() => now).leases;
  let longest = 0;
  let renewedAt = now;
  const slow: LeaseTable = {
    ...table,
    take(lease, ms, steal) {
      now += LEASE_MS / 20;
      return table.take(lease, ms, steal);
    },
    renew(asked, ms) {
      longest = Math.max(longest, now - renewedAt);
      renewedAt = now;
      return table.renew(asked, ms);
    },
  };
  const own = { now: () => now, after: () => () => undefined };
  const nothing = (): void => undefined;
  const locks = leaseLocks(slow, own, LEASE_MS, postQueue(nothing), Promise.resolve(), nothing, nothing);
  const never = () => new Promise<never>(() => undefined);
  const names = Array.from({ length: 200 }, (_, index) => `call/${index}`);
  for (const name of names) await table.take({ name, tenure: `dead ${name}` }, 1_000 * LEASE_MS);
  for (const name of names) void locks.request(name, {}, never);
  await settled();
  void locks.request("leader", { ifAvailable: true }, never);
  await settled();
  renewedAt = now;
  for (const name of names) await table.release({ name, tenure: `dead ${name}` });
  for (let turn = 0; turn < 10; turn++) await locks.attend();
  expect(await table.held()).toHaveLength(names.length + 1);
  expect(longest).toBeLessThan(LEASE_MS);
});
