import { type DeliveryNote, readNote, undelivered } from "../../src/inbox/delivery-note.ts";
import type { Delivery } from "../../src/task-inbox.ts";
import { viewOf } from "../../src/task-view.ts";
import type { Disk } from "./disk.ts";
import type { Invariants } from "./invariants.ts";

/** The one addressee of the worlds that have an inbox. */
export const ADDRESSEE = "chat";

/** Watches what is delivered to the addressee: each end is acknowledged once, and none is lost. */
export class InboxWatch {
  readonly #disk: Disk;
  readonly #invariants: Invariants;
  /** Of each end and question that was acknowledged, the receipt for which that resolved with true. */
  readonly #acknowledged: Map<string, string> = new Map();
  /** Tasks with the addressee whose outcome an app was shown, with their tags. */
  readonly #ended: Map<string, string> = new Map();

  constructor(disk: Disk, invariants: Invariants) {
    this.#disk = disk;
    this.#invariants = invariants;
  }

  shown(id: string, tag: string): void {
    this.#ended.set(id, tag);
  }

  /** @param askedAt When the tab asked, by its clock: another lease cannot begin before this one ends. */
  leased(delivery: Delivery, askedAt: number, leaseMs: number): void {
    const { id, task, receipt, question } = delivery;
    this.#invariants.happened(question ? "question delivered" : "end delivered");
    const record = this.#disk.record(task.id);
    if (!question && record && !record.outcome && !this.#invariants.isUnstoredTag(tagOf(task.view)))
      this.#invariants.violate(
        "an end is durable before it is delivered",
        `${id} is ${record.stage} on disk`,
      );
    const mark = this.#noteOf(task.id).marks.find(({ key }) => key === question?.key);
    const taken = mark?.lease && mark.by !== receipt && mark.lease[0] < askedAt + leaseMs;
    if (taken && !this.#invariants.isClockSet)
      this.#invariants.violate("while a lease lasts, nobody else gets one", `${id} was leased twice`);
  }

  acknowledged({ id, task, receipt, question }: Delivery, first: boolean): void {
    if (!first) return this.#invariants.happened("delivery of another tab");
    this.#invariants.happened("delivery acknowledged");
    const known = this.#acknowledged.get(id);
    if (known !== undefined && known !== receipt)
      this.#invariants.violate("one acknowledgement resolves with true", `${id}: ${known} and ${receipt}`);
    this.#acknowledged.set(id, receipt);
    const mark = this.#noteOf(task.id).marks.find(({ key }) => key === question?.key);
    if (mark?.lease || mark?.by !== receipt)
      this.#invariants.violate("an acknowledgement is durable before it resolves with true", id);
  }

  /** What the addressee has yet to acknowledge of tasks that have ended, as the disk has it. */
  get open(): readonly string[] {
    return [...this.#disk.settled.values()].flatMap((record) =>
      undelivered(viewOf(record), this.#noteOf(record.id), ADDRESSEE).map(() => record.id),
    );
  }

  /** What must hold in the end. */
  judge(): void {
    for (const id of this.open) this.#invariants.violate("no end is lost", `${id} was never acknowledged`);
    for (const [id, tag] of this.#ended) {
      if (this.#disk.settled.has(id) || this.#invariants.isUnstoredTag(tag)) continue;
      this.#invariants.violate("no end is lost", `${tag} has ended, and its record is gone`);
    }
  }

  #noteOf(id: string): DeliveryNote {
    return readNote(this.#disk.notes.get(id), id);
  }
}

function tagOf({ arguments: args }: { readonly arguments: { readonly [name: string]: unknown } }): string {
  return String(args.tag);
}
