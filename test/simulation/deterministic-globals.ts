import type { Random } from "./random.ts";

/** While a world runs, chance comes from its seed, and nothing may look at the real time. */
export function takeOverGlobals(random: Random): () => void {
  const { now } = Date;
  const chance = Math.random;
  Object.defineProperty(crypto, "randomUUID", { configurable: true, value: () => random.uuid() });
  Math.random = () => random.next();
  Date.now = () => {
    throw new Error("The real time was asked for in a simulated world");
  };
  return () => {
    Reflect.deleteProperty(crypto, "randomUUID");
    Math.random = chance;
    Date.now = now;
  };
}
