/** Larger messages of an app are refused: in UTF-16 code units of its texts, and one for each other value. */
export const LARGEST_MESSAGE = 64 * 1024;

/** Apps that animate their size send one message a frame. */
const PER_SECOND = 60;
const AT_ONCE = 240;

/** Whether a message is small enough to be read. It stops counting at the bound, so that a large message costs no more than that. */
export function isSmall(message: unknown): boolean {
  let left = LARGEST_MESSAGE;
  const waiting = [message];
  while (waiting.length > 0) {
    const value = waiting.pop();
    left -= typeof value === "string" ? value.length + 1 : 1;
    if (left < 0) return false;
    if (typeof value !== "object" || value === null) continue;
    // A buffer, a Map or a Blob has no members to count, and no JSON has them.
    if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return false;
    if (Array.isArray(value) && value.length > left) return false;
    for (const key in value) {
      left -= key.length;
      if (left < waiting.length) return false;
      waiting.push((value as { readonly [key: string]: unknown })[key]);
    }
  }
  return true;
}

/** How many messages an app may send: a bucket of tokens that fills with time. */
export class MessageBudget {
  #tokens = AT_ONCE;
  #at: number;

  /** @param now In ms of a clock that never goes back. */
  constructor(now: number) {
    this.#at = now;
  }

  /** Returns whether the budget covers another message. */
  spend(now: number): boolean {
    this.#tokens = Math.min(AT_ONCE, this.#tokens + ((now - this.#at) * PER_SECOND) / 1000);
    this.#at = now;
    this.#tokens -= 1;
    return this.#tokens >= 0;
  }
}
