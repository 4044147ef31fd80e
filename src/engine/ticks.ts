/**
 * The times at which polls fall: multiples of their interval since 1970, shifted by the same fraction of it. So tasks are polled
 * together, and a process that is evicted between polls knows when the next is due. Times are in ms.
 */
export interface Ticks {
  /**
   * The tick nearest to one interval from now, but not sooner than `least` from now: a poll that left a little late does not cost
   * the whole next one.
   */
  next(now: number, interval: number, least: number): number;
  /** The first tick at or after a time. */
  from(time: number, interval: number): number;
  /** The interval for a task whose server suggests none. Tasks of about the same age have the same. */
  interval(wanted: number): number;
}

/** @param phase The fraction of the interval, from 0 to 1. */
export function ticks(phase: number): Ticks {
  const tick = (count: number, interval: number): number => Math.round((count + phase) * interval);
  return {
    next(now, interval, least) {
      const at = tick(Math.round((now + interval) / interval - phase), interval);
      return at < now + least ? at + interval : at;
    },
    from(time, interval) {
      const count = Math.floor(time / interval - phase);
      const at = tick(count, interval);
      // A tick is rounded, perhaps up: the time may be one although the tick itself lies before it.
      return at < time ? tick(count + 1, interval) : at;
    },
    interval: (wanted) => 1_000 * 2 ** Math.floor(Math.log2(wanted / 1_000)),
  };
}
