import type { JsonObject } from "../../src/protocol/json.ts";
import type { Random } from "./random.ts";

/** Behaviour of real servers that the specification does not define, or forbids. */
export interface ServerQuirks {
  /** The TTL that it states: always 0, always a minute, or in seconds. It keeps its tasks for the true one. */
  readonly ttl: "true" | "zero" | "minute" | "seconds";
  /** Which stamps are of the reply, and move with each: none, `lastUpdatedAt`, or `createdAt` as well. */
  readonly movingStamps: "none" | "updated" | "both";
  /** How far the clocks of its nodes are from each other, in ms: any of them may stamp a reply. */
  readonly nodesMs: readonly [number, ...number[]];
  /** Its notifications name the task and its status, and any other field by chance. */
  readonly sparseNotifications: boolean;
  /** What its lists repeat: an entry of the page before, or the last cursor for ever. */
  readonly repeats: "nothing" | "entry" | "cursor";
  /** With its sessions it forgets how many questions it has asked (2025-11-25): their ids come again. */
  readonly countsAnew: boolean;
  /** A restart forgets its tasks, and their ids come again. */
  readonly forgetsTasks: boolean;
}

export const NO_QUIRKS: ServerQuirks = {
  ttl: "true",
  movingStamps: "none",
  nodesMs: [0],
  sparseNotifications: false,
  repeats: "nothing",
  countsAnew: false,
  forgetsTasks: false,
};

/** Most servers have none, and few have more than one. */
export function drawQuirks(random: Random): ServerQuirks {
  const ttl = random.chance(0.12) ? random.pick<ServerQuirks["ttl"]>(["zero", "minute", "seconds"]) : "true";
  const movingStamps = random.chance(0.12)
    ? random.pick<ServerQuirks["movingStamps"]>(["updated", "both"])
    : "none";
  const skews = [random.between(-60_000, 60_000), random.between(-2_000, 2_000)];
  return {
    ttl,
    movingStamps,
    nodesMs: random.chance(0.1) ? [0, ...skews] : [0],
    sparseNotifications: random.chance(0.12),
    repeats: random.chance(0.12) ? random.pick<ServerQuirks["repeats"]>(["entry", "cursor"]) : "nothing",
    countsAnew: random.chance(0.5),
    forgetsTasks: random.chance(0.4),
  };
}

/** The TTL that the server states of a task, in ms. */
export function statedTtl({ ttl }: ServerQuirks, ttlMs: number | null): number | null {
  switch (ttl) {
    case "true":
      return ttlMs;
    case "zero":
      return 0;
    case "minute":
      return 60_000;
    case "seconds":
      return ttlMs === null ? null : ttlMs / 1_000;
  }
}

/** A notification without some of its fields. */
export function sparse(task: JsonObject, random: Random): JsonObject {
  const kept = Object.entries(task).filter(
    ([field]) => field === "taskId" || field === "status" || random.chance(0.5),
  );
  return Object.fromEntries(kept);
}
