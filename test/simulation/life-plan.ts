import type { AppCall } from "./app.ts";
import type { ToolName } from "./model-server.ts";
import type { Random } from "./random.ts";

/** Events of one slot for a tab. Times are in ms since the world began. */
export type TabFate =
  | { readonly kind: "open"; readonly at: number }
  | { readonly kind: "crash"; readonly at: number }
  | { readonly kind: "close"; readonly at: number }
  | { readonly kind: "reload"; readonly at: number }
  | { readonly kind: "freeze"; readonly at: number; readonly ms: number }
  | { readonly kind: "hide"; readonly at: number; readonly ms: number };

/** Events of the whole machine or the server. */
export type WorldFate =
  | { readonly kind: "sleep"; readonly at: number; readonly ms: number }
  | { readonly kind: "offline"; readonly at: number; readonly ms: number }
  | { readonly kind: "clock set"; readonly at: number; readonly ms: number }
  | { readonly kind: "session loss"; readonly at: number };

export interface LifePlan {
  /** One client that knows of no others, as in an extension's worker. */
  readonly alone: boolean;
  /** Tabs take the lead from each other all the time, and learn of it late. */
  readonly contended: boolean;
  readonly slots: readonly (readonly TabFate[])[];
  readonly world: readonly WorldFate[];
  readonly calls: readonly { readonly at: number; readonly call: AppCall }[];
  readonly stormMs: number;
  readonly diligence: number;
  /** How many tabs at most live on when the storm is over. */
  readonly survivors: number;
}

const TAB_FATES: readonly [TabFate["kind"], ...TabFate["kind"][]] = [
  "crash",
  "reload",
  "reload",
  "close",
  "freeze",
  "freeze",
  "freeze",
  "hide",
  "hide",
];

export function drawLife(random: Random, onlyContended: boolean): LifePlan {
  // Drawn apart, so that the other worlds are what they are without it.
  const struggle = random.fork("struggle");
  const contended = struggle.chance(0.15) || onlyContended;
  const slots = contended ? struggle.pick([3, 4]) : random.pick([1, 1, 1, 2, 2, 3, 4]);
  const stormMs = contended
    ? struggle.spread(15_000, 60_000)
    : random.spread(5_000, slots > 1 ? 240_000 : 600_000);
  const moment = (): number => random.between(0, stormMs);
  const endpoints = random.pick([["legacy"], ["modern"], ["legacy", "modern"]]) as [string, ...string[]];
  return {
    alone: slots === 1 && random.chance(0.4),
    contended,
    slots: Array.from({ length: slots }, (_, slot) => {
      return contended ? drawRival(struggle, stormMs) : drawTab(random, slot, stormMs);
    }),
    world: drawWorld(random, moment),
    calls: Array.from({ length: random.pick([1, 2, 2, 3, 4, 6]) }, (_, index) => ({
      at: random.chance(0.5) ? random.between(0, 3_000) : moment(),
      call: drawCall(random, `c${index + 1}`, random.pick(endpoints)),
    })),
    stormMs,
    diligence: random.pick([1, 0.7, 0.3, 0]),
    survivors: random.pick([1, 1, 2, 4]),
  };
}

function drawTab(random: Random, slot: number, stormMs: number): TabFate[] {
  const fates: TabFate[] = [{ kind: "open", at: slot === 0 ? 0 : random.between(0, stormMs / 2) }];
  for (let count = random.pick([0, 0, 1, 2, 3, 6]); count > 0; count--) {
    const at = random.between(0, stormMs);
    const kind = random.pick<TabFate["kind"]>(TAB_FATES);
    const ms = random.spread(500, 40_000);
    fates.push({ kind, at, ms });
    if (kind === "crash" || kind === "close") {
      fates.push({ kind: "open", at: at + random.spread(10, 30_000) });
    }
  }
  return fates;
}

/** A tab that is shown, hidden and frozen for so short a time that it resumes what it had begun. */
function drawRival(random: Random, stormMs: number): TabFate[] {
  const fates: TabFate[] = [{ kind: "open", at: random.between(0, 2_000) }];
  for (let count = random.between(8, 20); count > 0; count--) {
    const kind = random.pick<"freeze" | "hide">(["freeze", "freeze", "hide"]);
    fates.push({ kind, at: random.between(0, stormMs), ms: random.spread(600, 6_000) });
  }
  return fates;
}

function drawWorld(random: Random, moment: () => number): WorldFate[] {
  const fates: WorldFate[] = [];
  if (random.chance(0.12))
    fates.push({ kind: "sleep", at: moment(), ms: random.spread(60_000, 10 * 3_600_000) });
  if (random.chance(0.2)) fates.push({ kind: "offline", at: moment(), ms: random.spread(1_000, 120_000) });
  if (random.chance(0.05)) {
    const ms = random.spread(2_000, 5 * 24 * 3_600_000);
    fates.push({ kind: "clock set", at: moment(), ms: random.chance(0.5) ? ms : -ms });
  }
  for (let count = random.pick([0, 0, 0, 1, 2]); count > 0; count--) {
    fates.push({ kind: "session loss", at: moment() });
  }
  return fates;
}

function drawCall(random: Random, tag: string, endpoint: string): AppCall {
  const tool: ToolName = random.pick(["required", "required", "optional", "optional", "harmless", "plain"]);
  return {
    tag,
    endpoint,
    tool,
    repeatable: random.chance(0.1) ? random.chance(0.5) : undefined,
    cancelAfterMs: random.chance(0.2) ? random.spread(1, 120_000) : undefined,
  };
}
