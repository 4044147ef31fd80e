import type { HeldCall, Joined, JoinTerms, WaitEnding } from "./gateway-group-rpc.ts";

/** A wait, as it is stored. */
interface Wait {
  readonly hold: string;
  readonly key: string;
  readonly session: string;
  readonly id: string;
  readonly at: number;
  readonly until: number;
  readonly waiting: number;
  readonly gave_up_after: number | null;
}

/**
 * The gateway's calls that clients wait for, gave up waiting for, or received a running result of: the same call again finds the
 * task it has, from any session. Two calls that are the same and are both waited for in one session are two.
 *
 * Most calls end within their first look, and the client has the result: until then a wait is in memory only. The request that
 * waits keeps the object there. Later waits are rows as well.
 */
export class HeldCalls {
  readonly #sql: SqlStorage;
  /** By their holds: those of rows, and those of calls in their first look. */
  readonly #waits: Map<string, Wait>;
  readonly #looking: Set<string> = new Set();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    // Of releases that joined calls within a session only.
    sql.exec("DROP TABLE IF EXISTS held_call");
    sql.exec(
      `CREATE TABLE IF NOT EXISTS waited_call (hold TEXT PRIMARY KEY, key TEXT NOT NULL, session TEXT NOT NULL,
       id TEXT NOT NULL, at INTEGER NOT NULL, until INTEGER NOT NULL, waiting INTEGER NOT NULL, gave_up_after INTEGER) WITHOUT ROWID`,
    );
    const rows = sql.exec("SELECT * FROM waited_call").toArray() as unknown as Wait[];
    this.#waits = new Map(rows.map((wait) => [wait.hold, wait]));
  }

  join(call: HeldCall, { since, shared }: JoinTerms): Joined {
    const isBusy = ({ waiting, until, session }: Wait): boolean =>
      waiting === 1 && until >= call.at && session === call.session;
    const [found] = [...this.#waits.values()]
      .filter(({ key, at }) => key === call.key && at >= since)
      .sort((a, b) => Number(isBusy(a)) - Number(isBusy(b)) || a.waiting - b.waiting || a.at - b.at);
    if (!found) return { kind: "none" };
    if (isBusy(found) && !shared) return { kind: "waiting" };
    if (!found.waiting) this.#delete(found);
    const gaveUpAfterMs = found.gave_up_after ?? undefined;
    this.hold(call, found.id, since, gaveUpAfterMs);
    return { kind: "joined", id: found.id, ...(gaveUpAfterMs !== undefined && { gaveUpAfterMs }) };
  }

  /** A call begins, and its client waits for what the first look shows. */
  look({ hold, key, session, at, until }: HeldCall, id: string): void {
    this.#looking.add(hold);
    this.#waits.set(hold, { ...{ hold, key, session, id, at, until }, waiting: 1, gave_up_after: null });
  }

  /** The first look is over. @param isAnswered Whether it showed what the client is answered with. */
  looked(hold: string, since: number, isAnswered: boolean): void {
    const wait = this.#waits.get(hold);
    if (!this.#looking.delete(hold) || !wait) return;
    if (isAnswered && wait.waiting) this.#waits.delete(hold);
    else this.#store(wait, since);
  }

  /** A call of an earlier life of the object, of whose wait nothing was stored: the same call again returns to it, from any session. */
  recovered(call: HeldCall, id: string, since: number): void {
    if ([...this.#waits.values()].some((wait) => wait.id === id)) return;
    this.#store({ ...call, id, waiting: 0, gave_up_after: null }, since);
  }

  hold({ hold, key, session, at, until }: HeldCall, id: string, since: number, gaveUpAfterMs?: number): void {
    const gave_up_after = gaveUpAfterMs ?? null;
    this.#store({ ...{ hold, key, session, id, at, until }, waiting: 1, gave_up_after }, since);
  }

  /**
   * A client that said it waits no longer has not been delivered anything, whatever is still written to it. Returns the task that it
   * has no result of.
   */
  release(hold: string, ending: WaitEnding): string | undefined {
    const wait = this.#waits.get(hold);
    // It may be said twice: that the call is off, and that the client has hung up.
    if (!wait?.waiting) return undefined;
    switch (ending.kind) {
      case "delivered":
        this.delivered(wait.id);
        return undefined;
      case "told":
        this.#change({ ...wait, waiting: 0 });
        return wait.id;
      case "gone":
        this.#change({ ...wait, waiting: 0, gave_up_after: ending.at - wait.at });
        return wait.id;
    }
  }

  /** What is called in the stored waits; `undefined` if there are more of them than `most`. */
  keys(most: number): readonly string[] | undefined {
    const stored = [...this.#waits.values()].filter(({ hold }) => !this.#looking.has(hold));
    return stored.length > most ? undefined : stored.map(({ key }) => key);
  }

  /** Whether a client waits for the result of a task. */
  isWaitedFor(id: string, now: number): boolean {
    return [...this.#waits.values()].some(
      (wait) => wait.id === id && wait.waiting === 1 && wait.until >= now,
    );
  }

  delivered(id: string): void {
    for (const wait of this.#waits.values()) if (wait.id === id) this.#delete(wait);
  }

  gaveUpAfter(id: string): number | undefined {
    const ms = [...this.#waits.values()].flatMap((wait) =>
      wait.id === id && wait.gave_up_after !== null ? [wait.gave_up_after] : [],
    );
    return ms.length > 0 ? Math.min(...ms) : undefined;
  }

  #change(wait: Wait): void {
    this.#waits.set(wait.hold, wait);
    if (this.#looking.has(wait.hold)) return;
    const { waiting, gave_up_after, hold } = wait;
    const update = "UPDATE waited_call SET waiting = ?, gave_up_after = ? WHERE hold = ?";
    this.#sql.exec(update, waiting, gave_up_after, hold);
  }

  #delete({ hold }: Wait): void {
    this.#waits.delete(hold);
    if (!this.#looking.delete(hold)) this.#sql.exec("DELETE FROM waited_call WHERE hold = ?", hold);
  }

  #store(wait: Wait, since: number): void {
    for (const other of this.#waits.values()) if (other.at < since) this.#delete(other);
    this.#waits.set(wait.hold, wait);
    const { hold, key, session, id, at, until, waiting, gave_up_after } = wait;
    this.#sql.exec(
      `INSERT OR REPLACE INTO waited_call (hold, key, session, id, at, until, waiting, gave_up_after)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[hold, key, session, id, at, until, waiting, gave_up_after],
    );
  }
}
