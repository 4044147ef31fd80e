import type { TaskView } from "holdfast";
import type { PushDemand, TaskNotice } from "../directory/principal-directory-rpc.ts";

/** A plain call that took less ended while somebody waited for it, in ms. */
const LONG_CALL_MS = 60_000;
/** How many notices are handed over together. */
const AT_ONCE = 100;
/** Waits after each attempt that failed, in ms; the last is for all further ones. The directory is the worker's own: nothing is given up. */
const BACKOFF_MS = [5_000, 30_000, 300_000];
/** How long a detail is handed over, in characters. */
const DETAIL_LENGTH = 500;

/** By task: the questions or the end that were noted of it, and when they are to be handed over; NULL once they are. */
const SCHEMA =
  "CREATE TABLE IF NOT EXISTS push_notice (task TEXT PRIMARY KEY, noted TEXT NOT NULL, due INTEGER) WITHOUT ROWID";

const END = ["="];
const NOTED_END = JSON.stringify(END);

export interface PushHandoverOptions {
  /** The task, with its result only if it is needed. */
  readonly task: (id: string, whole: boolean) => Promise<TaskView | undefined>;
  /** Resolves, once the directory has stored the notices, with what it wants from then on. */
  readonly push: (notices: readonly TaskNotice[]) => Promise<PushDemand>;
}

/**
 * Hands ends and questions of tasks over to the directory, which pushes them to the principal's browsers. What happened is a row
 * until the directory has it, so that eviction loses none. A group whose principal has no subscriptions stores nothing.
 */
export class PushHandover {
  readonly #storage: DurableObjectStorage;
  readonly #options: PushHandoverOptions;
  /** Undefined in a group that has not asked yet. */
  #demand: PushDemand | undefined;
  /** Counts what the directory said by itself: an answer that was on its way before that is out of date. */
  #announced = 0;
  #failures = 0;

  constructor(storage: DurableObjectStorage, options: PushHandoverOptions) {
    this.#storage = storage;
    this.#options = options;
    this.#demand = storage.kv.get<PushDemand>("push-demand");
  }

  demanded(demand: PushDemand): void {
    this.#announced += 1;
    this.#store(demand);
  }

  /** A task has changed. Returns whether there is something to hand over. */
  changed(task: TaskView, now: number): boolean {
    if (this.#demand === "none" || !isWorthNotice(task)) return false;
    const news = newsOf(task);
    if (this.#demand === undefined) {
      if (news.length === 0) return false;
      // A new group learns by its first notice what is demanded.
      this.#store("names");
    }
    const { sql } = this.#storage;
    const noted = sql
      .exec<{ noted: string }>("SELECT noted FROM push_notice WHERE task = ?", task.id)
      .toArray()[0]?.noted;
    const before = noted === undefined ? [] : (JSON.parse(noted) as readonly string[]);
    if (news.join("\n") === before.join("\n")) return false;
    const isNew = news.some((key) => !before.includes(key));
    // What is not asked any longer may be asked again.
    if (news.length === 0) sql.exec("DELETE FROM push_notice WHERE task = ?", task.id);
    else
      sql.exec(
        `INSERT INTO push_notice (task, noted, due) VALUES (?1, ?2, ?3)
         ON CONFLICT (task) DO UPDATE SET noted = ?2, due = COALESCE(?3, due)`,
        ...[task.id, JSON.stringify(news), isNew ? now : null],
      );
    return isNew;
  }

  /** The task was deleted. */
  forget(task: string): void {
    if (this.#isDemanded) this.#storage.sql.exec("DELETE FROM push_notice WHERE task = ?", task);
  }

  /** When the next notice is to be handed over, in ms since 1970, or Infinity. */
  nextDue(): number {
    if (!this.#isDemanded) return Number.POSITIVE_INFINITY;
    const { due } = this.#storage.sql
      .exec<{ due: number | null }>("SELECT min(due) AS due FROM push_notice")
      .one();
    return due ?? Number.POSITIVE_INFINITY;
  }

  /** Hands over what is due. What is left is still due. */
  async deliver(now: number): Promise<void> {
    if (this.nextDue() > now) return;
    const { sql } = this.#storage;
    const due = sql
      .exec<{ task: string; noted: string }>(
        "SELECT task, noted FROM push_notice WHERE due <= ? ORDER BY due LIMIT ?",
        now,
        AT_ONCE,
      )
      .toArray();
    const announced = this.#announced;
    let demand: PushDemand;
    try {
      const tasks = await Promise.all(
        due.map(({ task }) => this.#options.task(task, this.#demand === "details")),
      );
      const notices = tasks.flatMap((task) => (task ? (noticeOf(task) ?? []) : []));
      demand = await this.#options.push(notices);
    } catch {
      const wait = BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)] ?? 0;
      this.#failures += 1;
      sql.exec("UPDATE push_notice SET due = ? WHERE due <= ?", Date.now() + wait, now);
      return;
    }
    this.#failures = 0;
    if (announced === this.#announced) this.#store(demand);
    if (!this.#isDemanded) return;
    for (const { task, noted } of due) {
      // Not what has happened meanwhile. A question that is open is not handed over twice.
      const change = noted === NOTED_END ? "DELETE FROM push_notice" : "UPDATE push_notice SET due = NULL";
      sql.exec(`${change} WHERE task = ? AND noted = ?`, task, noted);
    }
  }

  get #isDemanded(): boolean {
    return this.#demand !== undefined && this.#demand !== "none";
  }

  #store(demand: PushDemand): void {
    if (demand === this.#demand) return;
    const { sql, kv } = this.#storage;
    this.#demand = demand;
    kv.put("push-demand", demand);
    sql.exec(demand === "none" ? "DROP TABLE IF EXISTS push_notice" : SCHEMA);
  }
}

/** A task; a plain call that names somebody, or that somebody may have stopped waiting for. */
function isWorthNotice({ taskId, addressees, outcome, createdAt, settledAt = createdAt }: TaskView): boolean {
  if (taskId !== undefined || addressees !== undefined) return true;
  return outcome !== undefined && settledAt - createdAt >= LONG_CALL_MS;
}

/** What is new of a task, as keys: the end, or the questions that are open. */
function newsOf({ outcome, inputRequests }: TaskView): readonly string[] {
  return outcome ? END : inputRequests.map(({ key }) => `?${key}`);
}

/** The notice of a task as it is now; undefined if its questions were answered meanwhile. */
function noticeOf(task: TaskView): TaskNotice | undefined {
  const { id, endpoint, tool, outcome, addressees = [], inputRequests } = task;
  if (!outcome && inputRequests.length === 0) return undefined;
  const detail = detailOf(task)?.slice(0, DETAIL_LENGTH);
  const kind = outcome?.kind ?? "input_required";
  return { task: id, endpoint, tool, kind, addressees, ...(detail && { detail }) };
}

function detailOf({ outcome, inputRequests }: TaskView): string | undefined {
  switch (outcome?.kind) {
    case "completed": {
      const text = outcome.result.content.find((block) => block.type === "text")?.text;
      return typeof text === "string" ? text : undefined;
    }
    case "failed":
      return outcome.error.message;
    case "cancelled":
    case "expired":
    case "lost":
      return outcome.detail;
    case undefined: {
      const message = inputRequests[0]?.params.message;
      return typeof message === "string" ? message : undefined;
    }
  }
}
