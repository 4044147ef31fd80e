import type { Connection, Connector } from "../../../src/channel/connection.ts";
import type { Clock } from "../../../src/clock.ts";
import { RequestFailedError } from "../../../src/engine/request-failed.ts";
import type {
  BrowserAlarms,
  BrowserEvent,
  BrowserPort,
  ExtensionBrowser,
  MessageSender,
} from "../../../src/extension/browser.ts";
import type { TabPlatform } from "../../../src/runtime/tab-platform.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { FakeBrowser, type FakeTab } from "../../fixtures/fake-browser.ts";
import { type FakeClock, settled } from "../../fixtures/fake-clock.ts";

export const EXTENSION_ID = "abcdefghijklmnop";
export const ROOT = `chrome-extension://${EXTENSION_ID}/`;
const MINUTE = 60_000;

type Listener = (...args: never[]) => unknown;

class FakeEvent<L extends Listener> implements BrowserEvent<L> {
  readonly listeners: Set<L> = new Set();

  addListener(listener: L): void {
    this.listeners.add(listener);
  }

  removeListener(listener: L): void {
    this.listeners.delete(listener);
  }

  fire(...args: Parameters<L>): void {
    for (const listener of [...this.listeners]) listener(...args);
  }
}

/** One worker, or a page, from its start to its death. Nothing of it has any effect once it is dead. */
export class Life {
  readonly #extension: FakeExtension;
  readonly tab: FakeTab;
  readonly ports: Set<FakePort> = new Set();
  readonly onConnect: FakeEvent<(port: BrowserPort) => void> = new FakeEvent();
  readonly onConnectExternal: FakeEvent<(port: BrowserPort) => void> = new FakeEvent();
  readonly onAlarm: FakeEvent<(alarm: { name: string; scheduledTime: number }) => unknown> = new FakeEvent();
  readonly onStartup: FakeEvent<() => unknown> = new FakeEvent();
  readonly onInstalled: FakeEvent<() => unknown> = new FakeEvent();
  /** Of permissions. */
  readonly onAdded: FakeEvent<() => unknown> = new FakeEvent();
  alive = true;

  constructor(extension: FakeExtension, tab: FakeTab) {
    this.#extension = extension;
    this.tab = tab;
  }

  get clock(): Clock {
    const { clock } = this.#extension;
    return {
      now: () => clock.now(),
      after: (ms, callback) => clock.after(ms, () => this.alive && callback()),
    };
  }

  get browser(): ExtensionBrowser {
    const { onConnect, onConnectExternal, onStartup, onInstalled, alarms } = this;
    const connect = (): never => {
      throw new Error("A worker does not connect to itself");
    };
    const getURL = (path: string): string => `${ROOT}${path}`;
    const runtime = {
      id: EXTENSION_ID,
      getURL,
      connect,
      onConnect,
      onConnectExternal,
      onStartup,
      onInstalled,
    };
    const denied = async (): Promise<boolean> => false;
    const permissions = { contains: denied, request: denied, remove: denied, onAdded: this.onAdded };
    return { runtime, alarms, permissions };
  }

  get alarms(): BrowserAlarms {
    const { alarms, clock } = this.#extension;
    const { onAlarm } = this;
    return {
      onAlarm,
      create: (name, { when, periodInMinutes }) =>
        this.does(`set the alarm to ${when - clock.now()} ms`, async () => {
          this.#extension.alarmsSet++;
          alarms.set(name, { at: when, setAt: clock.now(), periodMs: periodInMinutes * MINUTE });
        }),
      get: (name) =>
        this.does("get the alarm", async () => {
          const alarm = alarms.get(name);
          return alarm && { scheduledTime: alarm.at };
        }),
      clear: (name) => this.does("clear the alarm", async () => alarms.delete(name)),
    };
  }

  /** The locks and channels it shares with pages. */
  get tabs(): TabPlatform {
    const { tab } = this;
    const request: TabPlatform["locks"]["request"] = (name, options, callback) =>
      this.alive ? tab.locks.request(name, options, callback) : new Promise(() => undefined);
    return {
      locks: { request },
      openChannel: (name) => tab.openChannel(name),
      visible: () => true,
      onVisible: () => () => undefined,
    };
  }

  store(store: TaskStore): TaskStore {
    const { deliveries } = store;
    return {
      ...(deliveries && {
        deliveries: {
          load: () => this.does("load the notes", () => deliveries.load()),
          change: (id, change) => this.does("change a note", () => deliveries.change(id, change)),
        },
      }),
      ...(store.scope !== undefined && { scope: store.scope }),
      save: (record) => this.does(`save ${record.stage}`, () => store.save(record)),
      load: (id) => this.does("load", () => store.load(id)),
      remove: (id) => this.does("remove", () => store.remove(id)),
      loadActive: () => this.does("load the active", () => store.loadActive()),
      loadSettled: () => this.does("load the settled", () => store.loadSettled()),
      saveSession: (name, session) => this.does("save the session", () => store.saveSession(name, session)),
      loadSession: (name) => this.does("load the session", () => store.loadSession(name)),
    };
  }

  connector(connector: Connector): Connector {
    return {
      renewable: connector.renewable,
      connect: (events, remembered) =>
        this.does("connect", async () => this.#connection(await connector.connect(events, remembered))),
    };
  }

  #connection(connection: Connection): Connection {
    return {
      session: connection.session,
      request: (frame, options) => this.does(frame.method, () => connection.request(frame, options)),
      respond: (id, result) => this.does("respond", () => connection.respond(id, result)),
      refuse: (id, code, message) => this.does("refuse", () => connection.refuse(id, code, message)),
      close: () => connection.close(),
    };
  }

  /** Runs `work`, which has an effect outside, if the worker still lives. Settles only if the worker lives afterwards. */
  async does<T>(what: string, work: () => Promise<T>): Promise<T> {
    const never = new Promise<never>(() => undefined);
    this.#extension.passes(`before: ${what}`);
    if (!this.alive) return never;
    try {
      const done = await work();
      this.#extension.passes(`after: ${what}`);
      return this.alive ? done : never;
    } catch (error) {
      if (!this.alive) return never;
      throw error;
    }
  }

  die(): void {
    this.alive = false;
    this.tab.kill();
    for (const port of [...this.ports]) port.disconnect();
  }
}

/** One end of a port. Messages are copied as Chrome does it, and take a turn. */
export class FakePort implements BrowserPort {
  readonly name: string;
  readonly onMessage: FakeEvent<(message: unknown, port: never) => void> = new FakeEvent();
  readonly onDisconnect: FakeEvent<(port: never) => void> = new FakeEvent();
  readonly sender?: MessageSender;
  readonly posted: unknown[] = [];
  other: FakePort | undefined;
  open = true;
  /** Messages longer than this, as JSON, are refused, as browsers do. */
  limit = Number.POSITIVE_INFINITY;
  readonly #receives: () => boolean;

  constructor(name: string, receives: () => boolean, sender?: MessageSender) {
    this.name = name;
    this.#receives = receives;
    if (sender) this.sender = sender;
  }

  postMessage(message: unknown): void {
    if (!this.open) throw new Error("Attempting to use a disconnected port object");
    const text = JSON.stringify(message);
    if (text.length > this.limit) throw new Error("Message length exceeded maximum allowed length.");
    const copy: unknown = JSON.parse(text);
    this.posted.push(copy);
    const { other } = this;
    queueMicrotask(() => {
      if (other?.open && other.#receives()) other.onMessage.fire(copy, other as never);
    });
  }

  disconnect(): void {
    if (!this.open) return;
    this.open = false;
    const { other } = this;
    queueMicrotask(() => {
      if (!other?.open) return;
      other.open = false;
      if (other.#receives()) other.onDisconnect.fire(other as never);
    });
  }
}

interface FakeAlarm {
  at: number;
  readonly setAt: number;
  readonly periodMs: number;
}

/** An installed extension: its worker is started by what happens to it, and killed by the test. */
export class FakeExtension {
  readonly clock: FakeClock;
  readonly browser: FakeBrowser = new FakeBrowser();
  readonly alarms: Map<string, FakeAlarm> = new Map();
  /** The least time from setting an alarm to its going off, in ms: 30 s for an extension from a store. */
  readonly alarmFloorMs: number;
  /** The worker's script. */
  main: (life: Life) => void = () => undefined;
  life: Life | undefined;
  lives = 0;
  alarmsSet = 0;
  /** Everything the workers did outside themselves. */
  readonly log: string[] = [];
  /** Called before and after each of it. */
  onPass: (count: number) => void = () => undefined;
  lastError: { message: string } | undefined;

  constructor(clock: FakeClock, alarmFloorMs = 0) {
    this.clock = clock;
    this.alarmFloorMs = alarmFloorMs;
  }

  passes(what: string): void {
    this.log.push(what);
    this.onPass(this.log.length);
  }

  /** Starts the worker, if it is not running. */
  start(): Life {
    if (this.life) return this.life;
    const life = new Life(this, this.browser.openTab());
    this.life = life;
    this.lives++;
    this.main(life);
    return life;
  }

  kill(): void {
    const { life } = this;
    this.life = undefined;
    life?.die();
  }

  /** Lets the time pass, in which alarms go off. */
  async advance(ms: number): Promise<void> {
    // What is on its way comes first.
    await settled();
    const until = this.clock.now() + ms;
    for (;;) {
      const [name, next] = this.#nextAlarm();
      if (!next || ringsAt(next, this.alarmFloorMs) > until) break;
      await this.clock.advance(Math.max(0, ringsAt(next, this.alarmFloorMs) - this.clock.now()));
      // What ran meanwhile may have set it anew.
      const alarm = this.alarms.get(name);
      if (alarm !== next || ringsAt(alarm, this.alarmFloorMs) > this.clock.now()) continue;
      const scheduledTime = alarm.at;
      this.alarms.set(name, { ...alarm, at: this.clock.now() + alarm.periodMs });
      this.start().onAlarm.fire({ name, scheduledTime });
      await this.clock.advance(0);
    }
    await this.clock.advance(Math.max(0, until - this.clock.now()));
  }

  #nextAlarm(): [string, FakeAlarm | undefined] {
    const sorted = [...this.alarms].sort(
      ([, a], [, b]) => ringsAt(a, this.alarmFloorMs) - ringsAt(b, this.alarmFloorMs),
    );
    return sorted[0] ?? ["", undefined];
  }

  /** What a page of the extension has, or what another sender is said to be. */
  page(
    sender: MessageSender = { id: EXTENSION_ID, url: `${ROOT}popup.html`, origin: ROOT.slice(0, -1) },
    external = false,
  ): ExtensionBrowser {
    const self = this;
    return {
      runtime: {
        id: EXTENSION_ID,
        get lastError() {
          return self.lastError;
        },
        connect: (first: string | { readonly name: string }, second?: { readonly name: string }) =>
          this.connect((typeof first === "string" ? second : first)?.name ?? "", sender, external),
      },
    };
  }

  connect(name: string, sender: MessageSender, external = false): FakePort {
    const ours = new FakePort(name, () => true);
    queueMicrotask(() => {
      const life = this.start();
      const event = external ? life.onConnectExternal : life.onConnect;
      const theirs = new FakePort(name, () => life.alive, sender);
      ours.other = theirs;
      theirs.other = ours;
      life.ports.add(theirs);
      if (event.listeners.size === 0) return theirs.disconnect();
      event.fire(theirs);
    });
    return ours;
  }

  /** Another page of the extension, for a client of its own. */
  openPage(): Life {
    return new Life(this, this.browser.openTab());
  }
}

function ringsAt({ at, setAt }: FakeAlarm, floorMs: number): number {
  return Math.max(at, setAt + floorMs);
}

/** A connector whose connections answer by themselves. */
export function serverOf(
  session: Connection["session"],
  answer: (method: string, params: Record<string, unknown>) => unknown,
): Connector {
  return {
    renewable: false,
    connect: async (_events, remembered) => ({
      session: remembered ?? session,
      request: async (frame) => {
        const reply = answer(frame.method, JSON.parse(JSON.stringify(frame.params)));
        if (reply === undefined) {
          const error = { code: -32601, message: `No ${frame.method}` };
          throw new RequestFailedError(frame.method, { kind: "rpc", error, message: error.message });
        }
        return reply;
      },
      respond: async () => undefined,
      refuse: async () => undefined,
      close: async () => undefined,
    }),
  };
}
