import { systemClock } from "../clock.ts";
import { alone } from "../runtime/ownership.ts";
import type { Host } from "./host.ts";
import { onOnline } from "./online.ts";
import { turn } from "./turn.ts";

/** Chromium refuses requests when thousands are in flight, and each takes a page a millisecond to send. */
const MAX_CONCURRENT_POLLS = 32;

/** A process that goes on, shares its store with no other, and only polls. */
export function plainHost(): Host {
  return {
    clock: { ...systemClock, ...(globalThis.MessageChannel && { turn }) },
    ownership: alone,
    maxConcurrentPolls: MAX_CONCURRENT_POLLS,
    persistPlain: false,
    onOnline,
  };
}
