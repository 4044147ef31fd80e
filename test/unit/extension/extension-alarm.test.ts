import { beforeEach, describe, expect, it } from "vitest";
import { ExtensionAlarm } from "../../../src/extension/extension-alarm.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import { T0 } from "../../fixtures/records.ts";
import { FakeExtension } from "./fake-extension.ts";

const NAME = "holdfast/app";
const MINUTE = 60_000;

let extension: FakeExtension;

beforeEach(() => {
  extension = new FakeExtension(new FakeClock(T0));
});

/** The alarm as a worker that has just started has it. */
function alarmOf(): ExtensionAlarm {
  return new ExtensionAlarm(extension.openPage().alarms, NAME, extension.clock);
}

const at = () => extension.alarms.get(NAME)?.at;

describe("the alarm", () => {
  it("is set to go off earlier, and not to go off later, with as few calls of the browser", async () => {
    const alarm = alarmOf();
    await alarm.set(T0 + 5_000);
    await alarm.set(T0 + 9_000);
    expect(at()).toBe(T0 + 5_000);
    await alarm.set(T0 + 3_000);
    expect(at()).toBe(T0 + 3_000);
    await alarm.set(T0 + 3_000);
    expect(extension.alarmsSet).toBe(2);
  });

  it("is known again by the next worker", async () => {
    await alarmOf().set(T0 + 5_000);
    const next = alarmOf();
    expect(await next.time()).toBe(T0 + 5_000);
    await next.set(T0 + 9_000);
    await next.ensure();
    expect(extension.alarmsSet).toBe(1);
  });

  it("that has gone off comes again by itself, and takes a later time", async () => {
    const alarm = alarmOf();
    await alarm.set(T0);
    alarm.wentOff(T0);
    expect(await alarm.time()).toBe(T0);
    expect(extension.alarms.get(NAME)?.periodMs).toBe(MINUTE);
    await alarm.ensure();
    expect(extension.alarmsSet, "it is there").toBe(1);
    await alarm.set(T0 + 3_600_000);
    expect(at()).toBe(T0 + 3_600_000);
  });

  it("that the browser lost, as after an update, is there again", async () => {
    await alarmOf().set(T0 + 5_000);
    extension.alarms.clear();
    const alarm = alarmOf();
    expect(await alarm.time()).toBeUndefined();
    await alarm.ensure();
    expect(at()).toBe(T0 + MINUTE);
  });

  it("is taken off when it is not needed, and otherwise is there", async () => {
    const alarm = alarmOf();
    await alarm.clearUnless(async () => true);
    expect(at()).toBe(T0 + MINUTE);
    await alarm.clearUnless(async () => false);
    expect(at()).toBeUndefined();
    await alarm.set(T0 + MINUTE * 10);
    expect(at()).toBe(T0 + MINUTE * 10);
  });

  it("stays when it cannot be known whether it is needed", async () => {
    const alarm = alarmOf();
    await alarm.set(T0 + 5_000);
    const unknown = alarm.clearUnless(() => Promise.reject(new Error("No store")));
    await expect(unknown).rejects.toThrow("No store");
    expect(at()).toBe(T0 + 5_000);
    await alarm.set(T0 + 1_000);
    expect(at()).toBe(T0 + 1_000);
  });

  it("is there before what needs it begins, and is not taken off until that has ended", async () => {
    const alarm = alarmOf();
    let end = (): void => undefined;
    const work = alarm.during(
      () => {
        expect(at()).toBe(T0 + MINUTE);
        return new Promise<void>((resolve) => {
          end = resolve;
        });
      },
      () => undefined,
    );
    await alarm.clearUnless(async () => false);
    expect(at(), "what is being written is not found yet").toBe(T0 + MINUTE);
    end();
    await work;
    await alarm.clearUnless(async () => false);
    expect(at()).toBeUndefined();
  });

  it("stays for what began and ended while it was asked whether it is needed", async () => {
    const alarm = alarmOf();
    let say = (_needed: boolean): void => undefined;
    const asking = alarm.clearUnless(
      () =>
        new Promise((resolve) => {
          say = resolve;
        }),
    );
    await settled();
    const work = alarm.during(
      async () => undefined,
      () => undefined,
    );
    say(false);
    await Promise.all([asking, work]);
    expect(at()).toBe(T0 + MINUTE);
  });

  it("that the browser refuses is set at the next occasion, and what needs it goes on", async () => {
    const { alarms } = extension.openPage();
    let refuses = true;
    const alarm = new ExtensionAlarm(
      {
        ...alarms,
        create: (...given) => (refuses ? Promise.reject(new Error("Too many")) : alarms.create(...given)),
      },
      NAME,
      extension.clock,
    );
    const failures: unknown[] = [];
    expect(
      await alarm.during(
        async () => "done",
        (error) => failures.push(error),
      ),
    ).toBe("done");
    expect(failures).toEqual([new Error("Too many")]);
    await expect(alarm.set(T0)).rejects.toThrow("Too many");
    refuses = false;
    await alarm.set(T0 + 1_000);
    expect(at()).toBe(T0 + 1_000);
  });
});
