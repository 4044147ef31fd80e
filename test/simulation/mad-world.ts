import { sdkLink } from "../../src/channel/sdk-link.ts";
import { urlConnector } from "../../src/channel/url-connector.ts";
import type { ServerGeneration } from "../../src/protocol/registry.ts";
import { Agenda } from "./agenda.ts";
import { App } from "./app.ts";
import { takeOverGlobals } from "./deterministic-globals.ts";
import { Disk } from "./disk.ts";
import { Gibberish } from "./gibberish.ts";
import { Invariants, type Violation } from "./invariants.ts";
import { Ledger } from "./ledger.ts";
import { ModelServer2025 } from "./model-server-2025.ts";
import { ModelServer2026 } from "./model-server-2026.ts";
import { Random } from "./random.ts";
import { NO_QUIRKS } from "./server-quirks.ts";
import { SimulatedTransport } from "./simulated-transport.ts";
import { Tab } from "./tab.ts";
import { Trace } from "./trace.ts";
import { LockTable } from "./virtual-locks.ts";
import { Weather } from "./weather.ts";

const CALLS = 3;
const BOUND_MS = 24 * 3_600_000;

export interface MadReport {
  readonly violation: Violation | undefined;
  /** How many messages of nonsense the client received. */
  readonly nonsense: number;
  readonly settled: number;
  readonly trace: Trace;
}

/** How often a payload that cannot be read is asked for before that is the outcome. */
const TRIES = 5;
/** The id of a question that the sane server asks: it never uses one twice. */
const OWN_ID = /\bask-\d+/;
/** These identify questions of 2025-11-25 by their ids. */
const ABOUT_QUESTIONS: ReadonlySet<string> = new Set([
  "a question is answered once",
  "an accepted answer is the one the app gave",
  "no answer leaves before it is durable",
]);

/**
 * Some invariants do not hold against a mad server. A client that reads nonsense may poll as often as it likes. A question that
 * names no task is taken to be about the plain call in flight, which has no record. A result that cannot be read five
 * times is an outcome. And a mad server asks, asks in other words and pings under one id.
 */
class SparingInvariants extends Invariants {
  /** How many replies about a call's task were spoilt. */
  spoilt: (tag: string) => number = () => 0;
  /** Whether a question of this id was also asked in other words. */
  isGarbled: (id: string) => boolean = () => false;

  override violate(invariant: string, detail: string): void {
    if (invariant.startsWith("polls never exceed") || detail.endsWith("is of no record on disk")) return;
    const [tag = ""] = detail.split(" ");
    if (detail.includes("its result cannot be read") && this.spoilt(tag) >= TRIES) return;
    const [own] = OWN_ID.exec(detail) ?? [];
    if (ABOUT_QUESTIONS.has(invariant) && (own === undefined || this.isGarbled(own))) return;
    super.violate(invariant, detail);
  }
}

/** One tab and one server that goes mad once its tasks run, and comes to its senses again. */
export async function runMadWorld(seed: number, generation: ServerGeneration): Promise<MadReport> {
  const random = new Random(`mad/${generation}/${seed}`);
  const agenda = new Agenda();
  const trace = new Trace();
  const weather = new Weather(random.fork("weather"));
  weather.calm = true;
  const ledger = new Ledger();
  const happened = (): void => undefined;
  const say = (line: string): void => trace.add(agenda.now, line);
  const setting = { agenda, ledger, happened, trace: say };
  const locks = new LockTable(random.fork("locks"));
  const invariants = new SparingInvariants({
    ...setting,
    locks,
    leaderLocks: new Map(),
    crash: () => undefined,
  });
  const disk = new Disk(agenda, random.fork("disk"), weather, invariants);
  invariants.watch(disk);
  const server = { ...setting, weather, random: random.fork("server"), keepsTasks: true, quirks: NO_QUIRKS };
  const legacy = generation === "2025-11-25";
  const endpoint = legacy ? "legacy" : "modern";
  const sane = legacy ? new ModelServer2025(server) : new ModelServer2026(server);
  const host = new Gibberish(sane, random.fork("gibberish"), generation);
  invariants.isGarbled = (id) => host.garbledIds.has(id);
  invariants.spoilt = (tag) =>
    Math.max(0, ...ledger.executions(tag).map(({ taskId = "" }) => host.spoilt.get(taskId) ?? 0));
  const tab = new Tab("t1", agenda);
  const wire = {
    agenda,
    tab,
    endpoint,
    host,
    weather,
    events: invariants,
    reportsStreamEnds: random.chance(0.5),
  };
  const capabilities = { elicitation: { form: {} }, sampling: {}, roots: {} };
  const giveBack = takeOverGlobals(random.fork("globals"));
  const unhandled = (error: unknown): void => {
    invariants.violate(
      "no rejection is unhandled",
      error instanceof Error ? String(error.stack) : String(error),
    );
  };
  process.on("unhandledRejection", unhandled);
  try {
    const app = new App({
      ...setting,
      tab,
      random: random.fork("app"),
      store: disk.storeOf(tab),
      endpoints: {
        [endpoint]: urlConnector(
          `https://${endpoint}.example/mcp`,
          { era: generation, capabilities, clock: tab.clock },
          (_url, seed) => sdkLink(seed, ({ sessionId }) => new SimulatedTransport(wire, sessionId)),
        ),
      },
      platform: null,
      invariants,
      actMs: undefined,
      diskMs: () => 0,
      leadOf: () => undefined,
      diligence: 1,
      inbox: undefined,
    });
    app.start();
    for (let index = 1; index <= CALLS; index++) {
      const tool = random.pick(["required", "optional", "harmless"]);
      const call = { tag: `c${index}`, endpoint, tool, repeatable: undefined, cancelAfterMs: undefined };
      agenda.after(index * 100, () => app.call(call));
    }
    // By then the calls are answered; what is still asked before a task is answered in the madness.
    agenda.after(2_500, () => {
      host.mad = true;
    });
    const madness = random.spread(5_000, 200_000);
    for (let at = 2_500; at < 2_500 + madness; at += random.between(50, 5_000))
      agenda.after(at, () => host.babble());
    agenda.after(2_500 + madness, () => {
      host.mad = false;
      say("the server is sane again");
      app.beDiligent();
    });
    const isDone = (): boolean =>
      agenda.now > 2_500 + madness && disk.active.size === 0 && app.waitsFor.length === 0;
    while (!isDone() && agenda.next < BOUND_MS && !invariants.violation) {
      try {
        agenda.step();
      } catch (error) {
        invariants.violate("nothing throws", error instanceof Error ? String(error.stack) : String(error));
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    for (const record of disk.active.values()) {
      const { call, stage, snapshot } = record;
      const detail = `${String(call.arguments?.tag)} is ${stage} ${snapshot?.status ?? ""}`;
      invariants.violate("every task reaches an outcome once the server is sane", detail);
    }
    for (const promise of app.waitsFor) invariants.violate("no promise is left hanging", promise);
    return { violation: invariants.violation, nonsense: host.count, settled: disk.settled.size, trace };
  } finally {
    process.off("unhandledRejection", unhandled);
    giveBack();
  }
}
