const WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 5;

/** Resolves with the first value that is there; `what` names it if it never comes. */
export async function until<T>(what: string, look: () => T | undefined | null | false): Promise<T> {
  const limit = Date.now() + WITHIN_MS;
  for (;;) {
    const value = look();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > limit) throw new Error(`Waited ${WITHIN_MS} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
