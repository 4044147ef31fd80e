import { systemClock } from "../clock.ts";
import { alone } from "../runtime/ownership.ts";
import { pushing } from "../runtime/push.ts";
import type { Host } from "./host.ts";
import { onOnline } from "./online.ts";

/** Chromium refuses requests when thousands are in flight, and each takes a page a millisecond to send. */
const MAX_CONCURRENT_POLLS = 32;

/** A process that goes on, and shares its store with no other: a command, a server, a script. */
export function timerHost(): Host {
  return {
    clock: systemClock,
    ownership: alone,
    push: pushing,
    maxConcurrentPolls: MAX_CONCURRENT_POLLS,
    persistPlain: false,
    onOnline,
  };
}
