import { type ComponentType, type LazyExoticComponent, lazy } from "react";

const loads: (() => Promise<unknown>)[] = [];

/** A component whose code is not among the first bytes of the page. */
export function later<Props>(
  load: () => Promise<ComponentType<Props>>,
): LazyExoticComponent<ComponentType<Props>> {
  loads.push(load);
  return lazy(async () => {
    try {
      return { default: await load() };
    } catch (error) {
      throw new NotFetchedError("its code could not be fetched", { cause: error });
    }
  });
}

/** A view's code did not come. React asks for it once: only a new page asks again. */
export class NotFetchedError extends Error {}

/** Fetches what `later` left out while nobody waits for it: a view that is opened offline, or for the first time, is there. */
export function fetchRest(): void {
  const next = loads.shift();
  if (!next) return;
  // Without an idle callback (Safari), a while after the first paint.
  const whenIdle = globalThis.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 500));
  // A load that fails is tried again when its view is opened, and says so there.
  whenIdle(() => void next().then(fetchRest, () => undefined));
}
