import {
  type Epoch,
  joiningTab,
  leads,
  type own as machine,
  type OwnershipCommand,
  type OwnershipEvent,
  type OwnershipState,
} from "../../src/engine/ownership.ts";

export type Machine = typeof machine;

/** A message of one tab to another. `offer` announces the one call, and then hands its task over. */
export interface Message {
  readonly kind: "offer" | "ping" | "pong" | "epoch" | "elected";
  readonly epoch: Epoch;
  readonly asLeader: boolean;
  /** Of a pong: whether its sender is visible. */
  readonly visible?: boolean;
}

/** Notifications of the lock manager that a tab has yet to receive. */
type LockNews =
  | { readonly type: "granted"; readonly request: number }
  | { readonly type: "lost"; readonly request: number }
  | { readonly type: "refused" };

interface Request {
  readonly tab: number;
  readonly request: number;
}

export interface TabState {
  readonly own: OwnershipState;
  readonly alive: boolean;
  readonly frozen: boolean;
  readonly visible: boolean;
  readonly inbox: readonly Message[];
  readonly news: readonly LockNews[];
  readonly requests: number;
  readonly queued: boolean;
  /** The request of an election after which the tab reads the store. */
  readonly entering?: number;
  /** What the store had when it was read. */
  readonly saw: Call;
  /** Whether the tab runs the task. */
  readonly runs: boolean;
  /** Whether the tab waits for the lock of the call, to run what becomes of it. */
  readonly waits: boolean;
}

/** The one call: not made, made by the last tab, or ended in a task. */
export type Call = "unmade" | "calling" | "task";

/** Tabs, their messages, and the lock. */
export interface World {
  readonly tabs: readonly TabState[];
  readonly holder?: Request;
  readonly queue: readonly Request[];
  readonly call: Call;
  /** How many faults may yet occur. */
  readonly faults: number;
}

export interface Step {
  readonly name: string;
  readonly world: World;
}

/** A name for the state, the same for equal states: JSON takes five times as long. */
export function nameOf({ tabs, holder, queue, call, faults }: World): string {
  const request = (of: Request | undefined): string => (of ? `${of.tab}.${of.request}` : "");
  const parts = tabs.map((tab) => {
    const { role, epoch, lock } = tab.own;
    const flags = [tab.alive, tab.frozen, tab.visible, tab.queued, tab.runs, tab.waits].map(Number).join("");
    const inbox = tab.inbox.map((m) => `${m.kind}${m.epoch.at}${m.epoch.by}${m.asLeader}${m.visible}`);
    const news = tab.news.map((one) => `${one.type}${"request" in one ? one.request : ""}`);
    return `${role}${epoch.at}${epoch.by}${lock} ${flags} ${inbox} ${news} ${tab.requests} ${tab.entering} ${tab.saw}`;
  });
  return `${parts.join("/")}/${request(holder)}/${queue.map(request)}/${call}/${faults}`;
}

/** What a tab did that it must not do; thrown with the world in which it did it. */
export class Violation extends Error {}

/** The world before any tab has joined; the last tab makes a call that becomes a task. */
export function newWorld(tabs: number, faults: number): World {
  const open = (index: number): TabState => ({
    own: { ...joiningTab("abc"[index] ?? "z"), servedAt: 0 },
    alive: true,
    frozen: false,
    visible: true,
    inbox: [],
    news: [],
    requests: 0,
    queued: false,
    saw: "unmade",
    runs: false,
    waits: false,
  });
  let world: World = {
    tabs: Array.from({ length: tabs }, (_, index) => open(index)),
    queue: [],
    call: "unmade",
    faults,
  };
  for (let index = 0; index < tabs; index++) world = requested(world, index, "ifAvailable");
  return world;
}

function changed(world: World, index: number, change: Partial<TabState>): World {
  return { ...world, tabs: world.tabs.map((tab, i) => (i === index ? { ...tab, ...change } : tab)) };
}

function tabOf(world: World, index: number): TabState {
  const tab = world.tabs[index];
  if (!tab) throw new Error(`No tab ${index}`);
  return tab;
}

function notified(world: World, index: number, news: LockNews): World {
  return changed(world, index, { news: [...tabOf(world, index).news, news] });
}

// ── the lock manager ─────────────────────────────────────────────────────────────────────────────

function requested(world: World, tab: number, how: "ifAvailable" | "queue" | "steal"): World {
  const { requests } = tabOf(world, tab);
  const request = requests + 1;
  const after = changed(world, tab, { requests: request, ...(how === "queue" && { queued: true }) });
  if (how === "steal") {
    const robbed = after.holder
      ? notified(after, after.holder.tab, { type: "lost", request: after.holder.request })
      : after;
    return granted(robbed, { tab, request });
  }
  if (!after.holder && after.queue.length === 0) return granted(after, { tab, request });
  if (how === "ifAvailable") return notified(after, tab, { type: "refused" });
  return { ...after, queue: [...after.queue, { tab, request }] };
}

function granted(world: World, to: Request): World {
  return { ...notified(world, to.tab, { type: "granted", request: to.request }), holder: to };
}

function freed(world: World): World {
  const { holder: _free, ...rest } = world;
  const [next, ...queue] = rest.queue;
  return next ? granted({ ...rest, queue }, next) : rest;
}

// ── a tab ────────────────────────────────────────────────────────────────────────────────────────

/** Has the machine decide, and carries its commands out, as `tab-group.ts` does. */
function happens(world: World, index: number, event: OwnershipEvent, own: Machine): [World, stale: boolean] {
  const before = tabOf(world, index).own;
  const { state, commands, stale } = own(before, event);
  let after = changed(world, index, { own: { ...state, servedAt: 0 } });
  for (const command of commands) after = done(after, index, command);
  return [after, stale];
}

function posted(world: World, from: number, kind: Message["kind"], asLeader = true): World {
  const sender = tabOf(world, from);
  const message: Message = {
    kind,
    epoch: sender.own.epoch,
    asLeader: asLeader && leads(sender.own),
    ...(kind === "pong" && { visible: sender.visible }),
  };
  const tabs = world.tabs.map((tab, index) =>
    index === from || !tab.alive ? tab : { ...tab, inbox: [...tab.inbox, message] },
  );
  return { ...world, tabs };
}

function done(world: World, index: number, command: OwnershipCommand): World {
  const tab = tabOf(world, index);
  switch (command) {
    case "queue":
      return tab.queued ? world : requested(world, index, "queue");
    case "steal":
      return requested(world, index, "steal");
    case "declare":
      return posted(world, index, "epoch");
    case "enter":
      return changed(world, index, { entering: tab.own.lock ?? 0, saw: world.call });
    case "announce":
      // The record that it has read is run from now on.
      return posted(world, index, "elected");
    case "yield":
      return changed(world, index, { runs: false });
    case "release":
      return world.holder?.tab === index && world.holder.request === tab.own.lock ? freed(world) : world;
    case "ping":
      return posted(world, index, "ping", false);
    case "pong":
      return posted(world, index, "pong");
    case "adopt":
      return claimed(world, index, world.call);
    case "act":
      return world;
  }
}

function claimed(world: World, index: number, call: Call): World {
  if (call === "unmade") return world;
  return changed(world, index, call === "task" || world.call === "task" ? { runs: true } : { waits: true });
}

function received(world: World, index: number, message: Message, own: Machine): World {
  const { epoch, asLeader } = message;
  const before = tabOf(world, index).own;
  const [next, stale] = happens(world, index, { type: "heard", epoch, asLeader }, own);
  if (!stale && asLeader && before.epoch.at > epoch.at)
    throw new Violation(`tab ${before.tab} takes a leader's ${message.kind} of an earlier epoch`);
  const after = tabOf(next, index).own;
  if (epoch.at > before.epoch.at && leads(after))
    throw new Violation(`tab ${after.tab} leads on after a message of a later epoch`);
  if (stale) return next;
  switch (message.kind) {
    // It runs the task, or waits for the lock of the call: `engine/claim.ts`.
    case "offer":
      return happens(next, index, { type: "offered" }, own)[0];
    case "ping":
      return happens(next, index, { type: "pinged" }, own)[0];
    case "pong":
      return message.visible
        ? happens(next, index, { type: "alive", now: 0 }, own)[0]
        : happens(next, index, { type: "silent", visible: tabOf(next, index).visible }, own)[0];
    default:
      return next;
  }
}

function appliesNews(world: World, index: number, news: LockNews, own: Machine): World {
  const event: OwnershipEvent =
    news.type === "granted" ? { type: "granted", request: news.request, now: 0 } : news;
  const { holder } = world;
  if (news.type === "granted") {
    // The lock was stolen before its callback ran: the callback never runs, and the request rejects.
    if (holder?.tab !== index || holder.request !== news.request) return world;
  }
  const waits = tabOf(world, index).queued && news.type !== "refused";
  return happens(waits ? changed(world, index, { queued: false }) : world, index, event, own)[0];
}

/** Everything that may happen next. `fair`: only what happens by itself, the first of it first. */
export function* nextSteps(world: World, own: Machine): Generator<Step> {
  for (const [index, tab] of world.tabs.entries()) {
    if (!tab.alive) continue;
    const { tab: name } = tab.own;
    const costs = (what: string, next: () => World): Step[] =>
      world.faults > 0 ? [{ name: `${name} ${what}`, world: { ...next(), faults: world.faults - 1 } }] : [];
    if (!tab.frozen) {
      for (const [at, message] of tab.inbox.entries()) {
        const inbox = tab.inbox.filter((_, other) => other !== at);
        const taken = changed(world, index, { inbox });
        // What comes in order costs nothing; a BroadcastChannel loses no offer to a living tab.
        const receive = (): World => received(taken, index, message, own);
        if (at === 0) yield { name: `${name} receives ${message.kind}`, world: receive() };
        else yield* costs(`receives ${message.kind} early`, receive);
        if (message.kind !== "offer") yield* costs(`misses ${message.kind}`, () => taken);
      }
      for (const [at, news] of tab.news.entries()) {
        const taken = changed(world, index, { news: tab.news.filter((_, other) => other !== at) });
        yield { name: `${name} receives ${news.type}`, world: appliesNews(taken, index, news, own) };
      }
      if (tab.entering !== undefined)
        yield { name: `${name} has resumed`, world: resumed(world, index, own) };
      if (tab.own.role === "following" && tab.visible && !isServed(world))
        yield { name: `${name} watches`, world: watched(world, index, own) };
      if (tab.own.role === "checking") {
        const silent = (): World => happens(world, index, { type: "silent", visible: tab.visible }, own)[0];
        // A leader that lives may be too slow.
        if (isServed(world)) yield* costs("receives nothing", silent);
        else yield { name: `${name} receives nothing`, world: silent() };
      }
      if (!leads(tab.own))
        yield* costs("is not answered", () => happens(world, index, { type: "unanswered" }, own)[0]);
      if (index === world.tabs.length - 1 && world.call !== "task")
        yield {
          name: `${name} ${world.call === "unmade" ? "calls" : "has its task"}`,
          world: called(world, index),
        };
      yield* costs("freezes", () => changed(world, index, { frozen: true }));
    } else yield { name: `${name} thaws`, world: changed(world, index, { frozen: false }) };
    if (tab.visible) yield* costs("hides", () => changed(world, index, { visible: false }));
    else yield { name: `${name} shows`, world: changed(world, index, { visible: true }) };
    yield* costs("dies", () => dead(world, index));
  }
}

/** Whether the holder of the lock, whether or not it knows yet, can serve the others: then only a fault makes it seem silent. */
function isServed({ tabs, holder }: World): boolean {
  const tab = holder && tabs[holder.tab];
  return tab !== undefined && !tab.frozen && tab.visible;
}

function resumed(world: World, index: number, own: Machine): World {
  const { entering, saw, own: state, ...rest } = tabOf(world, index);
  const tabs = world.tabs.map((tab, i) => (i === index ? { ...rest, saw, own: state } : tab));
  const read = leads(state) ? claimed({ ...world, tabs }, index, saw) : { ...world, tabs };
  return happens(read, index, { type: "resumed", request: entering }, own)[0];
}

function watched(world: World, index: number, own: Machine): World {
  const { visible } = tabOf(world, index);
  return happens(world, index, { type: "watch", visible, now: 10_000, within: 1_000 }, own)[0];
}

/** The last tab's call: its record is stored, then announced; when it has become a task, the tab offers it, or runs it. */
function called(world: World, index: number): World {
  if (world.call === "unmade") return posted({ ...world, call: "calling" }, index, "offer", false);
  const after = callEnded(world);
  return leads(tabOf(after, index).own)
    ? changed(after, index, { runs: true })
    : posted(after, index, "offer", false);
}

/** The lock of the call is free: who waits for it and leads runs what is stored. */
function callEnded(world: World): World {
  const tabs = world.tabs.map((tab) => ({
    ...tab,
    waits: false,
    runs: tab.runs || (tab.waits && leads(tab.own)),
  }));
  return { ...world, call: "task", tabs };
}

function dead(world: World, index: number): World {
  const gone: World = {
    ...changed(world, index, { alive: false, inbox: [], news: [], runs: false, waits: false }),
    queue: world.queue.filter(({ tab }) => tab !== index),
  };
  const callDies = world.call === "calling" && index === world.tabs.length - 1;
  const after = callDies ? callEnded(gone) : gone;
  return world.holder?.tab === index ? freed(after) : after;
}

/** The one step of a continuation without faults; `undefined` when nothing is left to happen. `still`: no tab thaws or shows. */
export function fairStep(world: World, still: boolean, own: Machine): World | undefined {
  const awake = world.tabs.map(({ alive, frozen }) => alive && !frozen);
  for (const [index, tab] of world.tabs.entries()) {
    if (!still && tab.alive && tab.frozen) return changed(world, index, { frozen: false });
    if (!still && tab.alive && !tab.visible) return changed(world, index, { visible: true });
  }
  for (const [index, tab] of world.tabs.entries()) {
    if (!awake[index]) continue;
    const [news] = tab.news;
    if (news) return appliesNews(changed(world, index, { news: tab.news.slice(1) }), index, news, own);
    const [message] = tab.inbox;
    if (message) return received(changed(world, index, { inbox: tab.inbox.slice(1) }), index, message, own);
    if (tab.entering !== undefined) return resumed(world, index, own);
    if (index === world.tabs.length - 1 && world.call === "calling") return called(world, index);
  }
  for (const [index, tab] of world.tabs.entries())
    if (awake[index] && tab.own.role === "checking")
      return happens(world, index, { type: "silent", visible: tab.visible }, own)[0];
  // Where a leader serves the others, a watch changes nothing.
  const watcher = world.tabs.findIndex(
    ({ visible, own: { role } }, index) => awake[index] && visible && role === "following",
  );
  return watcher < 0 || isServed(world) ? undefined : watched(world, watcher, own);
}
