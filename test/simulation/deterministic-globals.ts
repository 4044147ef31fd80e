import type { Random } from "./random.ts";

/**
 * While a world runs, chance comes from its seed, and nothing may look at the real time. Errors have a stack trace only where
 * `stacks` is true: it costs more than all else about them.
 */
export function takeOverGlobals(random: Random, stacks = true): () => void {
  const { stackTraceLimit } = Error;
  if (!stacks) Error.stackTraceLimit = 0;
  const { now } = Date;
  const chance = Math.random;
  Object.defineProperty(crypto, "randomUUID", { configurable: true, value: () => random.uuid() });
  Math.random = () => random.next();
  Date.now = () => {
    throw new Error("The real time was asked for in a simulated world");
  };
  return () => {
    Error.stackTraceLimit = stackTraceLimit;
    Reflect.deleteProperty(crypto, "randomUUID");
    Math.random = chance;
    Date.now = now;
  };
}
