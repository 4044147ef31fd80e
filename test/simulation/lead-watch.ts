import type { Agenda } from "./agenda.ts";
import type { Tab } from "./tab.ts";
import type { LockTable } from "./virtual-locks.ts";

/**
 * How long a visible tab may wait for a leader that is hidden, in ms: for up to 3 s it may not know that it lost
 * the lead itself, then it checks the leader every 2 s, and waits 0.6 s for its reply.
 */
const PATIENCE_MS = 8_000;
/** Another tab may come to be looked at long after the leader left. */
const LOOKS = 5;

export interface LeadWatchSetting {
  readonly agenda: Agenda;
  readonly locks: LockTable;
  readonly leaderLocks: Iterable<string>;
  /** The tabs whose clients are at work. */
  readonly tabs: () => readonly Tab[];
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
    for (const lock of leaderLocks) {
      if (locks.holder(lock) !== leader) continue;
      const tenure = locks.tenure(lock);
      for (let look = 0; look < LOOKS; look++) {
        agenda.after(PATIENCE_MS * 2 ** look, () => {
          if (locks.tenure(lock) === tenure) this.#look(lock, leader);
        });
      }
    }
  }

  #look(lock: string, leader: Tab): void {
    const { agenda, tabs, violate } = this.#setting;
    const since = agenda.now - PATIENCE_MS;
    if (leader.present || leader.presenceChangedAt > since) return;
    const patient = tabs().find(({ present, presenceChangedAt }) => present && presenceChangedAt <= since);
    if (!patient) return;
    const state = leader.frozen ? "frozen" : "hidden";
    violate(
      "a visible tab replaces a leader that is hidden or frozen",
      `${patient.name} leaves ${lock} to ${leader.name}, which has been ${state} for ${PATIENCE_MS} ms`,
    );
  }
}
