import type { Frame } from "../json-rpc.ts";

const PREFIX = "session:";

/** The sessions that were handed out, each with the `initialize` request that opened it. */
export class SessionTable {
  readonly #storage: SyncKvStorage;

  constructor(storage: SyncKvStorage) {
    this.#storage = storage;
  }

  has(id: string): boolean {
    return this.#storage.get(PREFIX + id) !== undefined;
  }

  remember(id: string, initialize: Frame): void {
    this.#storage.put(PREFIX + id, initialize);
  }

  initializeOf(id: string): Frame | undefined {
    return this.#storage.get<Frame>(PREFIX + id);
  }

  forget(id: string): void {
    this.#storage.delete(PREFIX + id);
  }

  forgetAll(): void {
    for (const [key] of [...this.#storage.list({ prefix: PREFIX })]) this.#storage.delete(key);
  }
}
