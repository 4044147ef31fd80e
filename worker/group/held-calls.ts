import type { HeldCall, Joined, JoinTerms, WaitEnding } from "./gateway-group-rpc.ts";

/**
 * The gateway's calls that clients wait for, or gave up waiting for: a client that calls again after its own timeout shall
 * find the task it has. Two calls that are the same and are both waited for are two.
 */
export class HeldCalls {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS held_call (hold TEXT PRIMARY KEY, key TEXT NOT NULL, id TEXT NOT NULL,
       at INTEGER NOT NULL, waiting INTEGER NOT NULL) WITHOUT ROWID`,
    );
  }

  join(call: HeldCall, { since, waitingSince }: JoinTerms): Joined {
    const [found] = this.#sql
      .exec<{ hold: string; id: string; waiting: number }>(
        `SELECT hold, id, waiting AND at >= ? AS waiting FROM held_call WHERE key = ? AND at >= ?
         ORDER BY waiting, at LIMIT 1`,
        ...[waitingSince, call.key, since],
      )
      .toArray();
    if (!found) return { kind: "none" };
    if (found.waiting) return { kind: "waiting" };
    this.#sql.exec("DELETE FROM held_call WHERE hold = ?", found.hold);
    this.hold(call, found.id, since);
    return { kind: "joined", id: found.id };
  }

  hold({ hold, key, at }: HeldCall, id: string, since: number): void {
    this.#sql.exec("DELETE FROM held_call WHERE at < ?", since);
    this.#sql.exec(
      "INSERT OR REPLACE INTO held_call (hold, key, id, at, waiting) VALUES (?, ?, ?, ?, 1)",
      ...[hold, key, id, at],
    );
  }

  /** A client that said it waits no longer has not been delivered anything, whatever is still written to it. */
  release(hold: string, ending: WaitEnding): void {
    switch (ending.kind) {
      case "delivered":
        this.#sql.exec("DELETE FROM held_call WHERE hold = ? AND waiting = 1", hold);
        break;
      case "told":
        this.#sql.exec(
          "UPDATE held_call SET waiting = 0, at = ? WHERE hold = ? AND waiting = 1",
          ...[ending.at, hold],
        );
        break;
      case "gone":
        this.#sql.exec("UPDATE held_call SET waiting = 0 WHERE hold = ?", hold);
    }
  }

  delivered(id: string): void {
    this.#sql.exec("DELETE FROM held_call WHERE id = ?", id);
  }
}
