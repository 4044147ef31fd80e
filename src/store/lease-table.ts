import type { TaskRecord } from "../engine/record.ts";
import type { TaskStore } from "./task-store.ts";

/** A lease that a process has taken. */
export interface Lease {
  readonly name: string;
  /** Names this tenure of the lease: the store has never seen it before. It is the fencing token. */
  readonly tenure: string;
}

/** What a process has read of the messages. */
export interface NewMessages {
  /** The position after the last message: pass it to the next {@link LeaseTable.read}. */
  readonly position: string;
  /** In the order in which they were posted. */
  readonly bodies: readonly string[];
}

/**
 * The leases and messages of the processes that share a store. The store's clock decides when a lease expires: the clocks of the
 * processes do not matter. Each method is atomic, and may throw what the storage throws.
 */
export interface LeaseTable {
  /**
   * Takes a lease that nobody holds or that has expired; with `steal`, any lease. Resolves with the store's time, in ms since 1970,
   * or with `undefined` if another tenure holds it.
   * @param ms How long it lasts.
   */
  take(lease: Lease, ms: number, steal?: boolean): Promise<number | undefined>;
  /** Extends leases by `ms` from now on. Resolves with the tenures that still had their lease, even if it had expired. */
  renew(leases: readonly Lease[], ms: number): Promise<readonly string[]>;
  release(lease: Lease): Promise<void>;
  /** The names of the leases that are held and have not expired. */
  held(): Promise<readonly string[]>;
  /** Posts a message to all processes, this one included. */
  post(body: string): Promise<void>;
  /** Reads the messages after a position. Without one, it resolves with the current position and no messages. */
  read(position?: string): Promise<NewMessages>;
  /** Deletes messages that are older than `ms`, and leases that expired longer ago. */
  prune(ms: number): Promise<void>;
}

/** A TaskStore that several processes can share: what `leases()` of `holdfast/leases` takes. */
export interface LeasedStore extends TaskStore {
  readonly leases: LeaseTable;
  /**
   * See {@link TaskStore.save}.
   * @param fence Resolves with false, and writes nothing, unless one of these tenures has its lease in the same atomic step.
   */
  save(record: TaskRecord, after?: number, fence?: readonly Lease[]): Promise<boolean>;
}
