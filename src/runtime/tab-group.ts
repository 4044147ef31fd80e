import type { Clock } from "../clock.ts";
import type { Leadership } from "../engine/claim.ts";
import {
  type Epoch,
  isUndecided,
  joiningTab,
  leads,
  type OwnershipCommand,
  type OwnershipEvent,
  type OwnershipState,
  own,
} from "../engine/ownership.ts";
import type { TaskRecord } from "../engine/record.ts";
import { randomId } from "../random-id.ts";
import type { TaskView } from "../task-view.ts";
import { CallLocks } from "./call-locks.ts";
import type { Ownership, OwnershipEvents, OwnershipOf, TaskAction } from "./ownership.ts";
import { tabEvents } from "./tab-events.ts";
import type { Channel, LockOptions, TabPlatform } from "./tab-platform.ts";

/** How often a visible tab makes sure of its leader, in ms. */
const WATCH_MS = 2_000;
/** How long a leader may take to say that it lives, or to act, in ms. */
const ANSWER_MS = 600;

type Body =
  | { readonly type: "view"; readonly view: TaskView; readonly plain: boolean }
  | { readonly type: "forgot"; readonly id: string }
  | { readonly type: "adopt"; readonly record: TaskRecord; readonly base: number | undefined }
  | { readonly type: "do"; readonly nonce: string; readonly action: TaskAction }
  | { readonly type: "done"; readonly nonce: string; readonly taken: boolean }
  | { readonly type: "elected" }
  | { readonly type: "epoch" }
  | { readonly type: "ping"; readonly nonce: string }
  | { readonly type: "pong"; readonly nonce: string; readonly visible: boolean };

/** See `engine/ownership.ts`. An earlier version of this library sends none of them. */
interface Envelope {
  readonly epoch?: Epoch;
  readonly asLeader?: boolean;
}

/** The tabs of a browser that share a store: their ownership of an endpoint. */
export function tabs(platform: TabPlatform): OwnershipOf {
  return (endpoint, parts) => {
    const { clock, store } = parts.options;
    return new TabGroup(platform, clock, `${store.scope}/${endpoint}`, tabEvents(parts, endpoint));
  };
}

/**
 * One tab of those that share a store: carries out what `engine/ownership.ts` decides, over Web Locks and a BroadcastChannel.
 * The leader alone polls. The others receive every change, and ask the leader to act.
 */
export class TabGroup implements Ownership {
  readonly calls: CallLocks = new CallLocks((name, work) => this.exclusively(name, work));
  readonly #platform: TabPlatform;
  readonly #clock: Clock;
  readonly #scope: string;
  readonly #events: OwnershipEvents;
  readonly #channel: Channel;
  #state: OwnershipState = joiningTab(randomId());
  /** Called after the next event. */
  readonly #waiting: (() => void)[] = [];
  /** By nonce: takes the answer to what this tab asked the leader to do, or `undefined` where it does not count. */
  readonly #asked: Map<string, (taken: boolean | undefined) => void> = new Map();
  readonly #closing: AbortController = new AbortController();
  #joined: Promise<void> | undefined;
  #requests = 0;
  #queued = false;
  /** Gives the lock back. */
  #release: (() => void) | undefined;
  #stopWatching: (() => void) | undefined;
  #cancelWatch: (() => void) | undefined;
  #cancelPing: (() => void) | undefined;
  #pinged: string | undefined;

  constructor(platform: TabPlatform, clock: Clock, scope: string, events: OwnershipEvents) {
    this.#platform = platform;
    this.#clock = clock;
    this.#scope = `holdfast/${scope}`;
    this.#events = events;
    this.#channel = platform.openChannel(this.#scope);
    this.#channel.onmessage = ({ data }) => this.#receive(data as Body & Envelope);
  }

  get leadership(): Leadership {
    return leads(this.#state) ? "leading" : "following";
  }

  join(): Promise<void> {
    this.#joined ??= this.#join();
    return this.#joined;
  }

  exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#platform.locks.request(`${this.#scope}/${name}`, {}, work);
  }

  publish(view: TaskView, plain: boolean): void {
    // A call stays with the tab that makes it, whichever tab leads.
    this.#post({ type: "view", view, plain }, !plain && !this.calls.makes(view.id));
  }

  forgot(id: string): void {
    this.#post({ type: "forgot", id });
  }

  handOver(record: TaskRecord, base?: number): void {
    this.#post({ type: "adopt", record, base });
  }

  /** Resolves when the leader has acted. This tab replaces a leader that does not answer. */
  async ask(action: TaskAction): Promise<boolean> {
    while (!leads(this.#state) && !this.#closing.signal.aborted) {
      const nonce = randomId();
      const answer = new Promise<boolean | undefined>((resolve) => {
        const cancel = this.#clock.after(ANSWER_MS, () => {
          this.#on({ type: "unanswered" });
          resolve(undefined);
        });
        this.#asked.set(nonce, (taken) => {
          cancel();
          resolve(taken);
        });
      });
      this.#post({ type: "do", nonce, action });
      const taken = await answer;
      this.#asked.delete(nonce);
      if (taken !== undefined) return taken;
      // If a third tab takes the lead at the same time, that one acts.
      await this.#settled();
    }
    return !this.#closing.signal.aborted && this.#events.act(action);
  }

  close(): void {
    this.#closing.abort();
    this.#on({ type: "closed" });
    this.#stopWatching?.();
    this.#cancelWatch?.();
    this.#cancelPing?.();
    this.calls.close();
    this.#channel.onmessage = null;
    this.#channel.close();
  }

  async #join(): Promise<void> {
    this.#request({ ifAvailable: true });
    await this.#settled();
    if (this.#closing.signal.aborted) return;
    this.#stopWatching = this.#platform.onVisible(() => {
      this.#events.awake();
      this.#scheduleWatch();
      this.#watch();
    });
    this.#scheduleWatch();
  }

  /** Resolves when this tab follows, leads, or has closed. */
  async #settled(): Promise<void> {
    while (isUndecided(this.#state)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** @param message The message that the event is about. Returns whether it is stale. */
  #on(event: OwnershipEvent, message?: Body): boolean {
    const { state, commands, stale } = own(this.#state, event);
    this.#state = state;
    for (const command of commands) this.#do(command, message);
    for (const wake of this.#waiting.splice(0)) wake();
    return stale;
  }

  #do(command: OwnershipCommand, message: Body | undefined): void {
    const { lock: request } = this.#state;
    switch (command) {
      case "queue":
        if (!this.#queued) this.#request({ signal: this.#closing.signal });
        return;
      case "steal":
        return this.#request({ steal: true });
      case "declare":
        return this.#post({ type: "epoch" }, true);
      case "enter":
        this.#events
          .elected()
          .catch(() => undefined)
          .then(() => this.#on({ type: "resumed", request }));
        return;
      // The leader before may have died before it published what it wrote last: what this one has read as settled, it does
      // not run, and does not publish. The others read it after this one has.
      case "announce":
        return this.#post({ type: "elected" }, true);
      case "yield":
        this.#scheduleWatch();
        return this.#events.steppedDown();
      case "release":
        return this.#release?.();
      case "ping":
        this.#cancelPing?.();
        this.#cancelPing = this.#clock.after(ANSWER_MS, () => this.#silent());
        this.#pinged = randomId();
        return this.#post({ type: "ping", nonce: this.#pinged });
      case "pong":
        if (message?.type === "ping")
          this.#post({ type: "pong", nonce: message.nonce, visible: this.#platform.visible() }, true);
        return;
      case "adopt":
        if (message?.type === "adopt") this.#events.adopt(message.record, message.base);
        return;
      case "act":
        // A client that closes meanwhile answers nothing, and is replaced.
        if (message?.type === "do") this.#act(message.nonce, message.action).catch(() => undefined);
    }
  }

  async #act(nonce: string, action: TaskAction): Promise<void> {
    await this.#settled();
    // Deposed meanwhile: the next leader acts.
    if (!leads(this.#state) && !this.#events.runs(action.id)) return;
    const taken = await this.#events.act(action);
    this.#post({ type: "done", nonce, taken }, true);
  }

  #silent(): void {
    this.#on({ type: "silent", visible: this.#platform.visible() });
  }

  #request(options: LockOptions): void {
    const request = ++this.#requests;
    const waits = options.signal !== undefined;
    if (waits) this.#queued = true;
    const settled = (): void => {
      if (waits) this.#queued = false;
    };
    let end = (): void => undefined;
    this.#platform.locks
      .request(`${this.#scope}/leader`, options, (lock) => {
        settled();
        return new Promise<void>((resolve) => {
          end = resolve;
          if (!lock) resolve();
          else this.#release = resolve;
          this.#on(lock ? { type: "granted", request, now: this.#clock.now() } : { type: "refused" });
        });
      })
      .catch(() => {
        settled();
        end();
        this.#on({ type: "lost", request });
      });
  }

  /** A leader and a hidden tab set no timer: it begins anew when they step down, or become visible. */
  #scheduleWatch(): void {
    this.#cancelWatch?.();
    if (leads(this.#state) || !this.#platform.visible()) return;
    this.#cancelWatch = this.#clock.after(WATCH_MS, () => {
      this.#scheduleWatch();
      this.#watch();
    });
  }

  /** A visible tab does not depend on a leader that is hidden, frozen or throttled. */
  #watch(): void {
    this.#on({ type: "watch", visible: this.#platform.visible(), now: this.#clock.now() });
  }

  #receive(message: Body & Envelope): void {
    const { epoch, asLeader } = message;
    if (this.#on({ type: "heard", epoch, asLeader })) {
      // What the tab wrote before it stepped down is in the store.
      if (message.type === "view") this.#events.outdated(message.view);
      if (message.type === "done") this.#asked.get(message.nonce)?.(undefined);
      return;
    }
    switch (message.type) {
      case "view":
        return this.#events.published(message.view, message.plain);
      case "forgot":
        return this.#events.forgot(message.id);
      case "adopt":
        return void this.#on({ type: "offered" }, message);
      case "do":
        return void this.#on({ type: "asked", runs: this.#events.runs(message.action.id) }, message);
      case "ping":
        return void this.#on({ type: "pinged" }, message);
      case "elected":
        return this.#events.awake();
      case "pong":
        if (message.visible) this.#on({ type: "alive", now: this.#clock.now() });
        else if (message.nonce === this.#pinged) this.#silent();
        return;
      case "done":
        return this.#asked.get(message.nonce)?.(message.taken);
    }
  }

  #post(body: Body, asLeader = false): void {
    if (this.#closing.signal.aborted) return;
    this.#channel.postMessage({
      ...body,
      epoch: this.#state.epoch,
      asLeader: asLeader && leads(this.#state),
    });
  }
}
