import type { DurableTasks } from "holdfast/durable-object";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DirectoryStub } from "../../../worker/directory/directory-stub.ts";
import type { PrincipalDirectory } from "../../../worker/directory/principal-directory.ts";
import type { AdmissionAsk } from "../../../worker/directory/principal-directory-rpc.ts";
import { CallLease } from "../../../worker/group/call-lease.ts";
import { admitted, ask, inDirectory, keyed, limits } from "./directory-lab.ts";
import { FakeGroups } from "./fake-groups.ts";

const NOW = 1_800_000_000_000;

let principal: string;
let groups: FakeGroups;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  principal = `leases-${crypto.randomUUID()}`;
  groups = new FakeGroups();
});

afterEach(() => {
  vi.useRealTimers();
});

/** The group of shard 0 of "papers": its calls run until they are settled. */
class Group {
  readonly running: string[] = [];
  /** Requests to the directory. */
  asked = 0;
  readonly #lease: CallLease;
  readonly #tasks = { activeCount: () => this.running.length, activeWeight: () => 0 } as DurableTasks;

  constructor(directory: PrincipalDirectory) {
    const counted = (method: "admit" | "lease") => (wish: AdmissionAsk) => {
      this.asked += 1;
      return directory[method](wish);
    };
    const stub = { admit: counted("admit"), lease: counted("lease") } as unknown as DirectoryStub;
    this.#lease = new CallLease({ endpoint: "papers", shard: 0 }, () => stub);
    groups.counted = () => this.#lease.end();
  }

  async start(wish: AdmissionAsk) {
    const admission = await this.#lease.admit(wish, this.#tasks);
    if (admission.ok) {
      groups.start(admission.id);
      this.running.push(admission.id);
    }
    // What is asked for in the background is answered.
    await new Promise((resolve) => setTimeout(resolve));
    return admission;
  }

  /** Starts calls until one is refused. Returns how many were started. */
  async fill(wish: AdmissionAsk, most: number): Promise<number> {
    for (let started = 0; started < most; started++) if (!(await this.start(wish)).ok) return started;
    return most;
  }

  settle(): void {
    for (const id of this.running.splice(0)) groups.settle(id);
  }
}

function withGroup<T>(use: (group: Group, directory: PrincipalDirectory) => Promise<T>): Promise<T> {
  return inDirectory(principal, groups, (directory) => use(new Group(directory), directory));
}

/** A lease that crosses a new count of the directory is void: its calls are counted and not made. */
function isNearly(calls: number, limit: number): void {
  expect(calls).toBeLessThanOrEqual(limit);
  expect(calls).toBeGreaterThanOrEqual(limit - Math.floor(limit / 16));
}

describe("calls that a group admits by leases", () => {
  it.each([1, 10, 64, 600])(
    "are at most %d a minute where that is the limit, and at most a sixteenth fewer",
    (callsPerMinute) =>
      withGroup(async (group) => {
        isNearly(await group.fill(ask(limits(100_000, callsPerMinute)), 2_000), callsPerMinute);
        vi.setSystemTime(NOW + 60_000);
        isNearly(await group.fill(ask(limits(100_000, callsPerMinute)), 2_000), callsPerMinute);
      }),
  );

  it.each([1, 10, 100])(
    "are at most %d in flight where that is the limit, at most a sixteenth fewer, and as many again once they have settled",
    (most) =>
      withGroup(async (group) => {
        for (let round = 0; round < 3; round++) {
          isNearly(await group.fill(ask(limits(most)), 2_000), most);
          group.settle();
        }
      }),
  );

  it("are in flight with those that the directory admits, and never more than the limit together", () =>
    withGroup(async (group, directory) => {
      const wish = ask(limits(100));
      await group.fill(wish, 20);
      let other = 0;
      while ((await directory.admit({ ...wish, endpoint: "other" })).ok) other += 1;
      isNearly(other + (await group.fill(wish, 200)) + 20, 100);
    }));

  it("ask the directory for some at a time, before the last is used", () =>
    withGroup(async (group) => {
      const wish = ask(limits(1_000, 60_000));
      await group.fill(wish, 2);
      group.asked = 0;
      await group.fill(wish, 200);
      expect(group.asked).toBeGreaterThan(0);
      expect(group.asked).toBeLessThan(40);
    }));

  it("are asked for one by one where less than half of a minute's calls is left", () =>
    withGroup(async (group, directory) => {
      const wish = ask(limits(1_000, 100));
      for (let call = 0; call < 60; call++) admitted(await directory.admit({ ...wish, endpoint: "other" }));
      await group.fill(wish, 10);
      expect(group.asked).toBe(10);
    }));

  it("are not kept for longer than 30 s", () =>
    withGroup(async (group) => {
      const wish = ask(limits(1_000, 60_000));
      await group.fill(wish, 2);
      vi.setSystemTime(NOW + 31_000);
      group.asked = 0;
      await group.start(wish);
      expect(group.asked).toBe(1);
    }));

  it("have ids of their endpoint and group, each once", () =>
    withGroup(async (group) => {
      await group.fill(ask(limits(1_000, 60_000)), 100);
      expect(new Set(group.running).size).toBe(100);
      for (const id of group.running) expect(id).toMatch(/^papers\.0\.[0-9a-f-]{36}$/);
    }));

  it("are started in another group where this one has no room", () =>
    withGroup(async (group) => {
      const wish = ask({ ...limits(1_000), shardCeiling: 5 });
      const shards: number[] = [];
      for (let call = 0; call < 7; call++) shards.push(admitted(await group.start(wish)).shard);
      expect(shards.filter((shard) => shard === 0).length).toBeLessThanOrEqual(5);
      expect(shards.at(-1)).toBe(1);
    }));

  it("are never of a lease if they have a key: the directory knows the task of it", () =>
    withGroup(async (group) => {
      const wish = ask(limits(1_000, 60_000));
      await group.fill(wish, 2);
      const first = admitted(await group.start({ ...wish, ...keyed("key", "same") }));
      const again = admitted(await group.start({ ...wish, ...keyed("key", "same") }));
      expect(again).toEqual({ ...first, repeated: true });
    }));
});
