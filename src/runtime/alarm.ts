/** A timer that outlives the process, such as a Durable Object's alarm: it calls `TaskClient.step` when it goes off. */
export interface Alarm {
  /** The time it was last set to, in ms since 1970, also when it has just gone off. `undefined` if it never was. */
  time(): Promise<number | undefined>;
  /** Sets it, in ms since 1970. An earlier time replaces a later one; a later one is taken once it has gone off. */
  set(at: number): Promise<void>;
  /** The process lives on for a while between alarms: timers are held as well, and the alarm is for when it does not. */
  readonly besideTimers?: boolean;
}
