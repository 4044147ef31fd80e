import { type Clock, elapsedBy } from "../clock.ts";
import { randomId } from "../random-id.ts";
import type { Lease, LeaseTable } from "../store/lease-table.ts";
import type { PostQueue } from "./post-queue.ts";
import type { LockOptions, Locks } from "./tab-platform.ts";

/** How many leases are taken in one turn, and of those at once. */
const MAX_ATTEMPTS = 64;
const AT_ONCE = 8;

interface Held extends Lease {
  /** Elects a leader, which steps down if the store cannot be reached while a lease lasts: another process may lead by now. */
  readonly elects: boolean;
  lost(): void;
}

/**
 * Web Locks made of leases. An election is rejected with an AbortError when another process took its lease, by theft or in time.
 * Other work continues: a call in flight may bring the only reply.
 */
export interface LeaseLocks extends Locks {
  /** The store's time as of the last lease, in ms since 1970: it does not depend on the clocks of the processes. */
  storeNow(): number;
  /** Whether any lease is held. */
  busy(): boolean;
  /** Renews what is held, once a third of the lease has passed, and has those that wait for a lease try again. */
  attend(): Promise<void>;
  /**
   * Writes if this process holds one of the leases, and still holds it then. Resolves with false otherwise, and when `write` does.
   * @param write Writes if one of the tenures has its lease.
   */
  guard(names: readonly string[], write: (fence: readonly Lease[]) => Promise<boolean>): Promise<boolean>;
}

/**
 * @param outbox Releases follow what was posted before them.
 * @param started Resolves once this process reads messages: what is posted after it takes a lease, it receives.
 * @param changed What is held or waited for has changed.
 */
export function leaseLocks(
  table: LeaseTable,
  clock: Clock,
  leaseMs: number,
  outbox: PostQueue,
  started: Promise<void>,
  changed: (waits: boolean) => void,
  failed: (error: unknown) => void,
): LeaseLocks {
  const owner = randomId();
  const time = (): number => elapsedBy(clock);
  const held = new Map<string, Held>();
  /** What tries to take a lease, and the lease's name. */
  const waiting = new Map<() => Promise<void>, string>();
  let tenures = 0;
  let ahead = 0;
  let renewedAt = time();

  async function renew(): Promise<void> {
    const asked = [...held.values()];
    const began = time();
    try {
      const kept = new Set(asked.length > 0 ? await table.renew(asked, leaseMs) : []);
      renewedAt = began;
      for (const lease of asked) if (!kept.has(lease.tenure)) lease.lost();
    } catch (error) {
      failed(error);
      if (time() - renewedAt > leaseMs) for (const lease of asked) if (lease.elects) lease.lost();
    }
  }

  async function renewDue(): Promise<void> {
    if (time() - renewedAt >= leaseMs / 3) await renew();
  }

  async function take(name: string, { steal, signal }: LockOptions): Promise<Lease | undefined> {
    const lease = { name, tenure: `${owner}.${++tenures}` };
    const at = await table.take(lease, leaseMs, steal);
    if (at === undefined) return undefined;
    ahead = at - clock.now();
    if (!signal?.aborted) return lease;
    outbox.add(() => table.release(lease));
    return undefined;
  }

  /** Resolves with the lease, or with `undefined` if it is wanted only if available, and is not. */
  async function taken(name: string, options: LockOptions): Promise<Lease | undefined> {
    const { ifAvailable, signal } = options;
    await started;
    signal?.throwIfAborted();
    const first = await take(name, options).catch(failed);
    if (first || ifAvailable) return first ?? undefined;
    return new Promise((resolve, reject) => {
      const attempt = async (): Promise<void> => {
        const lease = await take(name, options);
        if (!lease) return;
        waiting.delete(attempt);
        resolve(lease);
      };
      const aborted = (): void => {
        waiting.delete(attempt);
        reject(signal?.reason);
      };
      waiting.set(attempt, name);
      if (signal?.aborted) aborted();
      else signal?.addEventListener("abort", aborted, { once: true });
    });
  }

  // No async function: a holder learns that it lost its lease before the write that found it out is refused.
  function request<T>(
    name: string,
    options: LockOptions,
    callback: (lock: unknown) => Promise<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const drop = (lease: Held): boolean => held.get(name) === lease && held.delete(name);
      const granted = (lease: Lease | undefined): void => {
        if (!lease) return void callback(null).then(resolve, reject);
        const own: Held = {
          ...lease,
          // Work asks for its lock without options.
          elects: Object.keys(options).length > 0,
          lost() {
            if (drop(own) && own.elects)
              reject(new DOMException(`Another process took the lease ${name}`, "AbortError"));
          },
        };
        held.get(name)?.lost();
        if (held.size === 0) renewedAt = time();
        held.set(name, own);
        changed(false);
        const release = (): void => {
          if (!drop(own)) return;
          outbox.add(() => table.release(own));
          changed(waiting.size > 0);
        };
        const work = callback(lease);
        work.then(release, release);
        work.then(resolve, reject);
      };
      taken(name, options).then(granted, reject);
    });
  }

  return {
    request,
    storeNow: () => clock.now() + ahead,
    busy: () => held.size > 0,
    async attend() {
      await renewDue();
      if (waiting.size === 0) return;
      const known = new Set(await table.held());
      const free = [...waiting].flatMap(([attempt, name]) => (known.has(name) ? [] : attempt));
      // A leader recovers hundreds of calls: meanwhile it must not lose its own lease, nor leave messages unread.
      for (let from = 0; from < Math.min(free.length, MAX_ATTEMPTS); from += AT_ONCE) {
        await Promise.all(free.slice(from, from + AT_ONCE).map((attempt) => attempt()));
        await renewDue();
      }
    },
    async guard(names, write) {
      const fence = names.flatMap((name) => held.get(name) ?? []);
      if (fence.length === 0) return false;
      const began = time();
      const saved = await write(fence);
      if (saved && time() - began < leaseMs / 2) return true;
      // The lease may be lost. A process that was paused while it wrote may have been replaced: it must not send what it wrote.
      await renew();
      return saved && fence.some((lease) => held.get(lease.name) === lease);
    },
  };
}
