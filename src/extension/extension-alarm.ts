import type { Clock } from "../clock.ts";
import type { Alarm } from "../runtime/alarm.ts";
import type { BrowserAlarms } from "./browser.ts";

/** How often the alarm comes again when nobody has set it anew, in ms: whenever the worker is killed, it is woken. */
const AGAIN_MS = 60_000;

/**
 * One alarm of `chrome.alarms`. It is a repeating one, set to its first time: so it is still there when
 * the worker is killed right after it went off. Set only to go off earlier, or once it has gone off:
 * each setting is a call of the browser, and would keep the worker from its rest. The browser lets
 * half a minute pass at least.
 */
export class ExtensionAlarm implements Alarm {
  readonly besideTimers = true;
  readonly name: string;
  readonly #alarms: BrowserAlarms;
  readonly #clock: Clock;
  /** What it is set to; `undefined` while that is not known, Infinity if it has gone off, or is not there. */
  #at: number | undefined;
  #there = false;
  #wentOffFor: number | undefined;
  /** The calls of the browser, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** How much is being begun that the alarm must be there for. */
  #needed = 0;

  constructor(alarms: BrowserAlarms, name: string, clock: Clock) {
    this.#alarms = alarms;
    this.name = name;
    this.#clock = clock;
  }

  /** The browser's event: what it was set to is over. */
  wentOff(scheduledFor: number): void {
    this.#at = Number.POSITIVE_INFINITY;
    this.#there = true;
    this.#wentOffFor = scheduledFor;
  }

  async time(): Promise<number | undefined> {
    const at = await this.#inTurn(() => this.#known());
    return at < Number.POSITIVE_INFINITY ? at : this.#wentOffFor;
  }

  set(at: number): Promise<void> {
    return this.#inTurn(async () => {
      if (at < (await this.#known())) await this.#create(at);
    });
  }

  /** Sees to it that there is one, whatever its time. */
  ensure(): Promise<void> {
    return this.#inTurn(() => this.#ensured());
  }

  /** Has the alarm be there before the work begins, and until it has ended. */
  async during<T>(work: () => Promise<T>, failed: (error: unknown) => void): Promise<T> {
    this.#needed++;
    try {
      await this.ensure().catch(failed);
      return await work();
    } finally {
      this.#needed--;
    }
  }

  /** Takes it off when it is needed no more; otherwise sees to it that it is there. */
  clearUnless(needed: () => Promise<boolean>): Promise<void> {
    return this.#inTurn(async () => {
      // What begins while it is asked waits for its turn, and then sets it anew.
      if (this.#needed > 0 || (await needed())) return this.#ensured();
      this.#at = Number.POSITIVE_INFINITY;
      this.#there = false;
      await this.#alarms.clear(this.name);
    });
  }

  async #ensured(): Promise<void> {
    await this.#known();
    if (!this.#there) await this.#create(this.#clock.now() + AGAIN_MS);
  }

  async #create(at: number): Promise<void> {
    this.#at = at;
    this.#there = true;
    try {
      await this.#alarms.create(this.name, { when: at, periodInMinutes: AGAIN_MS / 60_000 });
    } catch (error) {
      this.#at = undefined;
      this.#there = false;
      throw error;
    }
  }

  async #known(): Promise<number> {
    if (this.#at !== undefined) return this.#at;
    const alarm = await this.#alarms.get(this.name);
    // It may have gone off, or been set, while the browser was asked.
    this.#there ||= alarm !== undefined;
    this.#at ??= alarm?.scheduledTime ?? Number.POSITIVE_INFINITY;
    return this.#at;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
