import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DueQueue } from "../../../src/runtime/due-queue.ts";

describe("DueQueue", () => {
  it("is empty at first", () => {
    const queue = new DueQueue();
    expect(queue.next()).toBe(Number.POSITIVE_INFINITY);
    expect(queue.takeDue(Number.MAX_SAFE_INTEGER)).toEqual([]);
  });

  it("gives each task once, when its time has come, the earliest first", () => {
    const queue = new DueQueue();
    queue.set("late", 30);
    queue.set("early", 10);
    queue.set("middle", 20);
    expect(queue.next()).toBe(10);
    expect(queue.takeDue(9)).toEqual([]);
    expect(queue.takeDue(20)).toEqual(["early", "middle"]);
    expect(queue.takeDue(20)).toEqual([]);
    expect(queue.next()).toBe(30);
  });

  it("a task has one time: the last that was set", () => {
    const queue = new DueQueue();
    queue.set("a", 10);
    queue.set("a", 50);
    expect(queue.takeDue(49)).toEqual([]);
    queue.set("a", 20);
    expect(queue.next()).toBe(20);
    expect(queue.takeDue(100)).toEqual(["a"]);
    expect(queue.takeDue(100)).toEqual([]);
  });

  it("a time set back and forth counts once", () => {
    const queue = new DueQueue();
    for (const at of [10, 20, 10, 20, 10]) queue.set("a", at);
    expect(queue.takeDue(100)).toEqual(["a"]);
    queue.set("a", 10);
    expect(queue.takeDue(100)).toEqual(["a"]);
  });

  it("Infinity takes a task off", () => {
    const queue = new DueQueue();
    queue.set("a", 10);
    queue.set("a", Number.POSITIVE_INFINITY);
    expect(queue.next()).toBe(Number.POSITIVE_INFINITY);
    expect(queue.takeDue(100)).toEqual([]);
  });

  it("takes off everything there is when asked for all of time", () => {
    const queue = new DueQueue();
    queue.set("a", 10);
    expect(queue.takeDue(Number.POSITIVE_INFINITY)).toEqual(["a"]);
  });

  it("does as a sorted list does, whatever is done to it", () => {
    const id = fc.constantFrom("a", "b", "c", "d", "e", "f", "g");
    const act = fc.oneof(
      fc.record({ set: id, at: fc.oneof(fc.nat(60), fc.constant(Number.POSITIVE_INFINITY)) }),
      fc.record({ take: fc.nat(60) }),
      fc.constant({ look: true }),
    );
    let taken = 0;
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200, size: "max" }), (acts) => {
        const queue = new DueQueue();
        const model = new Map<string, number>();
        const next = (): number => Math.min(Number.POSITIVE_INFINITY, ...model.values());
        for (const step of acts) {
          if ("set" in step) {
            queue.set(step.set, step.at);
            if (step.at === Number.POSITIVE_INFINITY) model.delete(step.set);
            else model.set(step.set, step.at);
          } else if ("take" in step) {
            const due = [...model].filter(([, at]) => at <= step.take).sort(([, a], [, b]) => a - b);
            const times = new Map(due);
            for (const [name] of due) model.delete(name);
            const got = queue.takeDue(step.take);
            taken += got.length;
            // Tasks of the same time may come in any order.
            expect(got.map((name) => times.get(name))).toEqual(due.map(([, at]) => at));
            expect([...got].sort()).toEqual(due.map(([name]) => name).sort());
          }
          expect(queue.next()).toBe(next());
        }
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(1_000);
  });
});
