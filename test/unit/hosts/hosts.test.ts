import { afterEach, describe, expect, it, vi } from "vitest";
import { TaskClient } from "../../../src/client/task-client.ts";
import { browserHost } from "../../../src/hosts/browser-host.ts";
import { durableObjectHost } from "../../../src/hosts/durable-object-host.ts";
import { extensionHost } from "../../../src/hosts/extension-host.ts";
import type { Host } from "../../../src/hosts/host.ts";
import { timerHost } from "../../../src/hosts/timer-host.ts";
import type { HostParts } from "../../../src/runtime/host-parts.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { FakeBrowser } from "../../fixtures/fake-browser.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import { runningRecord, T0 } from "../../fixtures/records.ts";
import { ScriptedServer, SESSION_2026 } from "../../fixtures/scripted-server.ts";

afterEach(() => vi.unstubAllGlobals());

const ALARM = { time: async () => undefined, set: async () => undefined };

/** Makes this process one of a browser with Web Locks. */
function asTab(): void {
  const tab = new FakeBrowser().openTab();
  vi.stubGlobal("navigator", { locks: tab.locks });
  vi.stubGlobal(
    "BroadcastChannel",
    // A constructor that returns an object gives that object.
    function open(name: string) {
      return tab.openChannel(name);
    },
  );
}

/** Whether the process may share tasks with others, as its host says. */
function leadershipOf(host: Host): string {
  const options = { clock: new FakeClock(T0), store: memoryStore() };
  const ownership = host.ownership("lab", { options } as unknown as HostParts);
  ownership.close();
  return ownership.leadership;
}

describe("hosts", () => {
  it("browserHost() and extensionHost() share tasks with other tabs where there are Web Locks", () => {
    asTab();
    expect([browserHost(), extensionHost(ALARM)].map(leadershipOf)).not.toContain("alone");
  });

  it("browserHost() and extensionHost() count as alone where a process has no tabs", () => {
    vi.stubGlobal("navigator", undefined);
    vi.stubGlobal("indexedDB", undefined);
    expect([browserHost(), extensionHost(ALARM)].map(leadershipOf)).toEqual(["alone", "alone"]);
  });

  it("timerHost() and durableObjectHost() count as alone, also where there are Web Locks", () => {
    asTab();
    expect([timerHost(), durableObjectHost(ALARM, "id")].map(leadershipOf)).toEqual(["alone", "alone"]);
  });

  it("durableObjectHost() has objects poll at different fractions of their interval", () => {
    const polls = ["a", "b", "c"].map((id) => durableObjectHost(ALARM, id).timing?.ticks?.from(0, 3_600_000));
    expect(new Set(polls).size).toBe(3);
  });
});

describe("a client", () => {
  const clientOn = (host: Partial<Host>) => {
    const server = new ScriptedServer(SESSION_2026);
    const store = memoryStore();
    const clock = new FakeClock(T0);
    const options = { store, endpoints: { lab: server }, push: false };
    const client = new TaskClient({ ...options, host: { ...timerHost(), clock, ...host } });
    return { client, store, server, clock };
  };

  it("has as many polls in flight as its host allows, and the rest wait", async () => {
    const { client, store, server } = clientOn({ maxConcurrentPolls: 2 });
    for (let n = 0; n < 5; n++)
      await store.save(runningRecord({ id: `${n}`, taskId: `${n}`, endpoint: "lab" }), undefined);
    await client.resume();
    await settled();
    expect(server.arrivals.filter(({ method }) => method === "tasks/get")).toHaveLength(2);
    await client.close();
  });

  it("tries again when its host says that the network is back, until it is closed", async () => {
    let back = (): void => undefined;
    const stop = vi.fn();
    const { client } = clientOn({
      onOnline(callback) {
        back = callback;
        return stop;
      },
    });
    const nudge = vi.spyOn(client, "nudge");
    back();
    expect(nudge).toHaveBeenCalledTimes(1);
    await client.close();
    expect(stop).toHaveBeenCalledTimes(1);
  });
});
