import { InMemoryServerEventBus, type ServerEvent, type ServerEventBus } from "@modelcontextprotocol/server";
import { fingerprint } from "../principal/fingerprint.ts";
import type { Caller } from "./caller.ts";
import { ask } from "./server-requests.ts";

const LISTS = [
  { method: "tools/list", kind: "tools_list_changed" },
  { method: "resources/list", kind: "resources_list_changed" },
  { method: "prompts/list", kind: "prompts_list_changed" },
] as const;

/**
 * Notifies of changed lists. No stream is held to the endpoint's server, which could say so itself: while somebody listens, the
 * lists are read again from time to time, and compared.
 */
export class RelistingBus implements ServerEventBus {
  readonly #caller: Caller;
  readonly #bus = new InMemoryServerEventBus();
  readonly #seen = new Map<string, string>();
  #listeners = 0;
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

  async #look(): Promise<void> {
    for (const { method, kind } of LISTS) {
      const list = await ask(this.#caller, method, {}).catch(() => undefined);
      // A server that cannot be asked, or has no such list, has not changed it.
      if (!list) continue;
      const now = await fingerprint(list);
      const before = this.#seen.get(method);
      this.#seen.set(method, now);
      if (before !== undefined && before !== now) this.#bus.publish({ kind });
    }
  }
}
