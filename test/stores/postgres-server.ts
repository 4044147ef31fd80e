import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Client, Pool } from "pg";
import { until } from "../browser/until.ts";
import { debianCommand } from "./debian-command.ts";

export const POSTGRES: string | undefined = debianCommand("/usr/lib/postgresql/*/bin/postgres", "postgresql");

/** A PostgreSQL of this test's own: it listens on a socket in its folder alone. */
export async function startPostgres(command: string) {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-postgres-"));
  const data = join(folder, "data");
  // It does not run as root.
  const owner = process.getuid?.() === 0 ? await idsOf("postgres") : undefined;
  await chmod(folder, 0o755);
  if (owner) await chown(folder, owner.uid, owner.gid);
  const options = { ...owner, cwd: folder, env: { ...process.env, LC_ALL: "C.UTF-8" } };
  const init = ["-D", data, "-U", "holdfast", "--auth=trust", "--encoding=UTF8", "--no-sync"];
  await promisify(execFile)(join(dirname(command), "initdb"), init, options);
  const args = ["-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"];
  const server = spawn(command, args, { ...options, stdio: "ignore" });
  const connection = { host: folder, user: "holdfast", database: "postgres" };
  await until("PostgreSQL answers", async () => {
    const client = new Client(connection);
    return client.connect().then(
      () => client.end().then(() => true),
      () => undefined,
    );
  });
  const pool = new Pool(connection);
  return {
    pool,
    place: { kind: "postgres", ...connection } as const,
    async stop(): Promise<void> {
      await pool.end();
      const ended = once(server, "exit");
      // Waits until the connections are closed.
      server.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function idsOf(user: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const id = async (flag: string): Promise<number> =>
    Number((await promisify(execFile)("id", [flag, user])).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}
