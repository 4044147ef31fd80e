import type { Agenda } from "./agenda.ts";
import type { App } from "./app.ts";
import type { Tab } from "./tab.ts";
import type { LockTable } from "./virtual-locks.ts";

/**
 * How long a visible tab with an unfinished task may wait for a leader that is hidden, in ms: for up to 3 s it may not know
 * that it lost the lead itself, then it checks the leader every 2 s, unless it replied within 1.4 s, and waits 0.6 s for its reply.
 */
const PATIENCE_MS = 8_000;
/** One without such a task checks the leader every 10 s, unless it replied within 9.4 s. */
const IDLE_PATIENCE_MS = 16_000;
/** Another tab may come to be looked at long after the leader left. */
const LOOKS = 5;

export interface LeadWatchSetting {
  readonly agenda: Agenda;
  readonly locks: LockTable;
  /** By endpoint. */
  readonly leaderLocks: Iterable<readonly [endpoint: string, lock: string]>;
  /** Those whose clients are at work. */
  readonly apps: () => readonly Pick<App, "tab" | "awaits">[];
  readonly violate: (invariant: string, detail: string) => void;
}

/** Sees to it that a leader that is hidden or frozen is replaced as soon as there is a better one. */
export class LeadWatch {
  readonly #setting: LeadWatchSetting;

  constructor(setting: LeadWatchSetting) {
    this.#setting = setting;
  }

  /** The tab was hidden or frozen. */
  left(leader: Tab): void {
    const { agenda, locks, leaderLocks } = this.#setting;
    for (const [endpoint, lock] of leaderLocks) {
      if (locks.holder(lock) !== leader) continue;
      const tenure = locks.tenure(lock);
      for (let look = 0; look < LOOKS; look++) {
        agenda.after(PATIENCE_MS * 2 ** look, () => {
          if (locks.tenure(lock) === tenure) this.#look(endpoint, lock, leader);
        });
      }
    }
  }

  #look(endpoint: string, lock: string, leader: Tab): void {
    const { agenda, apps, violate } = this.#setting;
    if (leader.present) return;
    for (const app of apps()) {
      const { tab } = app;
      const waits = app.awaits(endpoint, agenda.now - PATIENCE_MS);
      const patience = waits ? PATIENCE_MS : IDLE_PATIENCE_MS;
      const changedAt = Math.max(leader.presenceChangedAt, tab.presenceChangedAt);
      if (!tab.present || changedAt > agenda.now - patience) continue;
      const state = leader.frozen ? "frozen" : "hidden";
      violate(
        "a visible tab replaces a leader that is hidden or frozen",
        `${tab.name} leaves ${lock} to ${leader.name}, which has been ${state} for ${patience} ms`,
      );
    }
  }
}
