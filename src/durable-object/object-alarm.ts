import type { Alarm } from "../runtime/alarm.ts";
import type { ObjectStorage } from "./storage.ts";

/** The one alarm of a Durable Object, set only when it has to go off earlier: each setting writes a row. */
export class ObjectAlarm implements Alarm {
  readonly #storage: ObjectStorage;
  /** What it is set to; `undefined` while that is not known, Infinity if to nothing. */
  #at: number | undefined;
  #wentOffFor: number | undefined;

  constructor(storage: ObjectStorage) {
    this.#storage = storage;
  }

  /** The object's `alarm()` was called: what it was set to is over. */
  wentOff(scheduledFor: number): void {
    this.#at = Number.POSITIVE_INFINITY;
    this.#wentOffFor = scheduledFor;
  }

  async time(): Promise<number | undefined> {
    const at = await this.#known();
    return at < Number.POSITIVE_INFINITY ? at : this.#wentOffFor;
  }

  async set(time: number): Promise<void> {
    await this.#known();
    // The storage drops fractions of a ms: the alarm went off before what it was set for was due. Set then to the time that it went
    // off for, while `alarm()` runs, it ends with that call.
    const at = Math.max(Math.ceil(time), (this.#wentOffFor ?? 0) + 1);
    if (this.#at !== undefined && at >= this.#at) return;
    this.#at = at;
    try {
      await this.#storage.setAlarm(at);
    } catch (error) {
      this.#at = undefined;
      throw error;
    }
  }

  async #known(): Promise<number> {
    if (this.#at !== undefined) return this.#at;
    const at = (await this.#storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
    this.#at ??= at;
    return this.#at;
  }
}
