import { DurableObject } from "cloudflare:workers";

/** The most keys that one list returns. */
const MOST_KEYS = 1_000;

const SCHEMA = `CREATE TABLE IF NOT EXISTS entry (
  key TEXT PRIMARY KEY, value BLOB NOT NULL, expiration INTEGER, metadata TEXT
) WITHOUT ROWID;`;

interface Entry extends Record<string, SqlStorageValue> {
  readonly key: string;
  readonly expiration: number | null;
  readonly metadata: string | null;
}

/**
 * A KV namespace in SQLite, for a workerd without Cloudflare: its KV bindings send these HTTP requests to a service. Expirations
 * are in seconds since 1970.
 */
export class KeyValueObject extends DurableObject<object> {
  readonly #sql: SqlStorage = this.ctx.storage.sql;

  constructor(state: DurableObjectState, env: object) {
    super(state, env);
    this.#sql.exec(SCHEMA);
  }

  override async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const key = decodeURIComponent(pathname.slice(1));
    const now = Math.floor(Date.now() / 1_000);
    switch (request.method) {
      case "GET":
        return key === "" ? this.#list(searchParams, now) : this.#get(key, now);
      case "PUT":
        return this.#put(key, request, searchParams, now);
      case "DELETE":
        this.#sql.exec("DELETE FROM entry WHERE key = ?", key);
        return new Response();
      default:
        // Reading many keys at once, which nothing here does.
        return new Response(null, { status: 501 });
    }
  }

  #get(key: string, now: number): Response {
    const [entry] = this.#sql
      .exec<Entry & { readonly value: ArrayBuffer }>(
        "SELECT * FROM entry WHERE key = ? AND (expiration IS NULL OR expiration > ?)",
        key,
        now,
      )
      .toArray();
    if (!entry) return new Response(null, { status: 404 });
    const { value, expiration, metadata } = entry;
    return new Response(value, {
      headers: {
        ...(expiration !== null && { "cf-expiration": `${expiration}` }),
        ...(metadata !== null && { "cf-kv-metadata": metadata }),
      },
    });
  }

  async #put(key: string, request: Request, params: URLSearchParams, now: number): Promise<Response> {
    const ttl = params.get("expiration_ttl");
    const at = params.get("expiration");
    const expiration = ttl !== null ? now + Number(ttl) : at !== null ? Number(at) : null;
    const value = await request.arrayBuffer();
    this.#sql.exec("DELETE FROM entry WHERE expiration <= ?", now);
    this.#sql.exec(
      "INSERT OR REPLACE INTO entry (key, value, expiration, metadata) VALUES (?, ?, ?, ?)",
      key,
      value,
      expiration,
      request.headers.get("cf-kv-metadata"),
    );
    return new Response();
  }

  /** The cursor is the last key of the page before. */
  #list(params: URLSearchParams, now: number): Response {
    const prefix = params.get("prefix") ?? "";
    const limit = Math.min(Number(params.get("key_count_limit") ?? MOST_KEYS), MOST_KEYS);
    const found = this.#sql
      .exec<Entry>(
        `SELECT key, expiration, metadata FROM entry WHERE key > ?1 AND substr(key, 1, length(?2)) = ?2
         AND (expiration IS NULL OR expiration > ?3) ORDER BY key LIMIT ?4`,
        params.get("cursor") ?? "",
        prefix,
        now,
        limit + 1,
      )
      .toArray();
    const page = found.slice(0, limit);
    const keys = page.map(({ key, expiration, metadata }) => ({
      name: key,
      ...(expiration !== null && { expiration }),
      ...(metadata !== null && { metadata }),
    }));
    const more = found.length > limit;
    return Response.json({ keys, list_complete: !more, ...(more && { cursor: page.at(-1)?.key }) });
  }
}
