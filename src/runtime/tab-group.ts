import type { Clock } from "../clock.ts";
import type { Standing } from "../engine/claim.ts";
import type { TaskRecord } from "../engine/record.ts";
import { randomId } from "../random-id.ts";
import type { TaskView } from "../task-view.ts";
import { CallLocks } from "./call-locks.ts";
import type { Ownership, OwnershipEvents, OwnershipOf, TaskAction } from "./ownership.ts";
import type { Channel, TabPlatform } from "./tab-platform.ts";

/** How often a visible tab makes sure of its leader, in ms. */
const WATCH_MS = 2_000;
/** How long a leader may take to say that it lives, in ms. */
const ANSWER_MS = 600;

type Message =
  | { readonly type: "view"; readonly view: TaskView; readonly plain: boolean }
  | { readonly type: "forgot"; readonly id: string }
  | { readonly type: "adopt"; readonly record: TaskRecord; readonly base: number | undefined }
  | { readonly type: "do"; readonly nonce: string; readonly action: TaskAction }
  | { readonly type: "done"; readonly nonce: string; readonly taken: boolean }
  | { readonly type: "elected" }
  | { readonly type: "ping"; readonly nonce: string }
  | { readonly type: "pong"; readonly nonce: string; readonly visible: boolean };

/** The tabs of a browser that share a store: their ownership of an endpoint. */
export function tabs(platform: TabPlatform): OwnershipOf {
  return (scope, clock, events) => new TabGroup(platform, clock, scope, events);
}

/**
 * The tabs that share a store. One leads, by holding a Web Lock: it alone polls. The others are
 * told of every change and ask the leader for what they want done. A leader that is closed or
 * killed loses the lock at once; from one that is frozen or hidden a visible tab takes it.
 */
export class TabGroup implements Ownership {
  readonly calls: CallLocks = new CallLocks((name, work) => this.exclusively(name, work));
  readonly #platform: TabPlatform;
  readonly #clock: Clock;
  readonly #scope: string;
  readonly #events: OwnershipEvents;
  readonly #channel: Channel;
  readonly #waiting: Map<string, (message: Message) => void> = new Map();
  readonly #closing: AbortController = new AbortController();
  /** When a visible leader last said, to whatever tab, that it lives. */
  #servedAt: number = Number.NEGATIVE_INFINITY;
  #joined: Promise<void> | undefined;
  /** Ends this tab's reign. */
  #abdicate: (() => void) | undefined;
  #office: Promise<void> = Promise.resolve();
  #stealing: Promise<boolean> | undefined;
  #queued = false;
  #stopWatching: (() => void) | undefined;
  #cancelWatch: (() => void) | undefined;

  constructor(platform: TabPlatform, clock: Clock, scope: string, events: OwnershipEvents) {
    this.#platform = platform;
    this.#clock = clock;
    this.#scope = `holdfast/${scope}`;
    this.#events = events;
    this.#channel = platform.openChannel(this.#scope);
    this.#channel.onmessage = ({ data }) => void this.#receive(data as Message);
  }

  get standing(): Standing {
    return this.leads ? "leading" : "following";
  }

  get leads(): boolean {
    return this.#abdicate !== undefined;
  }

  /** Takes part. Resolves when this tab leads and is in office, or follows. */
  join(): Promise<void> {
    this.#joined ??= this.#join();
    return this.#joined;
  }

  /** Runs the work while no other tab runs work of that name. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#platform.locks.request(`${this.#scope}/${name}`, {}, work);
  }

  publish(view: TaskView, plain: boolean): void {
    this.#post({ type: "view", view, plain });
  }

  forgot(id: string): void {
    this.#post({ type: "forgot", id });
  }

  /**
   * Hands over a call that this tab makes, and then its task, to the leader.
   * @param base The `rev` that the store holds, where that is not the record's.
   */
  handOver(record: TaskRecord, base?: number): void {
    this.#post({ type: "adopt", record, base });
  }

  /** Has the leader act. Resolves when that is durable; a leader that does not answer is replaced by this tab. */
  async ask(action: TaskAction): Promise<boolean> {
    while (!this.leads && !this.#closing.signal.aborted) {
      const nonce = randomId();
      const answer = this.#answer(nonce);
      this.#post({ type: "do", nonce, action });
      const done = await answer;
      if (done?.type === "done") return done.taken;
      // A third tab may take the lead at the same time: then it is that one's to act.
      await this.#takeOver().catch(() => undefined);
    }
    return !this.#closing.signal.aborted && this.#events.act(action);
  }

  close(): void {
    this.#closing.abort();
    this.#stopWatching?.();
    this.#cancelWatch?.();
    this.#abdicate?.();
    this.calls.close();
    this.#channel.onmessage = null;
    this.#channel.close();
  }

  async #join(): Promise<void> {
    // It may be stolen before this tab hears that it has it.
    const first = await this.#reign({ ifAvailable: true }).catch(() => false);
    if (!first) this.#queue();
    this.#stopWatching = this.#platform.onVisible(() => {
      this.#events.awake();
      void this.#watch();
    });
    this.#scheduleWatch();
    await this.#office;
  }

  /** Waits for the leader's end, as long as it takes. */
  #queue(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.#reign({ signal: this.#closing.signal })
      .catch(() => undefined)
      .finally(() => {
        this.#queued = false;
      });
  }

  /** Asks for the lock. Resolves true once this tab has it, false if it was not to be had. */
  #reign(options: { ifAvailable?: boolean; steal?: boolean; signal?: AbortSignal }): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let end: (() => void) | undefined;
      this.#platform.locks
        .request(`${this.#scope}/leader`, options, async (lock) => {
          if (!lock || this.#closing.signal.aborted) return resolve(false);
          const ended = new Promise<void>((resolveEnd) => {
            end = resolveEnd;
          });
          this.#abdicate = end;
          this.#office = this.#events
            .elected()
            .catch(() => undefined)
            // The leader before may have died before it told what it had written last: what this one has read as
            // settled, it does not run, and tells nobody. The others read it after this one has.
            .then(() => this.#post({ type: "elected" }));
          resolve(true);
          await ended;
          if (this.#abdicate === end) this.#abdicate = undefined;
        })
        .catch((error: unknown) => {
          // Another tab took the lock, or this one is closing. The news may come when this one leads again.
          const led = end !== undefined && this.#abdicate === end;
          if (led) this.#abdicate = undefined;
          end?.();
          if (led && !this.#closing.signal.aborted) {
            this.#events.deposed();
            this.#queue();
          }
          reject(error);
        });
    });
  }

  async #takeOver(): Promise<void> {
    if (!this.leads) {
      // Who takes the lock twice takes it from itself.
      this.#stealing ??= this.#reign({ steal: true }).finally(() => {
        this.#stealing = undefined;
      });
      await this.#stealing;
    }
    await this.#office;
  }

  #scheduleWatch(): void {
    if (this.#closing.signal.aborted) return;
    const watch = (): void => void this.#watch().finally(() => this.#scheduleWatch());
    this.#cancelWatch = this.#clock.after(WATCH_MS, watch);
  }

  /** A visible tab does not depend on a leader that is hidden, frozen or throttled. */
  async #watch(): Promise<void> {
    if (this.leads || !this.#platform.visible() || this.#closing.signal.aborted) return;
    // Of many followers one asks for all. A clock that was set back must not silence them.
    const since = this.#clock.now() - this.#servedAt;
    if (since >= 0 && since < WATCH_MS / 2) return;
    const nonce = randomId();
    const answer = this.#answer(nonce);
    this.#post({ type: "ping", nonce });
    const pong = await answer;
    const served = pong?.type === "pong" && pong.visible;
    if (served || this.leads || !this.#platform.visible() || this.#closing.signal.aborted) return;
    await this.#takeOver().catch(() => undefined);
  }

  #answer(nonce: string): Promise<Message | undefined> {
    return new Promise((resolve) => {
      const settle = (message: Message | undefined): void => {
        this.#waiting.delete(nonce);
        cancel();
        resolve(message);
      };
      const cancel = this.#clock.after(ANSWER_MS, () => settle(undefined));
      this.#waiting.set(nonce, settle);
    });
  }

  async #receive(message: Message): Promise<void> {
    switch (message.type) {
      case "view":
        return this.#events.published(message.view, message.plain);
      case "forgot":
        return this.#events.forgot(message.id);
      case "adopt":
        if (this.leads) this.#events.adopt(message.record, message.base);
        return;
      case "do": {
        // A call runs in the tab that makes it.
        if (!this.leads && !this.#events.runs(message.action.id)) return;
        await this.#office;
        const taken = await this.#events.act(message.action);
        return this.#post({ type: "done", nonce: message.nonce, taken });
      }
      case "elected":
        return this.#events.awake();
      case "ping":
        if (this.leads) this.#post({ type: "pong", nonce: message.nonce, visible: this.#platform.visible() });
        return;
      case "pong":
        if (message.visible) this.#servedAt = this.#clock.now();
        return this.#waiting.get(message.nonce)?.(message);
      case "done":
        return this.#waiting.get(message.nonce)?.(message);
    }
  }

  #post(message: Message): void {
    if (!this.#closing.signal.aborted) this.#channel.postMessage(message);
  }
}
