import type { Tab } from "./tab.ts";

interface Loss {
  /** Thefts of which the tab does not know yet: it may have the lock again before it learns of the first. */
  unknown: number;
  learnedAt: number;
}

/** Which tabs lost which lead, and since when they know. */
export class LostLeads {
  readonly #losses: Map<Tab, Map<string, Loss>> = new Map();

  stolen(from: Tab, lock: string): void {
    this.#lossOf(from, lock).unknown++;
  }

  learned(tab: Tab, lock: string, at: number): void {
    const loss = this.#lossOf(tab, lock);
    loss.unknown--;
    loss.learnedAt = at;
  }

  /** Infinity while the news of a theft are on their way, -Infinity without a theft. */
  knownSince(tab: Tab, lock: string | undefined): number {
    const loss = lock === undefined ? undefined : this.#losses.get(tab)?.get(lock);
    if (!loss) return Number.NEGATIVE_INFINITY;
    return loss.unknown > 0 ? Number.POSITIVE_INFINITY : loss.learnedAt;
  }

  /** Whether at some time since then two tabs believed that they have this lead. */
  wereContested(lock: string | undefined, since: number): boolean {
    return [...this.#losses].some(([tab, losses]) => {
      const loss = lock === undefined ? undefined : losses.get(lock);
      return loss !== undefined && ((tab.alive && loss.unknown > 0) || loss.learnedAt >= since);
    });
  }

  #lossOf(tab: Tab, lock: string): Loss {
    const losses = this.#losses.get(tab) ?? new Map<string, Loss>();
    this.#losses.set(tab, losses);
    const loss = losses.get(lock) ?? { unknown: 0, learnedAt: Number.NEGATIVE_INFINITY };
    losses.set(lock, loss);
    return loss;
  }
}
