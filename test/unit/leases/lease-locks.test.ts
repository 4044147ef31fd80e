import { expect, test } from "vitest";
import { leaseLocks } from "../../../src/runtime/lease-locks.ts";
import { postQueue } from "../../../src/runtime/post-queue.ts";
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
