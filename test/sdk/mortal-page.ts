import { fromUrl } from "../../src/channel/http.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { TaskClient, type TaskClientOptions } from "../../src/index.ts";
import type { TaskStore } from "../../src/store/task-store.ts";

/** A page that can die without a word: its requests break, and nothing of it reaches the network or the store any more. */
export class MortalPage {
  readonly client: TaskClient;
  /** Every record it wrote, in order. */
  readonly written: { readonly id: string; readonly rev: number; readonly stage: string }[] = [];
  readonly #death: AbortController = new AbortController();

  constructor(url: string | URL, store: TaskStore, options: Partial<TaskClientOptions> = {}) {
    const { signal } = this.#death;
    const never = new Promise<never>(() => undefined);
    const connector = fromUrl(url, {
      era: "2025-11-25",
      fetch: (input, init) =>
        signal.aborted
          ? never
          : fetch(input, {
              ...init,
              signal: AbortSignal.any([signal, ...(init?.signal ? [init.signal] : [])]),
            }),
    });
    const alive = <T>(work: () => Promise<T>): Promise<T> => (signal.aborted ? never : work());
    this.client = new TaskClient({
      store: {
        ...store,
        save: (record, after) => {
          if (!signal.aborted) this.written.push({ id: record.id, rev: record.rev, stage: record.stage });
          return alive(() => store.save(record, after));
        },
        remove: (id) => alive(() => store.remove(id)),
        saveSession: (endpoint, session) => alive(() => store.saveSession(endpoint, session)),
      },
      endpoints: { server: connector },
      host: timerHost(),
      ...options,
    });
  }

  die(): void {
    this.#death.abort();
  }
}
