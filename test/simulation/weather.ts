import type { Random } from "./random.ts";

/** How rough a world is: chances, each drawn for the world as a whole. */
interface Climate {
  readonly loseRequest: number;
  readonly loseReply: number;
  /** Of what is lost, how much is lost without an error, so that only a timeout shows it. */
  readonly silence: number;
  readonly duplicate: number;
  readonly slow: number;
  readonly crashAtSend: number;
  readonly crashAtWrite: number;
  readonly diskFull: number;
  readonly slowDisk: number;
  readonly serverFault: number;
}

/** What goes wrong and when. In calm weather, nothing does. */
export class Weather {
  readonly #random: Random;
  readonly #climate: Climate;
  calm = false;
  /** No request leaves the machine. */
  offline = false;

  /** `poorDisk`: the disk is slow more often than not, and may be full. */
  constructor(random: Random, poorDisk = false) {
    this.#random = random;
    const rarely = (...chances: [number, ...number[]]): number => random.pick(chances);
    const climate: Climate = {
      loseRequest: rarely(0, 0, 0, 0.02, 0.08, 0.25),
      loseReply: rarely(0, 0, 0, 0.02, 0.08, 0.25),
      silence: rarely(0, 0.3, 0.7),
      duplicate: rarely(0, 0.1, 0.4),
      slow: rarely(0, 0.02, 0.2),
      crashAtSend: rarely(0, 0, 0, 0.01, 0.04),
      crashAtWrite: rarely(0, 0, 0, 0.01, 0.03),
      diskFull: rarely(0, 0, 0, 0, 0, 0, 0.02, 0.1),
      slowDisk: rarely(0, 0.05, 0.3, 0.6),
      serverFault: rarely(0, 0, 0, 0.03, 0.1, 0.2),
    };
    this.#climate = poorDisk ? { ...climate, slowDisk: 0.6, diskFull: rarely(0, 0, 0.03) } : climate;
  }

  losesRequest(): boolean {
    return this.#happens(this.#climate.loseRequest);
  }

  losesReply(): boolean {
    return this.#happens(this.#climate.loseReply);
  }

  isSilent(): boolean {
    return this.#random.chance(this.#climate.silence);
  }

  duplicates(): boolean {
    return this.#happens(this.#climate.duplicate);
  }

  crashesAtSend(): boolean {
    return this.#happens(this.#climate.crashAtSend);
  }

  crashesAtWrite(): boolean {
    return this.#happens(this.#climate.crashAtWrite);
  }

  diskFull(): boolean {
    return this.#happens(this.#climate.diskFull);
  }

  serverFails(): boolean {
    return this.#happens(this.#climate.serverFault);
  }

  /** One way, in ms. Some messages take longer than a request may. */
  latency(): number {
    if (this.#happens(this.#climate.slow)) return this.#random.spread(500, 90_000);
    return this.#random.between(1, 80);
  }

  diskDelay(): number {
    return this.#happens(this.#climate.slowDisk) ? this.#random.spread(20, 400) : this.#random.between(0, 2);
  }

  #happens(chance: number): boolean {
    return !this.calm && this.#random.chance(chance);
  }
}
