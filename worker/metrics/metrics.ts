import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "../bindings.ts";
import type { Counts } from "../operations/counters.ts";

/** How long counts wait to be written together, in ms: each write is a row. */
const GATHER_MS = 5_000;

/** The sums of what all objects count. */
export class Metrics extends DurableObject<Bindings> {
  #totals: Record<string, number> = this.ctx.storage.kv.get<Record<string, number>>("totals") ?? {};
  #writing = false;

  add(counts: Counts): void {
    for (const [name, by = 0] of Object.entries(counts)) {
      this.#totals[name] = (this.#totals[name] ?? 0) + by;
    }
    if (this.#writing) return;
    this.#writing = true;
    setTimeout(() => {
      this.#writing = false;
      this.ctx.storage.kv.put("totals", this.#totals);
    }, GATHER_MS);
  }

  totals(): Readonly<Record<string, number>> {
    return this.#totals;
  }
}
