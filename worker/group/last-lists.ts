import type { JsonObject } from "holdfast";

/** A longer page is not stored, in characters, nor are more pages of one list: readers read as many. */
const LONGEST_PAGE = 1_000_000;
const MOST_PAGES = 64;

/** What the endpoint's server last answered to each list method, page by page. Durable: it stands in for a server that hangs. */
export class LastLists {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** Writes a page that has changed. Later pages of another first page are of another list. */
  note(method: string, { cursor }: JsonObject, page: JsonObject): void {
    const text = JSON.stringify(page);
    const key = keyOf(method, cursor);
    if (this.#kv.get(key) === text) return;
    const stored = [...this.#kv.list({ prefix: keyOf(method, "") })];
    if (cursor === undefined || stored.length >= MOST_PAGES)
      for (const [other] of stored) this.#kv.delete(other);
    if (text.length <= LONGEST_PAGE) this.#kv.put(key, text);
  }

  page(method: string, { cursor }: JsonObject): JsonObject | undefined {
    const text = this.#kv.get<string>(keyOf(method, cursor));
    return text === undefined ? undefined : JSON.parse(text);
  }
}

/** Cursors are a server's own text, and keys have at most 2,048 bytes. */
function keyOf(method: string, cursor: unknown = ""): string {
  return `list:${method}:${String(cursor).slice(0, 500)}`;
}
