import { describe, expect, it } from "vitest";
import { createSharedList } from "../../../src/runtime/shared-list.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";

/** A shared list whose readings the test ends. */
function lab() {
  const clock = new FakeClock(0);
  const list = createSharedList<string>(clock, 1_000);
  const readings: { resolve(text: string): void; reject(error: Error): void }[] = [];
  const got: string[] = [];
  const get = (key = "all"): void => {
    list(key, () => new Promise((resolve, reject) => void readings.push({ resolve, reject }))).then(
      (text) => got.push(text),
      (error: Error) => got.push(error.message),
    );
  };
  return { clock, readings, got, get };
}

describe("SharedList", () => {
  it("is read once for all who ask before it begins", async () => {
    const { readings, got, get } = lab();
    for (let asker = 0; asker < 3; asker++) get();
    await settled();
    expect(readings).toHaveLength(1);
    readings[0]?.resolve("a");
    await settled();
    expect(got).toEqual(["a", "a", "a"]);
  });

  it("is read once more, a gap later, for all who asked while it was read: what it shows may be older than they are", async () => {
    const { clock, readings, got, get } = lab();
    get();
    await settled();
    get();
    get();
    readings[0]?.resolve("a");
    await settled();
    await clock.advance(999);
    expect(readings).toHaveLength(1);
    expect(got).toEqual(["a"]);
    get();
    await clock.advance(1);
    expect(readings).toHaveLength(2);
    readings[1]?.resolve("b");
    await settled();
    expect(got).toEqual(["a", "b", "b", "b"]);
  });

  it("serves one key only: who asks under another key waits for a reading of its own, one after the other", async () => {
    const { clock, readings, got, get } = lab();
    get("a");
    get("b");
    get("b");
    await settled();
    expect(readings).toHaveLength(1);
    readings[0]?.resolve("of a");
    await settled();
    expect(got).toEqual(["of a"]);
    await clock.advance(1_000);
    expect(readings).toHaveLength(2);
    readings[1]?.resolve("of b");
    await settled();
    expect(got).toEqual(["of a", "of b", "of b"]);
  });

  it("fails for those who asked for it, and for nobody after them", async () => {
    const { clock, readings, got, get } = lab();
    get();
    await settled();
    readings[0]?.reject(new Error("away"));
    await settled();
    get();
    await clock.advance(1_000);
    readings[1]?.resolve("b");
    await settled();
    expect(got).toEqual(["away", "b"]);
  });
});
