import { InMemoryServerEventBus, type ServerEvent, type ServerEventBus } from "@modelcontextprotocol/server";
import type { JsonObject } from "holdfast";
import type { ListMethod } from "../../front/whole-list.ts";
import { fingerprint } from "../directory/fingerprint.ts";
import type { Caller } from "./caller.ts";
import { listOf } from "./endpoint-requests.ts";
import { PROMPTS, RESOURCES, TOOLS } from "./lists.ts";
import { mergedList } from "./merged/requests.ts";

const KINDS = [
  [TOOLS, "tools_list_changed"],
  [RESOURCES, "resources_list_changed"],
  [PROMPTS, "prompts_list_changed"],
] as const;

/**
 * Notifies of changed lists. No stream is held to the endpoint's server, which could say so itself: while somebody listens, the
 * lists are read again from time to time, and as soon as an endpoint answers that was not waited for, and compared.
 */
export class RelistingBus implements ServerEventBus {
  readonly #caller: Caller;
  readonly #bus = new InMemoryServerEventBus();
  readonly #seen = new Map<string, string>();
  #listeners = 0;
  #looking = false;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  publish(event: ServerEvent): void {
    this.#bus.publish(event);
  }

  subscribe(listener: (event: ServerEvent) => void): () => void {
    const unsubscribe = this.#bus.subscribe(listener);
    if (this.#listeners++ === 0) this.#begin();
    let over = false;
    return () => {
      if (over) return;
      over = true;
      unsubscribe();
      if (--this.#listeners === 0) clearInterval(this.#timer);
    };
  }

  #begin(): void {
    const look = (): void => void this.#look().catch(() => undefined);
    look();
    this.#timer = setInterval(look, this.#caller.settings.relistMs);
  }

  /** One look at a time: it waits for endpoints that hang, and there may be another one due by then. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const { late } = this.#caller;
      do {
        late.clear();
        await this.#compare();
        if (late.size > 0) await Promise.race(late);
      } while (late.size > 0 && this.#listeners > 0);
    } finally {
      this.#looking = false;
    }
  }

  async #compare(): Promise<void> {
    for (const [list, kind] of KINDS) {
      const entries = await this.#entries(list).catch(() => undefined);
      // A server that cannot be asked, or has no such list, has not changed it.
      if (!entries) continue;
      const now = await fingerprint(entries);
      const before = this.#seen.get(kind);
      this.#seen.set(kind, now);
      if (before !== undefined && before !== now) this.#bus.publish({ kind });
    }
  }

  #entries(list: ListMethod): Promise<readonly JsonObject[]> {
    const { only } = this.#caller;
    return only ? listOf(only, list) : mergedList(this.#caller, list);
  }
}
