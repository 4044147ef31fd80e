/** What fits the 12 bits after the version. */
const SEQUENCE_END = 0x1000;

/**
 * Makes UUIDs of version 7 (RFC 9562), which sort by the time they were made at. Each is greater than the one before, also
 * within a millisecond and when the clock is set back.
 */
export class UuidV7Source {
  #at = 0;
  #sequence = 0;

  /** @param now In ms since 1970. */
  next(now: number): string {
    if (now > this.#at) this.#begin(now);
    else {
      this.#sequence += 1;
      if (this.#sequence === SEQUENCE_END) this.#begin(this.#at + 1);
    }
    const random = crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
    const bits =
      (BigInt(this.#at) << 80n) |
      (7n << 76n) |
      (BigInt(this.#sequence) << 64n) |
      (2n << 62n) |
      (random & 0x3fff_ffff_ffff_ffffn);
    const hex = bits.toString(16).padStart(32, "0");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** Starts low in the range, so that a millisecond has room for at least 2,048. */
  #begin(at: number): void {
    this.#at = at;
    this.#sequence = (crypto.getRandomValues(new Uint16Array(1))[0] ?? 0) % (SEQUENCE_END / 2);
  }
}

/** When a UUID of version 7 was made, in ms since 1970; NaN if it is not one. */
export function timeIn(uuid: string): number {
  return Number.parseInt(uuid.replace("-", "").slice(0, 12), 16);
}
