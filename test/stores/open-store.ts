import { DatabaseSync } from "node:sqlite";
import { Pool } from "pg";
import { createClient } from "redis";
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

/** Opens the store of a name as the docs say. */
export async function openStore(place: StorePlace, name: string): Promise<OpenedStore> {
  switch (place.kind) {
    case "sqlite": {
      const database = new DatabaseSync(place.path);
      database.exec("PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
      return { store: sqliteStore(database, { name }), close: async () => database.close() };
    }
    case "postgres": {
      const pool = new Pool({ ...place, max: 4 });
      return {
        store: postgresStore(pool, { name }),
        async listen(wake) {
          const client = await pool.connect();
          client.on("notification", wake);
          await client.query("LISTEN holdfast");
        },
        close: () => pool.end(),
      };
    }
    case "redis": {
      const client = createClient({ url: place.url });
      client.on("error", () => undefined);
      await client.connect();
      return {
        store: redisStore((script, keys, values) => client.eval(script, { keys, arguments: values }), {
          name,
        }),
        async listen(wake) {
          const subscriber = client.duplicate();
          await subscriber.connect();
          await subscriber.subscribe(`{${name}}:message`, wake);
        },
        close: async () => client.destroy(),
      };
    }
  }
}
