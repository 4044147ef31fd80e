/**
 * Calls listeners of an app, one after the other. What one throws is reported as an uncaught error, as an `EventTarget` does it: it
 * must not keep the change from the others, nor end the work that reports it.
 */
export function callListeners<Args extends readonly unknown[]>(
  listeners: Iterable<((...args: Args) => void) | undefined>,
  ...args: Args
): void {
  for (const listener of [...listeners]) {
    try {
      listener?.(...args);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
