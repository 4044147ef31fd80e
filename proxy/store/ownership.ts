import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { isBusy, isDamaged, sqlite } from "./sqlite.ts";

/** The right to run the tasks of a store. The system releases it when the process ends, however it ends. */
export interface Ownership {
  release(): void;
}

const HELD = new Set<string>();

/**
 * Takes a lock file, or returns undefined where a living process holds it. An open write transaction of SQLite is the lock:
 * it works alike on every platform, and does not outlive the process as a file with a process id would.
 */
export async function own(path: string): Promise<Ownership | undefined> {
  // POSIX gives a process's locks on a file up when the process closes any descriptor of it: an own lock is not looked at.
  if (HELD.has(path)) return undefined;
  const { DatabaseSync } = await sqlite();
  // Made here for its mode: nobody else may read it, and so hold it.
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  if (HELD.has(path)) return undefined;
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: 0 });
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    db?.close();
    if (isBusy(error)) return undefined;
    if (!isDamaged(error)) throw error;
    // No process can hold it. The next look takes a new one.
    rmSync(path, { force: true });
    return undefined;
  }
  const held = db;
  HELD.add(path);
  return {
    release() {
      HELD.delete(path);
      held.close();
    },
  };
}
