import { beforeEach, describe, expect, it } from "vitest";
import type { TaskNotice } from "../../../worker/directory/principal-directory-rpc.ts";
import { admitted, ask, inDirectory } from "./directory-lab.ts";
import { FakeGroups } from "./fake-groups.ts";

const SUBSCRIPTION = {
  endpoint: "https://push.example/browser",
  keys: {
    p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    auth: "BTBZMqHH6r4Tts7J_aSIgg",
  },
  open: "https://app.example/{task}",
  details: false,
};
const NOTICE: TaskNotice = {
  ...{ task: "papers.0.1", endpoint: "papers", tool: "acquire_paper", kind: "completed", addressees: [] },
};

let count = 0;
let principal: string;
let groups: FakeGroups;

beforeEach(() => {
  count += 1;
  principal = `push-${count}`;
  groups = new FakeGroups();
});

const group = (endpoint: string): string => JSON.stringify([principal, endpoint, 0]);

describe("PrincipalDirectory.subscribePush()", () => {
  it("notifies every group of the principal", () =>
    inDirectory(principal, groups, async (directory) => {
      for (const endpoint of ["papers", "library"])
        groups.start(admitted(await directory.admit({ ...ask(), endpoint })).id);
      await directory.subscribePush(SUBSCRIPTION);
      expect([...groups.demands]).toEqual([
        [group("library"), "names"],
        [group("papers"), "names"],
      ]);
      await directory.subscribePush({ ...SUBSCRIPTION, details: true });
      expect(groups.demands.get(group("papers"))).toBe("details");
    }));

  it("notifies a group that failed when its alarm goes off", () =>
    inDirectory(principal, groups, async (directory, { storage }) => {
      groups.start(admitted(await directory.admit(ask())).id);
      groups.broken.add(group("papers"));
      await directory.subscribePush(SUBSCRIPTION);
      expect(groups.demands.size).toBe(0);
      const at = await storage.getAlarm();
      expect(at).toBeGreaterThan(Date.now());
      groups.broken.clear();
      storage.kv.put("alarm:notify-groups", Date.now());
      await directory.alarm();
      expect(groups.demands.get(group("papers"))).toBe("names");
      expect(storage.kv.get("alarm:notify-groups")).toBeUndefined();
    }));
});

describe("PrincipalDirectory.push()", () => {
  it("stores what is to be sent, sets the alarm, and says what is demanded from then on", () =>
    inDirectory(principal, groups, async (directory, { storage }) => {
      expect(await directory.push([NOTICE])).toBe("none");
      expect(await storage.getAlarm()).toBeNull();
      const { id } = await directory.subscribePush(SUBSCRIPTION);
      expect(await directory.push([NOTICE])).toBe("names");
      expect(await storage.getAlarm()).toBeLessThanOrEqual(Date.now());
      await directory.unsubscribePush(id);
      expect(await directory.push([])).toBe("none");
    }));

  it("leaves the alarm that purges keys to its time", () =>
    inDirectory(principal, groups, async (directory, { storage }) => {
      await directory.admit({ ...ask(), idempotency: { key: "k", fingerprint: "f" } });
      const purge = (await storage.getAlarm()) ?? 0;
      const { id } = await directory.subscribePush(SUBSCRIPTION);
      await directory.push([NOTICE]);
      await directory.unsubscribePush(id);
      await storage.deleteAlarm();
      await directory.alarm();
      expect(await storage.getAlarm()).toBe(purge);
    }));
});

it("PrincipalDirectory.pushKey() is the same after a restart, and another one for each principal", async () => {
  const keyOf = (name: string) => inDirectory(name, groups, (directory) => directory.pushKey());
  const key = await keyOf(principal);
  expect(await keyOf(principal)).toBe(key);
  expect(await keyOf(`${principal}x`)).not.toBe(key);
  // Two requests at the same time.
  const [one, other] = await inDirectory(`${principal}y`, groups, (directory) =>
    Promise.all([directory.pushKey(), directory.pushKey()]),
  );
  expect(one).toBe(other);
});
