import { leads } from "../../src/engine/ownership.ts";
import { fairStep, type Machine, nameOf, newWorld, nextSteps, Violation, type World } from "./tab-model.ts";

export interface Check {
  readonly states: number;
  /** Of the longest way to a state that was visited. */
  readonly depth: number;
  /** What was broken, and the steps that lead to it. */
  readonly violation?: { readonly what: string; readonly steps: readonly string[] };
}

/** How long a continuation may take until one tab leads, in steps. */
const PATIENCE = 400;

/** Visits the states of so many tabs with so many faults, breadth first: the first violation is one of the shortest. */
export function check(tabs: number, faults: number, own: Machine, maxStates: number): Check {
  const start = newWorld(tabs, faults);
  const cameFrom = new Map<string, { readonly from: string; readonly step: string } | undefined>();
  const settled = { thawed: new Set<string>(), still: new Set<string>() };
  // From the first moment on, and from when the first tab leads.
  let level = [start, atRest(start, own)].map((world): [name: string, world: World] => [
    nameOf(world),
    world,
  ]);
  for (const [name] of level) cameFrom.set(name, undefined);
  const stepsTo = (name: string): string[] => {
    const steps: string[] = [];
    for (let at = cameFrom.get(name); at; at = cameFrom.get(at.from)) steps.unshift(at.step);
    return steps;
  };
  for (let depth = 0; ; depth++) {
    const next: typeof level = [];
    for (const [name, world] of level) {
      if (cameFrom.size >= maxStates) break;
      let doing = "continues without faults";
      try {
        const what = broken(world) ?? unsettled(world, own, settled);
        if (what !== undefined) throw new Violation(what);
        doing = "does the last of these";
        for (const { name: step, world: after } of nextSteps(world, own)) {
          const key = nameOf(after);
          if (cameFrom.has(key)) continue;
          cameFrom.set(key, { from: name, step });
          next.push([key, after]);
        }
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        const violation = { what: error.message, steps: [...stepsTo(name), doing] };
        return { states: cameFrom.size, depth, violation };
      }
    }
    if (next.length === 0 || cameFrom.size >= maxStates) return { states: cameFrom.size, depth };
    level = next;
  }
}

function atRest(start: World, own: Machine): World {
  let world = start;
  for (let step = 0; step < PATIENCE; step++) world = fairStep(world, false, own) ?? world;
  return world;
}

/** What must hold in every state. */
function broken({ tabs, holder }: World): string | undefined {
  for (const [index, { own, alive, frozen, inbox, news }] of tabs.entries()) {
    if (!alive || !leads(own)) continue;
    if (own.epoch.by !== own.tab) return `${own.tab} leads, and knows of a later epoch than its own`;
    const twin = tabs.find(
      (other) => other.own !== own && other.alive && leads(other.own) && isSame(other.own, own),
    );
    if (twin) return `${own.tab} and ${twin.own.tab} lead in the same epoch`;
    if (!frozen && inbox.length === 0 && news.length === 0 && holder?.tab !== index)
      return `${own.tab} has received everything, and goes on leading without the lock`;
  }
  return undefined;
}

function isSame(a: World["tabs"][number]["own"], b: World["tabs"][number]["own"]): boolean {
  return a.epoch.at === b.epoch.at && a.epoch.by === b.epoch.by;
}

/** Whether, without further faults, one tab comes to lead and to run the task: with all tabs awake, and with those that are. */
function unsettled(
  world: World,
  own: Machine,
  known: { readonly thawed: Set<string>; readonly still: Set<string> },
): string | undefined {
  return continued(world, own, false, known.thawed) ?? continued(world, own, true, known.still);
}

function continued(world: World, own: Machine, still: boolean, known: Set<string>): string | undefined {
  const { tabs } = world;
  if (!tabs.some(({ alive, frozen }) => alive && (!still || !frozen))) return undefined;
  const passed: string[] = [];
  let now: World | undefined = { ...world, faults: 0 };
  for (let step = 0; now; step++) {
    const name = nameOf(now);
    if (known.has(name)) break;
    if (step > PATIENCE) return "the tabs do not come to rest";
    passed.push(name);
    const next: World | undefined = fairStep(now, still, own);
    const what = next ? undefined : unsettledIn(now, still);
    if (what !== undefined) return what;
    now = next;
  }
  for (const name of passed) known.add(name);
  return undefined;
}

function unsettledIn({ tabs, holder, call }: World, still: boolean): string | undefined {
  if (!holder) return "nobody has the lock";
  // If no visible tab is awake, the holder of the lock keeps it.
  if (still && !tabs.some(({ alive, frozen, visible }) => alive && !frozen && visible)) return undefined;
  const present = tabs.filter(({ alive, frozen }) => alive && !(still && frozen));
  const leaders = present.filter(({ own }) => own.role === "leading");
  if (leaders.length !== 1) return `${leaders.length} tabs lead once everything has settled`;
  const [leader] = leaders;
  if (!leader || tabs.indexOf(leader) !== holder.tab) return "the leader does not hold the lock";
  if (!leader.visible) return "a tab that is visible leaves the lead to one that is hidden";
  const running = present.filter(({ runs }) => runs);
  if (call === "task" && (running.length !== 1 || running[0] !== leader))
    return `${running.map(({ own }) => own.tab).join(" and ") || "nobody"} runs the task that was handed over`;
  return undefined;
}
