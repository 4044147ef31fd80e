import type { PoolClient } from "pg";
import type { LeasedStore } from "../../src/store/lease-table.ts";
import { postgresStore } from "../../src/store/postgres.ts";
import { redisStore } from "../../src/store/redis.ts";
import { sqliteStore } from "../../src/store/sqlite.ts";

/** A database that several processes open. */
export type StorePlace =
  | { readonly kind: "sqlite"; readonly path: string }
  | { readonly kind: "postgres"; readonly host: string; readonly user: string; readonly database: string }
  | { readonly kind: "redis"; readonly url: string };

export interface OpenedStore {
  readonly store: LeasedStore;
  /** Calls back when a message may have come. Absent where a database does not say so. */
  readonly listen?: (wake: () => void) => Promise<void>;
  close(): Promise<void>;
}

/** Opens the store of a name as the docs say. Loads one client alone: processes start often. */
export async function openStore(place: StorePlace, name: string): Promise<OpenedStore> {
  switch (place.kind) {
    case "sqlite": {
      const { DatabaseSync } = await import("node:sqlite");
      const database = new DatabaseSync(place.path);
      database.exec("PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
      return { store: sqliteStore(database, { name }), close: async () => database.close() };
    }
    case "postgres": {
      const { Pool } = (await import("pg")).default;
      const pool = new Pool({ ...place, max: 4 });
      let listener: PoolClient | undefined;
      return {
        store: postgresStore(pool, { name }),
        async listen(wake) {
          listener = await pool.connect();
          listener.on("notification", wake);
          await listener.query("LISTEN holdfast");
        },
        async close() {
          listener?.release(true);
          await pool.end();
        },
      };
    }
    case "redis": {
      const { createClient } = await import("redis");
      const client = createClient({ url: place.url });
      client.on("error", () => undefined);
      await client.connect();
      const subscriber = client.duplicate();
      return {
        store: redisStore((script, keys, values) => client.eval(script, { keys, arguments: values }), {
          name,
        }),
        async listen(wake) {
          await subscriber.connect();
          await subscriber.subscribe(`{${name}}:message`, wake);
        },
        async close() {
          if (subscriber.isOpen) subscriber.destroy();
          client.destroy();
        },
      };
    }
  }
}
