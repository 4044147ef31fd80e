import { expect, test } from "vitest";
import { createWaits } from "../../../src/mirror/waits.ts";
import { testClock } from "../../../src/testing/test-clock.ts";

/** How long each of 200 clients waits after so many failures, in ms. */
async function delays(failures: number, demandedMs?: number): Promise<readonly number[]> {
  const clock = testClock();
  const begun = clock.now();
  const ends: Promise<number>[] = Array.from({ length: 200 }, async () => {
    const waits = createWaits(clock);
    await waits.backOff(failures, demandedMs, new AbortController().signal);
    return clock.now() - begun;
  });
  await clock.advance(120_000);
  return Promise.all(ends);
}

test.each([
  [1, 500, 1_000],
  [4, 4_000, 8_000],
  [30, 30_000, 60_000],
])(
  "after %i failures, a wait lasts from %i to %i ms, and not the same for all clients",
  async (failures, least, most) => {
    const waited = await delays(failures);
    expect(Math.min(...waited)).toBeGreaterThanOrEqual(least);
    expect(Math.max(...waited)).toBeLessThanOrEqual(most);
    expect(new Set(waited).size).toBeGreaterThan(10);
  },
);

test("a wait lasts at least as long as the other side demanded", async () => {
  expect(Math.min(...(await delays(1, 90_000)))).toBe(90_000);
});

test("nudge() ends a wait early, unless its time was demanded", async () => {
  const waits = createWaits(testClock());
  const ended: string[] = [];
  const { signal } = new AbortController();
  const free = waits.backOff(9, undefined, signal).then(() => ended.push("free"));
  void waits.backOff(9, 90_000, signal).then(() => ended.push("demanded"));
  waits.nudge();
  await free;
  expect(ended).toEqual(["free"]);
});

test("a wait rejects with the reason of its signal", async () => {
  const stop = new AbortController();
  const waited = createWaits(testClock()).backOff(1, undefined, stop.signal);
  stop.abort("closed");
  await expect(waited).rejects.toBe("closed");
});
