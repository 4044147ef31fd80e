import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import type { StorePlace } from "./open-store.ts";
import { POSTGRES, startPostgres } from "./postgres-server.ts";
import { REDIS, startRedis } from "./redis-server.ts";

/**
 * Describes the same tests in each database that processes can share, as far as it is installed.
 * @param what Begins each title.
 * @param tests Defines the tests. Their place is known when they run.
 */
export function inEachDatabase(what: string, tests: (place: () => StorePlace) => void): void {
  describe(`${what} in a file of SQLite`, () => {
    let folder = "";
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "holdfast-leases-"));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));
    tests(() => ({ kind: "sqlite", path: join(folder, "tasks.db") }));
  });
  inServer(`${what} in a PostgreSQL of Debian`, POSTGRES, startPostgres, tests);
  inServer(`${what} in a Redis of Debian`, REDIS, startRedis, tests);
}

function inServer(
  title: string,
  command: string | undefined,
  start: (command: string) => Promise<{ readonly place: StorePlace; stop(): Promise<void> }>,
  tests: (place: () => StorePlace) => void,
): void {
  describe.skipIf(!command)(title, () => {
    let server: Awaited<ReturnType<typeof start>>;
    beforeAll(async () => {
      server = await start(command ?? "");
    });
    afterAll(() => server.stop());
    tests(() => server.place);
  });
}
