import type { Tab } from "./tab.ts";

interface Loss {
  /** Thefts of which the tab has not heard yet: it may have the lock again before it hears of the first. */
  unheard: number;
  heardAt: number;
}

/** Which tabs lost which lead, and since when they know. */
export class LostLeads {
  readonly #losses: Map<Tab, Map<string, Loss>> = new Map();

  stolen(from: Tab, lock: string): void {
    this.#lossOf(from, lock).unheard++;
  }

  heard(tab: Tab, lock: string, at: number): void {
    const loss = this.#lossOf(tab, lock);
    loss.unheard--;
    loss.heardAt = at;
  }

  /** Infinity while the news of a theft are on their way, -Infinity where there was none. */
  knownSince(tab: Tab, lock: string | undefined): number {
    const loss = lock === undefined ? undefined : this.#losses.get(tab)?.get(lock);
    if (!loss) return Number.NEGATIVE_INFINITY;
    return loss.unheard > 0 ? Number.POSITIVE_INFINITY : loss.heardAt;
  }

  /** Whether at some time since then two tabs believed that they have this lead. */
  wereContested(lock: string | undefined, since: number): boolean {
    return [...this.#losses].some(([tab, losses]) => {
      const loss = lock === undefined ? undefined : losses.get(lock);
      return loss !== undefined && ((tab.alive && loss.unheard > 0) || loss.heardAt >= since);
    });
  }

  #lossOf(tab: Tab, lock: string): Loss {
    const losses = this.#losses.get(tab) ?? new Map<string, Loss>();
    this.#losses.set(tab, losses);
    const loss = losses.get(lock) ?? { unheard: 0, heardAt: Number.NEGATIVE_INFINITY };
    losses.set(lock, loss);
    return loss;
  }
}
