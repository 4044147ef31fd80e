import { beforeEach, describe, expect, it } from "vitest";
import { admitted, ask, inDirectory } from "./directory-lab.ts";
import { FakeGroups } from "./fake-groups.ts";

let count = 0;
let principal: string;
let groups: FakeGroups;

beforeEach(() => {
  count += 1;
  principal = `consent-${count}`;
  groups = new FakeGroups();
});

const group = (endpoint: string, shard: number): string => JSON.stringify([principal, endpoint, shard]);

describe("PrincipalDirectory.dropConsent()", () => {
  it("notifies every group of the endpoint, and no other, though one of them fails", () =>
    inDirectory(principal, groups, async (directory) => {
      const full = ask({ shardCeiling: 1 });
      for (const endpoint of ["papers", "papers", "library"])
        groups.start(admitted(await directory.admit({ ...full, endpoint })).id);
      groups.broken.add(group("papers", 0));
      await directory.dropConsent("papers");
      expect(groups.notified).toEqual([group("papers", 0), group("papers", 1)]);
    }));

  it("notifies the first group of an endpoint that had no call yet: its lists may have been read", () =>
    inDirectory(principal, groups, async (directory) => {
      await directory.dropConsent("papers");
      expect(groups.notified).toEqual([group("papers", 0)]);
    }));
});
