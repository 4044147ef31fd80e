import { expect, it } from "vitest";
import { inTurns } from "./turns.ts";

it("inTurns() runs all microtasks between two steps, and stops at the step that returns false", async () => {
  const seen: string[] = [];
  let steps = 0;
  await inTurns(() => {
    seen.push(`step ${steps}`);
    Promise.resolve()
      .then(() => undefined)
      .then(() => seen.push(`microtask ${steps}`));
    return ++steps < 200;
  });
  await new Promise((resolve) => setImmediate(resolve));
  const expected = Array.from({ length: 200 }, (_, step) => [`step ${step}`, `microtask ${step + 1}`]);
  expect(seen).toEqual(expected.flat());
});

it("inTurns() rejects with what a step throws, and runs no further step", async () => {
  let steps = 0;
  const running = inTurns(() => {
    if (++steps === 70) throw new Error("step 70");
    return true;
  });
  await expect(running).rejects.toThrow("step 70");
  expect(steps).toBe(70);
});
