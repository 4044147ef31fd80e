import type { Clock } from "../clock.ts";
import { claimOf } from "../engine/claim.ts";
import {
  type Epoch,
  isUndecided,
  joiningTab,
  leads,
  type OwnershipCommand,
  type OwnershipEvent,
  own,
} from "../engine/ownership.ts";
import type { TaskRecord } from "../engine/record.ts";
import { randomId } from "../random-id.ts";
import type { TaskView } from "../task-view.ts";
import { createCallLocks } from "./call-locks.ts";
import type { Ownership, OwnershipEvents, OwnershipOf, TaskAction } from "./ownership.ts";
import { tabEvents } from "./tab-events.ts";
import type { LockOptions, TabPlatform } from "./tab-platform.ts";

/** How often a visible tab that holds unfinished tasks makes sure of its leader, in ms. */
const WATCH_MS = 2_000;
/** How often one without such tasks does. */
const IDLE_WATCH_MS = 10_000;
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
    return createTabGroup(platform, clock, `${store.scope}/${endpoint}`, tabEvents(parts, endpoint));
  };
}

/**
 * One tab of those that share a store: carries out what `engine/ownership.ts` decides, over Web Locks and a BroadcastChannel.
 * The leader alone polls. The others receive every change, and ask the leader to act.
 */
export function createTabGroup(
  platform: TabPlatform,
  clock: Clock,
  scope: string,
  events: OwnershipEvents,
): Ownership {
  const name = `holdfast/${scope}`;
  const channel = platform.openChannel(name);
  const exclusively = <T>(work: string, run: () => Promise<T>): Promise<T> =>
    platform.locks.request(`${name}/${work}`, {}, run);
  const calls = createCallLocks(exclusively);
  const closing = new AbortController();
  const closed = (): boolean => closing.signal.aborted;
  let state = joiningTab(randomId());
  /** Called after the next event. */
  const waiting: (() => void)[] = [];
  /** By nonce: takes the answer to what this tab asked the leader to do, or `undefined` where it does not count. */
  const asked = new Map<string, (taken: boolean | undefined) => void>();
  let joined: Promise<void> | undefined;
  let requests = 0;
  let queued = false;
  /** Gives the lock back. */
  let release: (() => void) | undefined;
  let stopWatching: (() => void) | undefined;
  let cancelWatch: (() => void) | undefined;
  let cancelPing: (() => void) | undefined;

  /** Resolves when this tab follows, leads, or has closed. */
  async function settled(): Promise<void> {
    while (isUndecided(state)) await new Promise<void>((resolve) => waiting.push(resolve));
  }

  /** @param message The message that the event is about. Returns whether it is stale. */
  function on(event: OwnershipEvent, message?: Body): boolean {
    const { state: next, commands, stale } = own(state, event);
    state = next;
    for (const command of commands) carryOut(command, message);
    for (const wake of waiting.splice(0)) wake();
    return stale;
  }

  function carryOut(command: OwnershipCommand, message: Body | undefined): void {
    const { lock: request } = state;
    switch (command) {
      case "queue":
        if (!queued) requestLead({ signal: closing.signal });
        return;
      case "steal":
        return requestLead({ steal: true });
      case "declare":
        return post({ type: "epoch" }, true);
      case "enter":
        events
          .elected()
          .catch(() => undefined)
          .then(() => on({ type: "resumed", request }));
        return;
      // The leader before may have died before it published what it wrote last: what this one has read as settled, it does
      // not run, and does not publish. The others read it after this one has.
      case "announce":
        return post({ type: "elected" }, true);
      case "yield":
        scheduleWatch();
        return events.steppedDown();
      case "release":
        return release?.();
      case "ping":
        cancelPing?.();
        cancelPing = clock.after(ANSWER_MS, silent);
        return post({ type: "ping", nonce: state.tab });
      case "pong":
        if (message?.type === "ping")
          post({ type: "pong", nonce: message.nonce, visible: platform.visible() }, true);
        return;
      case "adopt":
        if (message?.type === "adopt") events.adopt(message.record, message.base);
        return;
      case "act":
        // A client that closes meanwhile answers nothing, and is replaced.
        if (message?.type === "do") act(message.nonce, message.action).catch(() => undefined);
    }
  }

  async function act(nonce: string, action: TaskAction): Promise<void> {
    await settled();
    // Deposed meanwhile: the next leader acts.
    if (!leads(state) && !events.runs(action.id)) return;
    const taken = await events.act(action);
    post({ type: "done", nonce, taken }, true);
  }

  function silent(): void {
    on({ type: "silent", visible: platform.visible() });
  }

  function requestLead(options: LockOptions): void {
    const request = ++requests;
    const waits = options.signal !== undefined;
    if (waits) queued = true;
    const ended = (): void => {
      if (waits) queued = false;
    };
    let end = (): void => undefined;
    platform.locks
      .request(`${name}/leader`, options, (lock) => {
        ended();
        return new Promise<void>((resolve) => {
          end = resolve;
          if (!lock) resolve();
          else release = resolve;
          on(lock ? { type: "granted", request, now: clock.now() } : { type: "refused" });
          if (lock) askAgain();
        });
      })
      .catch(() => {
        ended();
        end();
        on({ type: "lost", request });
      });
  }

  /** A leader and a hidden tab set no timer: it begins anew when they step down, or become visible. */
  function scheduleWatch(): void {
    cancelWatch?.();
    if (leads(state) || !platform.visible()) return;
    cancelWatch = clock.after(WATCH_MS, () => {
      scheduleWatch();
      watch();
    });
  }

  /** A visible tab does not depend on a leader that is hidden, frozen or throttled. */
  function watch(): void {
    const within = (events.awaits() ? WATCH_MS : IDLE_WATCH_MS) - ANSWER_MS;
    on({ type: "watch", visible: platform.visible(), now: clock.now(), within });
  }

  function receive(message: Body & Envelope): void {
    const known = state.epoch;
    take(message);
    if (state.epoch !== known) askAgain();
  }

  /** There is another leader, which does not act on what its predecessor was asked. */
  function askAgain(): void {
    for (const answered of asked.values()) answered(undefined);
  }

  function take(message: Body & Envelope): void {
    const { epoch, asLeader } = message;
    if (on({ type: "heard", epoch, asLeader })) {
      // What the tab wrote before it stepped down is in the store.
      if (message.type === "view") events.outdated(message.view);
      if (message.type === "done") asked.get(message.nonce)?.(undefined);
      return;
    }
    switch (message.type) {
      case "view":
        return events.published(message.view, message.plain);
      case "forgot":
        return events.forgot(message.id);
      case "adopt":
        return void on({ type: "offered" }, message);
      case "do":
        return void on({ type: "asked", runs: events.runs(message.action.id), epoch }, message);
      case "ping":
        return void on({ type: "pinged" }, message);
      case "elected":
        return events.awake();
      case "pong":
        if (message.visible) {
          cancelPing?.();
          on({ type: "alive", now: clock.now() });
        } else if (message.nonce === state.tab) silent();
        return;
      case "done":
        return asked.get(message.nonce)?.(message.taken);
    }
  }

  function post(body: Body, asLeader = false): void {
    if (!closed()) channel.postMessage({ ...body, epoch: state.epoch, asLeader: asLeader && leads(state) });
  }

  async function join(): Promise<void> {
    requestLead({ ifAvailable: true });
    await settled();
    if (closed()) return;
    stopWatching = platform.onVisible(() => {
      events.awake();
      scheduleWatch();
      watch();
    });
    scheduleWatch();
  }

  channel.onmessage = ({ data }) => receive(data as Body & Envelope);
  return {
    get leadership() {
      return leads(state) ? "leading" : "following";
    },
    calls,
    claim(record) {
      return claimOf(this.leadership, record, calls.makes(record.id));
    },
    passOn: events.passOn,
    followCall: events.followCall,
    resumeOrphan: events.resumeOrphan,
    join() {
      joined ??= join();
      return joined;
    },
    exclusively,
    // A call stays with the tab that makes it, whichever tab leads.
    publish: (view, plain) => post({ type: "view", view, plain }, !plain && !calls.makes(view.id)),
    forgot: (id) => post({ type: "forgot", id }),
    handOver: (record, base) => post({ type: "adopt", record, base }),
    /** Resolves when the leader has acted. This tab replaces a leader that does not answer. */
    async ask(action) {
      while (!leads(state) && !closed()) {
        const nonce = randomId();
        const answer = new Promise<boolean | undefined>((resolve) => {
          const cancel = clock.after(platform.answerMs ?? ANSWER_MS, () => {
            on({ type: "unanswered" });
            resolve(undefined);
          });
          asked.set(nonce, (taken) => {
            cancel();
            resolve(taken);
          });
        });
        post({ type: "do", nonce, action });
        const taken = await answer;
        asked.delete(nonce);
        if (taken !== undefined) return taken;
        // If a third tab takes the lead at the same time, that one acts.
        await settled();
      }
      return !closed() && events.act(action);
    },
    close() {
      closing.abort();
      on({ type: "closed" });
      stopWatching?.();
      cancelWatch?.();
      cancelPing?.();
      calls.close();
      channel.onmessage = null;
      channel.close();
    },
  };
}
