import { systemClock } from "../clock.ts";
import { spread } from "../engine/schedule.ts";
import { ticks } from "../engine/ticks.ts";
import type { Alarm } from "../runtime/alarm.ts";
import { alone } from "../runtime/ownership.ts";
import type { Host } from "./host.ts";

/** A Worker has six connections that wait for a reply. */
const MAX_CONCURRENT_POLLS = 6;

/**
 * A Durable Object: woken by its alarm, without a connection or a timer between polls. It has no tabs, and its caller may be
 * gone when a plain call ends.
 * @param id The object's id: objects do not all poll at the same instant.
 */
export function durableObjectHost(alarm: Alarm, id: string): Host {
  return {
    clock: systemClock,
    ownership: alone,
    alarm,
    maxConcurrentPolls: MAX_CONCURRENT_POLLS,
    persistPlain: true,
    timing: { ticks: ticks(spread(id)) },
  };
}
