import { expect, it } from "vitest";
import { runWorld } from "./world.ts";

it.each([7, 1917, 3142])("runWorld() runs the same world %i with and without a trace", async (seed) => {
  const { trace, ...traced } = await runWorld(seed, { contended: true }, true);
  const { trace: none, ...untraced } = await runWorld(seed, { contended: true }, false);
  expect(untraced).toEqual(traced);
  expect([trace.length > 0, none.length]).toEqual([true, 0]);
});
