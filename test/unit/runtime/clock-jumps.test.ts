import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/clock.ts";
import { watchClock } from "../../../src/runtime/clock-watch.ts";
import { type Lab, lab2026 } from "../../fixtures/client-lab.ts";
import { FakeClock } from "../../fixtures/fake-clock.ts";
import * as wire from "../../fixtures/messages-2026-07-28.ts";
import { T0 } from "../../fixtures/records.ts";

const DAY = 86_400_000;

/** A wall clock that the test sets. Its timers follow elapsed time, as the platform's do. */
class SetClock extends FakeClock implements Clock {
  /** By how much it was set, in ms. */
  offset = 0;
  override now(): number {
    return super.now() + this.offset;
  }
}

class WatchedClock extends SetClock {
  elapsed(): number {
    return this.now() - this.offset;
  }
}

/** With each, how much longer a wait lasts in which it is set back: without elapsed time, the part that had passed. */
const CLOCKS = [
  ["a clock that knows elapsed time", () => new WatchedClock(T0), 1],
  ["a clock that knows only the time", () => new SetClock(T0), 2],
] as const;

async function started(clock: FakeClock): Promise<Lab> {
  const lab = lab2026({ clock });
  const calling = lab.client.callTool("lab", "plain");
  await (await lab.server.expect("tools/call")).reply({ ...wire.working, resultType: "task" });
  await calling;
  return lab;
}

describe.each(CLOCKS)("%s", (_what, clockOf, times) => {
  it("set back by a day: polls go on at their interval, and the next is due within it", async () => {
    const clock = clockOf();
    const { server, client } = await started(clock);
    for (let poll = 0; poll < 3; poll++) {
      clock.offset -= DAY;
      await clock.advance(5_000 * times);
      await (await server.expect("tasks/get")).reply(wire.getTaskResult(wire.working));
      const [task] = await client.list();
      expect(task?.nextPollAt).toBe(clock.now() + 5_000);
    }
  });

  it("set back by a day: a task that waits out a failure is polled after its backoff", async () => {
    const clock = clockOf();
    const { server } = await started(clock);
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).fail({ kind: "network", message: "No network" });
    clock.offset -= DAY;
    await clock.advance(1_000 * times);
    await server.expect("tasks/get");
  });

  it("set forward by years: a task with a TTL goes on while its server answers", async () => {
    const clock = clockOf();
    const { server, client } = await started(clock);
    clock.offset += 9_999 * DAY;
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).reply(wire.getTaskResult(wire.working));
    expect((await client.list())[0]?.view.status).toBe("working");
  });
});

it("a clock set forward does not make a moving createdAt that of another task", async () => {
  const clock = new WatchedClock(T0);
  const { server, client } = await started(clock);
  const at = (ms: number): string => new Date(Date.parse(wire.working.createdAt) + ms).toISOString();
  const moved = { ...wire.working, createdAt: at(3_600_000), lastUpdatedAt: at(3_602_000) };
  for (let poll = 0; poll < 2; poll++) {
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).reply(wire.getTaskResult(moved));
    clock.offset += 3_600_000;
  }
  await clock.advance(5_000);
  const [task] = await client.list();
  expect(task?.view.status).toBe("working");
});

describe("Retry-After", () => {
  const later = (retryAfterMs: number) =>
    ({ kind: "http", status: 503, message: "Busy", retryAfterMs }) as const;

  it.each([-DAY, DAY])("lasts by elapsed time when the clock is set by %s ms", async (ms) => {
    const clock = new WatchedClock(T0);
    const { server } = await started(clock);
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).fail(later(60_000));
    clock.offset += ms;
    await clock.advance(59_000);
    expect(server.arrivals).toEqual([]);
    await clock.advance(1_000);
    await server.expect("tasks/get");
  });

  it.each([DAY, 2_000 * 365 * DAY, Number.POSITIVE_INFINITY])("of %s ms is capped at an hour", async (ms) => {
    const clock = new FakeClock(T0);
    const { server } = await started(clock);
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).fail(later(ms));
    await clock.advance(3_599_000);
    expect(server.arrivals).toEqual([]);
    await clock.advance(1_000);
    await server.expect("tasks/get");
  });
});

describe("watchClock()", () => {
  it("takes neither the passing of time nor a slewed clock for one that was set", async () => {
    const clock = new WatchedClock(T0);
    const jump = watchClock(clock);
    await clock.advance(DAY);
    clock.offset -= 300;
    expect(jump()).toBe(0);
    clock.offset += DAY;
    expect(jump()).toBe(DAY);
    expect(jump()).toBe(0);
  });
});
