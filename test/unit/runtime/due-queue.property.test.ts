import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDueQueue } from "../../../src/runtime/due-queue.ts";

describe("DueQueue", () => {
  it("returns the same tasks as a sorted list after any sequence of calls", () => {
    const id = fc.constantFrom("a", "b", "c", "d", "e", "f", "g");
    const act = fc.oneof(
      fc.record({ set: id, at: fc.oneof(fc.nat(60), fc.constant(Number.POSITIVE_INFINITY)) }),
      fc.record({ take: fc.nat(60) }),
      fc.constant({ look: true }),
    );
    let taken = 0;
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200, size: "max" }), (acts) => {
        const queue = createDueQueue();
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
