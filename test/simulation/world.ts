import type { Connector } from "../../src/channel/connection.ts";
import { fromUrl } from "../../src/channel/http.ts";
import { sdkLink } from "../../src/channel/sdk-link.ts";
import { urlConnector } from "../../src/channel/url-connector.ts";
import type { TaskRecord } from "../../src/engine/record.ts";
import { withPairs } from "../../src/pairs/index.ts";
import type { TabPlatform } from "../../src/runtime/tab-platform.ts";
import { Agenda } from "./agenda.ts";
import { App, type AppCall } from "./app.ts";
import { takeOverGlobals } from "./deterministic-globals.ts";
import { Disk } from "./disk.ts";
import { EventLog } from "./event-log.ts";
import { InboxWatch } from "./inbox-watch.ts";
import { Invariants, type Violation } from "./invariants.ts";
import { LeadWatch } from "./lead-watch.ts";
import { Ledger } from "./ledger.ts";
import { drawLife, type LifePlan, type TabFate, type WorldFate } from "./life-plan.ts";
import { ModelServer2025 } from "./model-server-2025.ts";
import { ModelServer2026 } from "./model-server-2026.ts";
import { ModelServerOfPairs, PairedEvents } from "./model-server-of-pairs.ts";
import { PAIRS } from "./pair-words.ts";
import { Random } from "./random.ts";
import { simulatedFetch } from "./simulated-fetch.ts";
import { SimulatedTransport } from "./simulated-transport.ts";
import { Tab } from "./tab.ts";
import { type Say, Trace } from "./trace.ts";
import { inTurns } from "./turns.ts";
import { ChannelHub } from "./virtual-channels.ts";
import { LockTable } from "./virtual-locks.ts";
import { Weather } from "./weather.ts";

/** How long after the faults have stopped everything must have come to its end, in ms. */
const CALM_MS = 24 * 3_600_000;
/** How long a world is watched after everything has come to its end, in ms. */
const AFTERWARDS_MS = 60_000;
const STEPS = 400_000;
/** How long a leader may take to do what another tab asks of it, in ms: the tab asks, waits, and replaces the leader. */
const ACT_MS = 2_000;
const LEADER_LOCKS: readonly (readonly [string, string])[] = ["legacy", "modern"].map((endpoint) => [
  endpoint,
  `holdfast/simulation/${endpoint}/leader`,
]);

export interface WorldReport {
  readonly seed: number;
  readonly violation: Violation | undefined;
  /** Everything that occurred at least once. */
  readonly coverage: readonly string[];
  /** Empty in a world that was not traced. */
  readonly trace: Trace;
  readonly steps: number;
}

/** What a world is, beside what its seed says. A world of one kind is what it is without the others. */
export interface WorldKind {
  /** Tabs contend for the lead in it; by itself one world in seven is such. */
  readonly contended?: boolean;
  /** Its calls have an addressee, whose tabs lease and acknowledge. */
  readonly inbox?: boolean;
  /** Its modern server knows no Tasks, and offers pairs of tools. */
  readonly paired?: boolean;
  /** Its tabs connect by `holdfast/http`, and its legacy server may keep the events of its response streams. */
  readonly http?: boolean;
  /** Its servers keep idempotency keys, and most of its calls have one. */
  readonly keyed?: boolean;
}

/**
 * Lets one world run from its beginning to its end. Everything in it follows from the seed and the kind.
 * @param traced Builds the trace, and stack traces of errors. The world is the same without them, and costs less.
 */
export async function runWorld(seed: number, kind: WorldKind = {}, traced = true): Promise<WorldReport> {
  const world = new World(seed, kind, traced);
  const giveBack = takeOverGlobals(new Random(`globals/${seed}`), traced);
  const unhandled = (error: unknown): void =>
    world.invariants.violate(
      "no rejection is unhandled",
      error instanceof Error ? String(error.stack) : String(error),
    );
  process.on("unhandledRejection", unhandled);
  try {
    return await world.run();
  } finally {
    process.off("unhandledRejection", unhandled);
    giveBack();
  }
}

class World {
  readonly invariants: Invariants;
  readonly #seed: number;
  readonly #http: boolean;
  readonly #keyed: boolean;
  readonly #random: Random;
  readonly #agenda: Agenda = new Agenda();
  readonly #trace: Trace = new Trace();
  readonly #say: Say;
  readonly #weather: Weather;
  readonly #life: LifePlan;
  readonly #disk: Disk;
  readonly #inbox: InboxWatch | undefined;
  readonly #locks: LockTable;
  readonly #channels: ChannelHub;
  readonly #leadWatch: LeadWatch;
  readonly #legacy: ModelServer2025;
  readonly #modern: ModelServer2026;
  readonly #coverage: Set<string> = new Set();
  readonly #slots: (App | undefined)[] = [];
  readonly #apps: App[] = [];
  #callsToMake: number;
  #calm = false;
  #asleep = false;
  #steps = 0;

  constructor(
    seed: number,
    {
      contended: onlyContended = false,
      inbox: hasInbox = false,
      paired = false,
      http = false,
      keyed = false,
    }: WorldKind,
    traced: boolean,
  ) {
    this.#seed = seed;
    this.#http = http;
    this.#keyed = keyed;
    this.#random = new Random(`world/${seed}`);
    this.#life = drawLife(this.#random.fork("life"), onlyContended);
    const { contended, world } = this.#life;
    this.#agenda.hasElapsed = world.some((event) => event.kind === "clock set" && event.ms > 0);
    this.#weather = new Weather(this.#random.fork("weather"), contended);
    this.#callsToMake = this.#life.calls.length;
    this.#locks = new LockTable(this.#random.fork("locks"), contended);
    this.#channels = new ChannelHub(this.#agenda, this.#random.fork("channels"));
    const ledger = new Ledger();
    const happened = (what: string): void => void this.#coverage.add(what);
    const trace: Say = traced ? (line) => this.#trace.add(this.#agenda.now, line) : undefined;
    this.#say = trace;
    this.invariants = new Invariants({
      agenda: this.#agenda,
      ledger,
      locks: this.#locks,
      leaderLocks: new Map(this.#life.alone ? [] : LEADER_LOCKS),
      happened,
      trace,
      crash: (tab, moment) => this.#crash(tab, moment),
    });
    this.#leadWatch = new LeadWatch({
      agenda: this.#agenda,
      locks: this.#locks,
      leaderLocks: LEADER_LOCKS,
      apps: () => this.#living().filter(({ closing }) => !closing),
      violate: (invariant, detail) => this.invariants.violate(invariant, detail),
    });
    this.#disk = new Disk(this.#agenda, this.#random.fork("disk"), this.#weather, this.invariants);
    this.invariants.watch(this.#disk);
    this.#inbox = hasInbox ? new InboxWatch(this.#disk, this.invariants) : undefined;
    const isAwaited = (tag: string): boolean => this.#disk.awaits(tag);
    const server = {
      agenda: this.#agenda,
      weather: this.#weather,
      ledger,
      happened,
      trace,
      isAwaited,
      keepsKeys: keyed,
    };
    this.#legacy = new ModelServer2025({
      ...server,
      random: this.#random.fork("legacy"),
      events: http ? drawnLog(this.#agenda, this.#random.fork("events"), ledger, happened) : undefined,
    });
    const modern = { ...server, random: this.#random.fork("modern") };
    this.#modern = paired ? new ModelServerOfPairs(modern) : new ModelServer2026(modern);
  }

  async run(): Promise<WorldReport> {
    this.#schedule();
    await this.#runUntil(() => false, this.#life.stormMs);
    this.#becalm();
    const end = this.#agenda.now + CALM_MS;
    do {
      await this.#runUntil(() => this.#isDone(), end);
      if (this.#isDone()) await this.#runUntil(() => false, this.#agenda.now + AFTERWARDS_MS);
      // Watching on may bring up more work: a task whose question was on no disk.
    } while (!this.#isDone() && !this.invariants.violation && this.#agenda.now < end && this.#steps < STEPS);
    this.#judge();
    return {
      seed: this.#seed,
      violation: this.invariants.violation,
      coverage: [...this.#coverage],
      trace: this.#trace,
      steps: this.#steps,
    };
  }

  async #runUntil(done: () => boolean, end: number): Promise<void> {
    await inTurns(() => {
      if (this.#agenda.next > end || this.#steps++ >= STEPS || this.invariants.violation || done())
        return false;
      try {
        this.#agenda.step();
      } catch (error) {
        this.invariants.violate(
          "nothing throws",
          error instanceof Error ? String(error.stack) : String(error),
        );
      }
      return true;
    });
    if (!done() && !this.invariants.violation && this.#agenda.now < end) {
      this.#agenda.after(end - this.#agenda.now, () => undefined);
      if (this.#agenda.next >= end) this.#agenda.step();
    }
  }

  #schedule(): void {
    const { slots, world, calls } = this.#life;
    for (const [slot, fates] of slots.entries()) {
      for (const fate of fates) this.#agenda.after(fate.at, () => this.#befallTab(slot, fate));
    }
    for (const fate of world) this.#agenda.after(fate.at, () => this.#befallWorld(fate));
    const plain = this.#random.fork("plain calls");
    const keys = this.#random.fork("keys");
    for (const { at, call } of calls) {
      const drawn = this.#http && plain.chance(0.4) ? plainly(call) : call;
      const made = this.#keyed && keys.chance(0.8) ? { ...drawn, keyed: true } : drawn;
      this.#agenda.after(at, () => this.#makeCall(made));
    }
  }

  #isDone(): boolean {
    if (this.#callsToMake > 0) return false;
    // Asked before each event: most often the first record answers.
    for (const record of this.#disk.active.values()) if (!this.invariants.endedInMemory(record)) return false;
    if (this.#inbox?.open.length) return false;
    return this.#apps.every(({ tab, waits }) => !tab.alive || !waits);
  }

  #unfinished(): TaskRecord[] {
    return [...this.#disk.active.values()].filter((record) => !this.invariants.endedInMemory(record));
  }

  /** What must hold in the end, when nothing has been wrong for long enough. */
  #judge(): void {
    if (this.invariants.violation) return;
    for (const record of this.#unfinished()) {
      const { call, stage, taskId, snapshot } = record;
      const what = `${String(call.arguments?.tag)} is ${stage} ${taskId ?? ""} ${snapshot?.status ?? ""}`;
      this.invariants.violate("every task reaches an outcome once faults stop", what);
    }
    for (const { waitsFor } of this.#living()) {
      for (const promise of waitsFor) this.invariants.violate("no promise is left hanging", promise);
    }
    this.#inbox?.judge();
    if (this.#callsToMake > 0)
      this.invariants.violate("the app could make its calls", `${this.#callsToMake} left`);
  }

  #living(): App[] {
    return this.#apps.filter(({ tab }) => tab.alive);
  }

  // ── the storm ──────────────────────────────────────────────────────────────────────────────────

  #befallTab(slot: number, fate: TabFate): void {
    const app = this.#slots[slot];
    if (this.#calm) return;
    switch (fate.kind) {
      case "open":
        if (!app?.tab.alive) this.#open(slot);
        return;
      case "crash":
        if (app) this.#crash(app.tab, "of its own");
        return;
      case "reload":
        if (app) this.#crash(app.tab, "for a reload");
        this.#agenda.after(this.#random.between(5, 500), () => {
          if (!this.#slots[slot]?.tab.alive) this.#open(slot);
        });
        return;
      case "close":
        if (app?.tab.awake) this.#close(app);
        return;
      case "freeze":
        if (!app?.tab.awake) return;
        this.#coverage.add("frozen tab");
        this.#say?.(`${app.tab.name} freezes`);
        app.tab.freeze();
        this.#leadWatch.left(app.tab);
        this.#agenda.after(fate.ms, () => this.#thaw(app.tab));
        return;
      case "hide":
        if (!app?.tab.alive) return;
        this.#coverage.add("hidden tab");
        this.#say?.(`${app.tab.name} hides`);
        app.tab.hide();
        this.#leadWatch.left(app.tab);
        this.#agenda.after(fate.ms, () => {
          this.#say?.(`${app.tab.name} shows`);
          app.tab.show();
        });
    }
  }

  #befallWorld(fate: WorldFate): void {
    if (this.#calm) return;
    this.#coverage.add(fate.kind);
    this.#say?.(`${fate.kind}${"ms" in fate ? ` ${fate.ms} ms` : ""}`);
    switch (fate.kind) {
      case "sleep": {
        const woken = this.#living().filter(({ tab }) => tab.awake);
        this.#asleep = true;
        for (const { tab } of woken) tab.freeze();
        this.#agenda.after(fate.ms, () => {
          this.#asleep = false;
          for (const { tab } of woken) this.#thaw(tab);
        });
        return;
      }
      case "offline":
        this.#weather.offline = true;
        this.#agenda.after(fate.ms, () => {
          this.#weather.offline = false;
          if (!this.#random.chance(0.5)) return;
          for (const app of this.#living()) if (app.tab.awake) app.nudge();
        });
        return;
      case "clock set":
        this.#agenda.wallOffset += fate.ms;
        this.invariants.clockWasSet();
        return;
      case "session loss":
        this.#legacy.restart();
        this.#modern.restart();
    }
  }

  #makeCall(call: AppCall): void {
    const ready = this.#living().filter(({ tab }) => tab.awake);
    if (this.#asleep || ready.length === 0) {
      this.#agenda.after(1_000, () => this.#makeCall(call));
      return;
    }
    this.#callsToMake--;
    this.#random.pick(ready as [App, ...App[]]).call(call);
  }

  #open(slot: number): App {
    const tab = new Tab(`t${this.#apps.length + 1}`, this.#agenda);
    this.#say?.(`${tab.name} opens`);
    const platform: TabPlatform | null = this.#life.alone
      ? null
      : {
          locks: this.#locks.of(tab),
          openChannel: (name) => this.#channels.open(tab, name),
          visible: () => tab.visible,
          onVisible: (callback) => tab.onVisible(callback),
        };
    const random = this.#random.fork(tab.name);
    const app = new App({
      tab,
      random,
      platform,
      store: this.#disk.storeOf(tab),
      endpoints: {
        legacy: this.#connector(tab, random, "legacy"),
        modern: this.#connector(tab, random, "modern"),
      },
      invariants: this.invariants,
      happened: (what) => this.#coverage.add(what),
      trace: this.#say,
      actMs: this.#life.contended ? undefined : ACT_MS,
      diskMs: () => this.#disk.spentMs,
      leadOf: (endpoint) => this.#leadOf(tab, endpoint),
      diligence: this.#life.diligence,
      inbox: this.#inbox && { random: random.fork("inbox"), watch: this.#inbox },
    });
    if (this.#living().length > 0) this.#coverage.add("several tabs");
    this.#apps.push(app);
    this.#slots[slot] = app;
    if (this.#asleep) tab.freeze();
    tab.after(1, () => app.start());
    return app;
  }

  /** The same for as long as the same other tab leads. */
  #leadOf(tab: Tab, endpoint: string): object | undefined {
    const [, lock] = LEADER_LOCKS.find(([name]) => name === endpoint) ?? [];
    if (lock === undefined || this.#locks.holder(lock) === tab) return undefined;
    return this.#locks.tenure(lock);
  }

  #connector(tab: Tab, random: Random, endpoint: "legacy" | "modern"): Connector {
    const host = endpoint === "legacy" ? this.#legacy : this.#modern;
    const paired = host instanceof ModelServerOfPairs ? host : undefined;
    const wire = {
      agenda: this.#agenda,
      tab,
      endpoint,
      host,
      weather: this.#weather,
      events: paired ? new PairedEvents(this.invariants) : this.invariants,
      reportsStreamEnds: random.chance(0.5),
    };
    const era = paired?.generation ?? (endpoint === "legacy" ? "2025-11-25" : "2026-07-28");
    const capabilities = { elicitation: { form: {} }, sampling: {}, roots: {} };
    const url = `https://${endpoint}.example/mcp`;
    const options = { era: random.chance(0.3) ? "auto" : era, capabilities, clock: tab.clock } as const;
    const connector = this.#http
      ? fromUrl(url, { ...options, fetch: simulatedFetch(wire) })
      : urlConnector(url, options, (_url, seed) =>
          sdkLink(seed, ({ sessionId }) => new SimulatedTransport(wire, sessionId)),
        );
    return paired ? withPairs(connector, PAIRS) : connector;
  }

  #crash(tab: Tab, moment: string): void {
    if (!tab.alive) return;
    this.#coverage.add("crash");
    this.#say?.(`${tab.name} dies ${moment}`);
    tab.die();
    const slot = this.#slots.findIndex((app) => app?.tab === tab);
    if (slot < 0 || this.#calm) return;
    this.#agenda.after(this.#random.spread(100, 20_000), () => {
      if (!this.#calm && !this.#slots[slot]?.tab.alive) this.#open(slot);
    });
  }

  #close(app: App): void {
    this.#coverage.add("tab closed");
    this.#say?.(`${app.tab.name} closes`);
    void app.close();
    // The browser grants a closing page a moment.
    app.tab.after(this.#random.between(0, 30), () => app.tab.die());
  }

  #thaw(tab: Tab): void {
    if (!tab.alive || !tab.frozen || this.#asleep) return;
    this.#say?.(`${tab.name} thaws`);
    tab.thaw();
  }

  // ── the calm ───────────────────────────────────────────────────────────────────────────────────

  #becalm(): void {
    this.#calm = true;
    this.#asleep = false;
    this.#weather.calm = true;
    this.#weather.offline = false;
    this.#say?.("the weather calms");
    for (const app of this.#living()) if (app.closing) app.tab.die();
    const living = this.#living();
    for (const app of living.slice(this.#life.survivors)) app.tab.die();
    for (const { tab } of this.#living()) {
      this.#thaw(tab);
      tab.show();
    }
    if (this.#living().length === 0) this.#open(0);
    for (const app of this.#living()) app.tab.after(50, () => app.beDiligent());
  }
}

/** Three of four servers keep events. */
function drawnLog(...parts: ConstructorParameters<typeof EventLog>): EventLog | undefined {
  const [, random] = parts;
  return random.chance(0.75) ? new EventLog(...parts) : undefined;
}

/** A plain call of the legacy server in place of another. */
function plainly(call: AppCall): AppCall {
  return { ...call, endpoint: "legacy", tool: "plain" };
}
