import { afterEach, expect, it } from "vitest";
import { fromUrl } from "../../../src/channel/sdk-v1.ts";
import { type Alarm, type Host, TaskClient, timerHost } from "../../../src/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { FakeClock } from "../../fixtures/fake-clock.ts";
import { T0 } from "../../fixtures/records.ts";
import { LEGACY_URL, LegacyServer } from "../../sdk/legacy-server.ts";

const legacy = new LegacyServer();
afterEach(() => legacy.close());

/** The recipe in CONTRIBUTING.md: a place that ends its process between alarms, such as a scheduled function. */
function scheduledHost(clock: FakeClock, alarm: Alarm): Host {
  const { ownership } = timerHost();
  return { clock, ownership, alarm, persistPlain: true, maxConcurrentPolls: 4 };
}

it("a host of one's own finishes a task over many short processes, each started by the alarm", async () => {
  const clock = new FakeClock(T0);
  const store = memoryStore();
  let rings: number | undefined;
  const alarm: Alarm = {
    time: async () => rings,
    set: async (at) => {
      rings = Math.min(at, rings !== undefined && rings > clock.now() ? rings : at);
    },
  };
  const client = startedOn(store, scheduledHost(clock, alarm));
  const { id, view } = await client.callTool("lab", "report");
  await client.step();
  await client.close();

  let processes = 0;
  let ended = false;
  for (; !ended && processes < 10; processes++) {
    expect(rings).toBeGreaterThan(clock.now());
    await clock.advance((rings ?? 0) - clock.now());
    if (processes === 3) await legacy.finish(String(view.taskId), "The report");
    const later = startedOn(store, scheduledHost(clock, alarm));
    await later.resume();
    await later.step();
    ended = (await later.get(id))?.view.outcome !== undefined;
    await later.close();
  }
  expect(processes).toBeGreaterThanOrEqual(4);
  const last = startedOn(store, scheduledHost(clock, alarm));
  expect(await (await last.get(id))?.result()).toMatchObject({ content: [{ text: "The report" }] });
  await last.close();
});

function startedOn(store: TaskStore, host: Host): TaskClient {
  const { clock } = host;
  return new TaskClient({
    store,
    host,
    endpoints: { lab: fromUrl(LEGACY_URL, { clock, fetch: (url, init) => legacy.fetch(url, init) }) },
  });
}
