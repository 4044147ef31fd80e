import type { DurableTasks } from "holdfast/durable-object";
import type { DirectoryStub } from "../directory/directory-stub.ts";
import { RESERVED_BYTES } from "../directory/group-counts.ts";
import type { Admission, AdmissionAsk, GroupName } from "../directory/principal-directory-rpc.ts";
import { taskIdOf } from "../directory/task-id.ts";
import { UuidV7Source } from "../directory/uuid-v7.ts";

/** How long leased calls may wait to be started, in ms: they count for the minute in which they were leased. */
const LEASE_MS = 30_000;

/**
 * Calls that a group may start without asking the directory. The directory has counted them, so a principal never starts more than
 * its limits allow. The group asks for the next ones while it still has some: a call of many in a row waits for no other object.
 */
export class CallLease {
  readonly #group: GroupName;
  readonly #directory: () => DirectoryStub;
  readonly #uuids = new UuidV7Source();
  #calls = 0;
  /** Ids under which the directory counts some of them: under another, it would count such a call twice for a while. */
  readonly #ids: string[] = [];
  /** How many calls there were when the directory last gave some. */
  #size = 0;
  #until = 0;
  /** Counts the ends of leases: what was asked for before an end is void after it. */
  #ends = 0;
  #asking = false;

  constructor(group: GroupName, directory: () => DirectoryStub) {
    this.#group = group;
    this.#directory = directory;
  }

  /** Admits a call, or says why not. Its group is another one if this one has no room. */
  async admit(ask: AdmissionAsk, tasks: DurableTasks): Promise<Admission> {
    const now = Date.now();
    const isLeased = this.#calls > 0 && now < this.#until && !ask.idempotency && hasRoom(tasks, ask);
    if (!isLeased) return this.#asked(ask);
    this.#calls -= 1;
    if (this.#calls <= this.#size / 2 && !this.#asking) void this.#refill(ask).catch(() => undefined);
    return {
      ok: true,
      shard: this.#group.shard,
      id: this.#ids.shift() ?? taskIdOf(this.#group, this.#uuids.next(now)),
      repeated: false,
    };
  }

  /**
   * Leases calls for isolates to make, up to `most`. They need no room in the group. Resolves with how many.
   * @param lent How many that were lent before may still be made or in flight.
   */
  lend({ endpoint, limits }: AdmissionAsk, most: number, lent: number): Promise<number> {
    return this.#directory().lend({ endpoint, limits, most, lent });
  }

  /** The directory counts anew, and has back what was not used. */
  end(): void {
    this.#ends += 1;
    this.#calls = 0;
    this.#ids.length = 0;
  }

  /** What the directory admits by this is one of the next calls. */
  async #refill(ask: AdmissionAsk): Promise<void> {
    const ends = this.#ends;
    const admission = await this.#asked(ask);
    if (!admission.ok || admission.shard !== this.#group.shard || ends !== this.#ends) return;
    this.#ids.push(admission.id);
    this.#add(1);
  }

  async #asked(ask: AdmissionAsk): Promise<Admission> {
    const directory = this.#directory();
    if (this.#asking || ask.idempotency) return directory.admit(ask);
    this.#asking = true;
    const ends = this.#ends;
    try {
      const { admission, spare } = await directory.lease(ask);
      if (ends === this.#ends && spare > 0) {
        this.#add(spare);
        this.#size = this.#calls;
      }
      return admission;
    } finally {
      this.#asking = false;
    }
  }

  #add(calls: number): void {
    this.#calls += calls;
    this.#until = Date.now() + LEASE_MS;
  }
}

/** Whether the group takes one more active task. The heaviest call has a place in a group without tasks. */
function hasRoom(tasks: DurableTasks, { shardCeiling, shardBytes, weight }: AdmissionAsk): boolean {
  const active = tasks.activeCount();
  if (active === 0) return true;
  return active < shardCeiling && tasks.activeWeight() + weight + (active + 1) * RESERVED_BYTES <= shardBytes;
}
