import { beforeEach, describe, expect, test } from "vitest";
import { ObjectAlarm } from "../../../src/durable-object/object-alarm.ts";
import type { ObjectStorage } from "../../../src/durable-object/storage.ts";

let set: number[];
let alarm: ObjectAlarm;
beforeEach(() => {
  set = [];
  const storage = {
    getAlarm: async () => set.at(-1) ?? null,
    setAlarm: async (at: number) => void set.push(at),
  };
  alarm = new ObjectAlarm(storage as unknown as ObjectStorage);
});

describe("The alarm of a Durable Object", () => {
  test("goes off no sooner than what it was set for: the storage has whole ms", async () => {
    await alarm.set(1_000.25);
    expect(set).toEqual([1_001]);
    await alarm.set(999.5);
    expect(set).toEqual([1_001, 1_000]);
  });

  test("is not set to the time that it has just gone off for, which would end with the call of alarm()", async () => {
    await alarm.set(1_000);
    alarm.wentOff(1_000);
    await alarm.set(1_000);
    expect(set).toEqual([1_000, 1_001]);
    alarm.wentOff(1_001);
    await alarm.set(5);
    expect(set).toEqual([1_000, 1_001, 1_002]);
  });

  test("is set once for times after it", async () => {
    await alarm.set(1_000);
    await alarm.set(1_000);
    await alarm.set(2_000);
    expect(set).toEqual([1_000]);
  });
});
