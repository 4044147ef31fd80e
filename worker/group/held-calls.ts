import type { HeldCall, Joined, JoinTerms, WaitEnding } from "./gateway-group-rpc.ts";

/**
 * The gateway's calls that clients wait for, gave up waiting for, or received a running result of: the same call again finds the
 * task it has, from any session. Two calls that are the same and are both waited for in one session are two.
 */
export class HeldCalls {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    // Of releases that joined calls within a session only.
    sql.exec("DROP TABLE IF EXISTS held_call");
    sql.exec(
      `CREATE TABLE IF NOT EXISTS waited_call (hold TEXT PRIMARY KEY, key TEXT NOT NULL, session TEXT NOT NULL,
       id TEXT NOT NULL, at INTEGER NOT NULL, until INTEGER NOT NULL, waiting INTEGER NOT NULL, gave_up_after INTEGER) WITHOUT ROWID`,
    );
  }

  join(call: HeldCall, { since, shared }: JoinTerms): Joined {
    const [found] = this.#sql
      .exec<{ hold: string; id: string; waiting: number; busy: number; gave_up_after: number | null }>(
        `SELECT hold, id, waiting, waiting AND until >= ? AND session = ? AS busy, gave_up_after FROM waited_call
         WHERE key = ? AND at >= ? ORDER BY busy, waiting, at LIMIT 1`,
        ...[call.at, call.session, call.key, since],
      )
      .toArray();
    if (!found) return { kind: "none" };
    if (found.busy && !shared) return { kind: "waiting" };
    if (!found.waiting) this.#sql.exec("DELETE FROM waited_call WHERE hold = ?", found.hold);
    const gaveUpAfterMs = found.gave_up_after ?? undefined;
    this.hold(call, found.id, since, gaveUpAfterMs);
    return { kind: "joined", id: found.id, ...(gaveUpAfterMs !== undefined && { gaveUpAfterMs }) };
  }

  hold({ hold, key, session, at, until }: HeldCall, id: string, since: number, gaveUpAfterMs?: number): void {
    this.#sql.exec("DELETE FROM waited_call WHERE at < ?", since);
    this.#sql.exec(
      `INSERT OR REPLACE INTO waited_call (hold, key, session, id, at, until, waiting, gave_up_after)
       VALUES (?, ?, ?, ?, ?, ?, 1, ?)`,
      ...[hold, key, session, id, at, until, gaveUpAfterMs ?? null],
    );
  }

  /** A client that said it waits no longer has not been delivered anything, whatever is still written to it. */
  release(hold: string, ending: WaitEnding): void {
    switch (ending.kind) {
      case "delivered":
        this.#sql.exec(
          "DELETE FROM waited_call WHERE id = (SELECT id FROM waited_call WHERE hold = ? AND waiting = 1)",
          hold,
        );
        break;
      case "told":
        this.#sql.exec("UPDATE waited_call SET waiting = 0 WHERE hold = ? AND waiting = 1", hold);
        break;
      case "gone":
        // It may be said twice: that the call is off, and that the client has hung up.
        this.#sql.exec(
          "UPDATE waited_call SET waiting = 0, gave_up_after = ? - at WHERE hold = ? AND waiting = 1",
          ...[ending.at, hold],
        );
    }
  }

  delivered(id: string): void {
    this.#sql.exec("DELETE FROM waited_call WHERE id = ?", id);
  }

  gaveUpAfter(id: string): number | undefined {
    const [{ ms } = { ms: null }] = this.#sql
      .exec<{ ms: number | null }>("SELECT min(gave_up_after) AS ms FROM waited_call WHERE id = ?", id)
      .toArray();
    return ms ?? undefined;
  }
}
