import { describe, expect, it } from "vitest";
import { createTimerLoop, type TimerLoop } from "../../../src/runtime/timer-loop.ts";
import { FakeClock } from "../../fixtures/fake-clock.ts";
import { T0 } from "../../fixtures/records.ts";

const NEVER = Number.POSITIVE_INFINITY;
const LONGEST = 2 ** 31 - 1;

/** A loop whose steps come back with the given times, one after another, and then never. */
function loopOf(...times: readonly number[]) {
  const clock = new FakeClock(T0);
  const steps: number[] = [];
  const loop = createTimerLoop(clock, (now) => {
    steps.push(now - T0);
    return times[steps.length - 1] ?? NEVER;
  });
  return { clock, steps, loop };
}

describe("TimerLoop", () => {
  it("steps when it is time, and comes back when the step says", async () => {
    const { clock, steps, loop } = loopOf(T0 + 300, T0 + 1_000);
    loop.wake(T0 + 100);
    await clock.advance(99);
    expect(steps).toEqual([]);
    await clock.advance(1);
    expect(steps).toEqual([100]);
    await clock.advance(10_000);
    expect(steps).toEqual([100, 300, 1_000]);
    expect(clock.pending).toBe(0);
  });

  it("has one timer, however often it is woken", () => {
    const { clock, loop } = loopOf();
    for (let count = 0; count < 10; count++) loop.wake(T0 + 100 + count);
    expect(clock.pending).toBe(1);
    expect(clock.next).toBe(T0 + 109);
  });

  it("keeps its timer when it is woken for the same time at the same moment, as by tasks polled together", async () => {
    const { clock, steps, loop } = loopOf();
    for (let count = 0; count < 10; count++) loop.wake(T0 + 100);
    expect(clock.waits).toEqual([100]);
    // A moment later the clock may have been set: then the same time is another wait.
    await clock.advance(40);
    loop.wake(T0 + 100);
    expect(clock.waits).toEqual([100, 60]);
    await clock.advance(60);
    expect(steps).toEqual([100]);
  });

  it("waits for nothing when nothing is due", () => {
    const { clock, loop } = loopOf();
    loop.wake(T0 + 100);
    loop.wake(NEVER);
    expect(clock.pending).toBe(0);
  });

  it("steps at once when it is late, and never asks for a negative wait", async () => {
    const { clock, steps, loop } = loopOf();
    loop.wake(T0 - 5_000);
    expect(clock.waits).toEqual([0]);
    await clock.advance(0);
    expect(steps).toEqual([0]);
  });

  it("a wait beyond 2^31 ms is made of several: setTimeout would ring at once", async () => {
    const month = 30 * 86_400_000;
    const { clock, steps, loop } = loopOf(T0 + month, NEVER);
    loop.wake(T0 + month);
    expect(clock.waits).toEqual([LONGEST]);
    await clock.advance(LONGEST);
    expect(steps, "a look on the way").toEqual([LONGEST]);
    expect(clock.waits).toEqual([LONGEST, month - LONGEST]);
    await clock.advance(month - LONGEST);
    expect(steps).toEqual([LONGEST, month]);
    for (const wait of clock.waits) expect(wait).toBeLessThanOrEqual(LONGEST);
  });

  it("stopped, it never steps again, whatever wakes it", async () => {
    const { clock, steps, loop } = loopOf();
    loop.wake(T0 + 100);
    loop.stop();
    loop.wake(T0 + 200);
    await clock.advance(1_000);
    expect(steps).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("stopped within a step, it stays stopped", async () => {
    const clock = new FakeClock(T0);
    let steps = 0;
    const loop: TimerLoop = createTimerLoop(clock, () => {
      steps++;
      loop.stop();
      return T0;
    });
    loop.wake(T0);
    await clock.advance(1_000);
    expect(steps).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it("woken within a step, it keeps one timer, for the time the step gives", async () => {
    const clock = new FakeClock(T0);
    const loop: TimerLoop = createTimerLoop(clock, () => {
      loop.wake(T0 + 50);
      return T0 + 500;
    });
    loop.wake(T0);
    await clock.advance(0);
    expect(clock.pending).toBe(1);
    expect(clock.next).toBe(T0 + 500);
  });
});
